import CBelay
import Foundation
import Testing

/// An entry as it lies on disk.
struct EntryState: Equatable {
    /// The type and the permissions, as lstat(2) has them.
    var mode: UInt32
    var owner: UInt32
    var group: UInt32
    var seconds: Int
    var nanoseconds: Int
    /// The length of a file.
    var size = 0
    var device: UInt = 0
    /// Where a symbolic link leads.
    var target: [UInt8] = []
    /// Of a file's contents.
    var digest: UInt64 = 0
    var attributes: [[UInt8]: [UInt8]] = [:]
    /// The first path of the same file, if it has several.
    var firstName: [UInt8]?

    var kind: UInt32 { mode & S_IFMT }
}

extension EntryState: CustomStringConvertible {
    var description: String {
        let attributes = attributes.map { "\(shown($0.key))=\(shown($0.value.prefix(40)))" }.sorted()
        return """
            [\(String(mode, radix: 8)) \(owner):\(group) \(seconds).\(nanoseconds) size \(size) device \(device) \
            target '\(shown(target))' digest \(digest) attributes \(attributes) same as '\(shown(firstName ?? []))']
            """
    }
}

/// Everything below a directory, by the bytes of its path: what a restore must bring back.
///
/// It looks for itself, with the system's calls alone, for it judges what both programs did.
struct TreeState {
    private(set) var entries: [[UInt8]: EntryState] = [:]
    /// Bytes on disk, of each file.
    private(set) var allocated: [[UInt8]: Int] = [:]
    private var names: [FileIdentity: [UInt8]] = [:]

    private struct FileIdentity: Hashable {
        var device: UInt
        var inode: UInt
    }

    /// Looks at a directory, of whose own entries some may not matter.
    init(_ path: String, leavingOut names: Set<String> = []) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Trouble("cannot open \(path): \(errno)") }
        try visit(descriptor, [], leavingOut: Set(names.map { Array($0.utf8) }))
    }

    /// What differs from what was expected, in words; empty if nothing does.
    func differences(
        from expected: TreeState,
        changing change: (inout EntryState) -> Void = { _ in }
    ) -> [String] {
        var differences: [String] = []
        let paths = Set(entries.keys).union(expected.entries.keys)
        for path in paths.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            switch (entries[path], expected.entries[path]) {
            case (var found?, var wanted?):
                change(&found)
                change(&wanted)
                if found != wanted { differences.append("\(shown(path)) is \(found), should be \(wanted)") }
            case (nil, _): differences.append("\(shown(path)) is missing")
            case (_, nil): differences.append("\(shown(path)) should not be there")
            }
        }
        return differences
    }

    /// The part below a path.
    func below(_ path: String) -> TreeState {
        let prefix = Array(path.utf8) + [0x2F]
        var part = self
        part.entries = [:]
        part.allocated = [:]
        for (path, entry) in entries where path.starts(with: prefix) {
            var entry = entry
            entry.firstName = entry.firstName.map { Array($0.dropFirst(prefix.count)) }
            part.entries[Array(path.dropFirst(prefix.count))] = entry
        }
        return part
    }

    // MARK: - Looking

    private mutating func visit(
        _ descriptor: Int32,
        _ prefix: [UInt8],
        leavingOut: Set<[UInt8]> = []
    ) throws {
        guard let folder = fdopendir(descriptor) else {
            throw Trouble("cannot list \(shown(prefix)): \(errno)")
        }
        defer { closedir(folder) }
        var names: [[UInt8]] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name == [0x2E] || name == [0x2E, 0x2E] || leavingOut.contains(name) { continue }
            names.append(name)
        }
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            // Leads past the folder's descriptor, so that no path is too long.
            let place = cString(Array("/proc/self/fd/\(descriptor)/".utf8) + name)
            try visit(at: place, prefix + name)
        }
    }

    private mutating func visit(at place: [CChar], _ path: [UInt8]) throws {
        var status = stat()
        guard lstat(place, &status) == 0 else { throw Trouble("cannot look at \(shown(path)): \(errno)") }
        var state = EntryState(
            mode: status.st_mode,
            owner: status.st_uid,
            group: status.st_gid,
            seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec,
            attributes: try Self.attributes(place, path)
        )
        switch state.kind {
        case S_IFREG:
            state.size = Int(status.st_size)
            state.digest = try Self.digest(place, path)
            allocated[path] = Int(status.st_blocks) * 512
            if status.st_nlink > 1 {
                let identity = FileIdentity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
                state.firstName = names[identity] ?? path
                names[identity] = state.firstName
            }
        case S_IFLNK: state.target = Self.filled(4_096) { readlink(place, $0, $1) }
        case S_IFCHR, S_IFBLK: state.device = UInt(status.st_rdev)
        default: break
        }
        entries[path] = state
        guard state.kind == S_IFDIR else { return }
        let child = open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard child >= 0 else { throw Trouble("cannot open \(shown(path)): \(errno)") }
        try visit(child, path + [0x2F])
    }

    private static func attributes(_ place: [CChar], _ path: [UInt8]) throws -> [[UInt8]: [UInt8]] {
        let list = filled(65_536) { llistxattr(place, $0, $1) }
        var attributes: [[UInt8]: [UInt8]] = [:]
        for name in list.split(separator: 0) {
            attributes[Array(name)] = filled(65_536) { lgetxattr(place, cString(Array(name)), $0, $1) }
        }
        return attributes
    }

    /// What a call puts into a buffer and counts.
    private static func filled(_ capacity: Int, _ call: (UnsafeMutablePointer<CChar>, Int) -> Int) -> [UInt8]
    {
        var buffer = [CChar](repeating: 0, count: capacity)
        let count = call(&buffer, capacity)
        return buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
    }

    /// A sum over the contents in which every byte and its place counts.
    ///
    /// Nobody here tries to deceive it.
    private static func digest(_ place: [CChar], _ path: [UInt8]) throws -> UInt64 {
        let descriptor = open(place, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Trouble("cannot read \(shown(path)): \(errno)") }
        defer { close(descriptor) }
        var buffer = [UInt64](repeating: 0, count: 32_768)
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        while true {
            let count = try buffer.withUnsafeMutableBytes { buffer in
                var count = 0
                while count < buffer.count {
                    let part = Foundation.read(
                        descriptor,
                        buffer.baseAddress?.advanced(by: count),
                        buffer.count - count
                    )
                    guard part >= 0 else { throw Trouble("cannot read \(shown(path)): \(errno)") }
                    if part == 0 { break }
                    count += part
                }
                // What the last turn left behind the end must not count.
                buffer[count...].initializeMemory(as: UInt8.self, repeating: 0)
                return count
            }
            for word in buffer.prefix((count + 7) / 8) {
                sum = (sum ^ word) &* 0x0000_0100_0000_01B3
                sum ^= sum >> 29
            }
            if count < buffer.count * 8 { return (sum ^ UInt64(count)) &* 0x9E37_79B9_7F4A_7C15 }
        }
    }
}

/// Bytes as the system's calls want them.
func cString(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

/// Bytes for people: what is not printable ASCII as `\xNN`.
func shown(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { $0 >= 0x20 && $0 < 0x7F ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
}

/// Asserts that a directory holds what it should.
func expect(
    _ found: TreeState,
    equals expected: TreeState,
    changing change: (inout EntryState) -> Void = { _ in },
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let differences = found.differences(from: expected, changing: change)
    if differences.isEmpty { return }
    Issue.record(
        "\(differences.count) entries differ:\n\(differences.prefix(20).joined(separator: "\n"))",
        sourceLocation: sourceLocation
    )
}
