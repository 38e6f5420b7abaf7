package import BelayCore
import BelaySystem

/// What the last backup of a project saw, so that what has not changed need not be read, nor its trees made.
///
/// Two files in the project's cache folder. `tree-<generation>` holds a block for each directory, written
/// once, mapped into memory, each block with a checksum. `head` tells to which snapshot the blocks belong; it
/// is small and replaced by every backup, so that a backup that finds nothing changed writes almost nothing.
///
/// Both are disposable: whatever is wrong with them, they count as absent and everything is read again.
package final class UnchangedCache: Sendable {
    static let headerSize = 32
    /// `belayuc` and the version of the layout.
    private static let magic: UInt64 = 0x0001_6375_7961_6C62

    package let head: Head
    let file: MappedFile
    private let rootPlace: UInt64

    /// To what the blocks belong.
    package struct Head: Hashable, Sendable {
        package var repository: String
        package var snapshot: SnapshotID
        /// Id of the project's root tree, without what belay adds to it.
        package var tree: BlobID
        package var generation: UInt64
        var accounts: [AccountName]
        /// The index files that the repository had; as long as none of them goes, what the trees name stays.
        package var indexes: [IndexID]
    }

    private init(head: Head, file: MappedFile, rootPlace: UInt64) {
        self.head = head
        self.file = file
        self.rootPlace = rootPlace
    }

    /// The block of the project's root directory.
    var root: CachedFolder? { CachedFolder(in: file.bytes, at: rootPlace) }
    var rootOffset: UInt64 { rootPlace }

    /// Opens the cache in `folder` if it is whole, belongs to `repository`, and all accounts still have the
    /// names they had.
    package static func open(folder: String, repository: String) -> UnchangedCache? {
        // A cache that cannot be read is one that is not there.
        guard let bytes = try? readFile(path: "\(folder)/head", limit: 64 << 20),
            let head = Head(reading: bytes),
            head.repository == repository,
            let file = try? MappedFile(path: treePath(folder, head.generation)),
            let root = checkHeader(of: file, generation: head.generation)
        else { return nil }
        for account in head.accounts {
            let name = account.isGroup ? AccountNames.group(account.id) : AccountNames.user(account.id)
            if name != account.name { return nil }
        }
        return UnchangedCache(head: head, file: file, rootPlace: root)
    }

    /// The cache of blocks that were just written to `path`; `nil` if they do not read back.
    static func opened(_ head: Head, path: String) throws(SystemError) -> UnchangedCache? {
        let file = try MappedFile(path: path)
        return checkHeader(of: file, generation: head.generation).map {
            UnchangedCache(head: head, file: file, rootPlace: $0)
        }
    }

    static func treePath(_ folder: String, _ generation: UInt64) -> String {
        "\(folder)/tree-\(generation)"
    }

    static func header(root: UInt64, generation: UInt64, size: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        for word in [magic, generation, root, size] {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private static func checkHeader(of file: MappedFile, generation: UInt64) -> UInt64? {
        guard file.bytes.count >= headerSize else { return nil }
        let words = (0..<4).map { file.bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
        guard words[0] == magic, words[1] == generation, words[3] == UInt64(file.bytes.count) else {
            return nil
        }
        return words[2]
    }

    /// Makes `head` the one that the next run opens, and removes blocks of other generations.
    static func replaceHead(_ head: Head, in folder: String) throws(SystemError) {
        try AtomicFile.write(head.encoded, to: "head", inFolder: folder, mode: 0o600, durability: .volatile)
        let current = "tree-\(head.generation)"
        for name in try Paths.names(in: folder) where name.hasPrefix("tree-") && name != current {
            try Paths.remove("\(folder)/\(name)")
        }
    }
}

extension UnchangedCache.Head {
    /// Lines of text, the last of them a checksum of those before.
    var encoded: [UInt8] {
        var text =
            "belay unchanged 1\n\(repository)\n\(snapshot)\n\(tree)\n\(generation)\n\(accounts.count)\n"
        for account in accounts { text += "\(account.isGroup ? "g" : "u") \(account.id) \(account.name)\n" }
        text += "\(indexes.count)\n"
        for index in indexes { text += "\(index)\n" }
        var bytes = Array(text.utf8)
        let sum = bytes.withUnsafeBytes { Checksum.of($0) }
        bytes.append(contentsOf: "\(sum)\n".utf8)
        return bytes
    }

    init?(reading bytes: [UInt8]) {
        guard bytes.last == 0x0A, let end = bytes.dropLast().lastIndex(of: 0x0A) else { return nil }
        let sum = bytes[...end].withUnsafeBytes { Checksum.of($0) }
        guard String(decoding: bytes[(end + 1)..<(bytes.count - 1)], as: UTF8.self) == "\(sum)" else {
            return nil
        }
        var lines = String(decoding: bytes[...end], as: UTF8.self).split(separator: "\n").makeIterator()
        guard lines.next() == "belay unchanged 1",
            let repository = lines.next(),
            let snapshot = lines.next().flatMap({ SnapshotID(hexadecimal: String($0)) }),
            let tree = lines.next().flatMap({ BlobID(hexadecimal: String($0)) }),
            let generation = lines.next().flatMap({ UInt64($0) }),
            let accountCount = lines.next().flatMap({ Int($0) })
        else { return nil }
        var accounts: [AccountName] = []
        for _ in 0..<max(0, accountCount) {
            guard
                let parts = lines.next()?.split(
                    separator: " ",
                    maxSplits: 2,
                    omittingEmptySubsequences: false
                ),
                parts.count == 3, let id = UInt32(parts[1])
            else { return nil }
            accounts.append(AccountName(isGroup: parts[0] == "g", id: id, name: String(parts[2])))
        }
        guard let indexCount = lines.next().flatMap({ Int($0) }) else { return nil }
        var indexes: [IndexID] = []
        for _ in 0..<max(0, indexCount) {
            guard let index = lines.next().flatMap({ IndexID(hexadecimal: String($0)) }) else { return nil }
            indexes.append(index)
        }
        self.init(
            repository: String(repository),
            snapshot: snapshot,
            tree: tree,
            generation: generation,
            accounts: accounts,
            indexes: indexes
        )
    }
}
