import BelayCore
import BelaySystem

/// The names under which one run of a restore makes what is not in its place yet: `.belay-PID-RANDOM-f7`.
struct TemporaryNames: Sendable {
    private static let start = ".belay-"
    private static let randomLength = 16
    private let prefix: String

    init() {
        let process = HostIdentity.current().processID
        prefix = "\(Self.start)\(process)-\(Hexadecimal.text(RandomBytes.bytes(Self.randomLength / 2)))"
    }

    /// A name that nobody else uses; `kind` is `f` for a file, and another letter for what else is restored.
    func name(_ kind: Character, _ number: UInt32) -> FileName { FileName("\(prefix)-\(kind)\(number)") }

    /// Removes from a directory what runs have left that were killed.
    ///
    /// Costs a listing. What cannot be removed stays: it is harmless, and says by its name what it is.
    static func removeLeftOvers(in folder: Folder) {
        var listing = DirectoryListing()
        guard (try? listing.read(folder)) != nil else { return }
        for index in 0..<listing.count {
            let name = listing.fileName(index)
            guard let process = self.process(of: name), !HostIdentity.isAlive(processID: process) else {
                continue
            }
            // See above; a directory that is called like this is not ours, and is not removed by this.
            try? folder.remove(name)
        }
    }

    /// The number of the process that gave a name; `nil` if it is none of these.
    static func process(of name: FileName) -> Int32? {
        let parts = String(decoding: name.bytes, as: UTF8.self).split(
            separator: "-",
            omittingEmptySubsequences: false
        )
        guard parts.count == 4, "\(parts[0])-" == start, let process = Int32(parts[1]), process > 0,
            parts[2].utf8.count == randomLength, parts[2].allSatisfy({ $0.isHexDigit && !$0.isUppercase }),
            parts[3].first?.isLowercase == true, UInt32(parts[3].dropFirst()) != nil
        else { return nil }
        return process
    }
}
