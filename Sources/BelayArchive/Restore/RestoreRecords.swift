import BelayCore

/// Owner, times and the like of an entry to be restored.
struct EntryMetadata: Sendable {
    var modified: Timestamp
    var accessed: Timestamp
    var userID: UInt32
    var groupID: UInt32
    /// Place of its extended attributes in the table plus 1; 0 if it has none.
    var attributes: UInt32
    /// As `chmod` takes them.
    var permissions: UInt16

    init(_ node: Node, attributes: UInt32) {
        modified = node.modified
        accessed = node.accessed
        userID = node.userID
        groupID = node.groupID
        self.attributes = attributes
        permissions = UInt16(truncatingIfNeeded: node.mode.posixPermissions)
    }
}

/// A directory to be restored.
struct FolderRecord: Sendable {
    var metadata: EntryMetadata
    /// Number of the directory it is in; the root's is its own.
    var parent: UInt32
    /// Where its name begins in the table.
    var name: UInt32
    /// 0 for the root.
    var depth: UInt32
    /// Whether it is made only for the sake of what is below it.
    var isOnTheWay = false
}

/// A regular file to be restored: 72 bytes each, since there may be millions.
struct FileRecord: Sendable {
    var metadata: EntryMetadata
    var action: FileAction
    var folder: UInt32
    var name: UInt32
    /// Where its chunks begin in the table.
    var firstChunk: UInt32
    var chunkCount: UInt32
    var size: UInt64
}

/// A symlink, FIFO, socket or device node to be restored.
struct OtherRecord: Sendable {
    var metadata: EntryMetadata
    var kind: Node.Kind
    var folder: UInt32
    var name: UInt32
    /// Where a symlink's target begins among the names.
    var linkTarget: UInt32
    var device: UInt64
    /// What will be done, as far as a look at the target tells; it is looked at again then.
    var action = FileAction.write
}

/// A further name of a file.
struct LinkRecord: Sendable {
    var folder: UInt32
    var name: UInt32
    /// Number of the file that has the contents.
    var file: UInt32
    /// What will be done, as far as a look at the target tells; it is looked at again then.
    var action = FileAction.write
}

/// What tells two names of one file from two files.
struct LinkKey: Hashable, Sendable {
    var deviceID: UInt64
    var inode: UInt64
}

/// Everything that a restore makes.
///
/// A directory comes after the one it is in, so its number is larger.
struct RestoreTables: Sendable {
    /// Whether there is nothing but the root.
    var isEmpty: Bool { folders.count <= 1 && files.isEmpty && others.isEmpty }

    var folders: [FolderRecord] = []
    /// Bytes in chunks that are nothing but zeros, as far as their ids tell.
    var zeroBytes: UInt64 = 0
    var files: [FileRecord] = []
    var others: [OtherRecord] = []
    var links: [LinkRecord] = []
    /// Positions of chunks among the data blobs of the index.
    var chunks: [UInt32] = []
    var attributes: [[Node.ExtendedAttribute]] = []
    var names = NameBlock([])
}

extension RestoreTables {
    func chunks(of file: FileRecord) -> ArraySlice<UInt32> {
        chunks[Int(file.firstChunk)..<(Int(file.firstChunk) + Int(file.chunkCount))]
    }

    func attributes(of metadata: EntryMetadata) -> [Node.ExtendedAttribute] {
        metadata.attributes == 0 ? [] : attributes[Int(metadata.attributes) - 1]
    }

    /// The path of a directory below the root; empty for the root.
    func path(of folder: UInt32) -> [UInt8] {
        var parts: [[UInt8]] = []
        var number = folder
        while number != 0 {
            parts.append(names.bytes(folders[Int(number)].name))
            number = folders[Int(number)].parent
        }
        return Array(parts.reversed().joined(separator: [0x2F]))
    }

    /// The path of an entry, for people.
    func displayPath(_ folder: UInt32, _ name: [UInt8]?) -> String {
        var path = path(of: folder)
        if let name {
            if !path.isEmpty { path.append(0x2F) }
            path.append(contentsOf: name)
        }
        return path.isEmpty ? "." : String(decoding: path, as: UTF8.self)
    }

    func displayPath(_ folder: UInt32, named name: UInt32) -> String {
        displayPath(folder, names.bytes(name))
    }
}

/// Names one behind the other, each with a NUL behind it, as the system wants them.
final class NameBlock: @unchecked Sendable {
    // `@unchecked Sendable`: never written after `init`.
    private let block: UnsafeMutableRawBufferPointer

    init(_ bytes: [UInt8]) {
        block = .allocate(byteCount: max(1, bytes.count), alignment: 1)
        block[0] = 0
        block.copyBytes(from: bytes)
    }

    deinit { block.deallocate() }

    /// The name that begins at `offset`; valid as long as the block lives.
    func cString(_ offset: UInt32) -> UnsafePointer<CChar> {
        precondition(Int(offset) < block.count, "a name lies in the block")
        let start = block.baseAddress.unsafelyUnwrapped + Int(offset)
        return UnsafePointer(start.assumingMemoryBound(to: CChar.self))
    }

    /// The bytes of the name that begins at `offset`.
    func bytes(_ offset: UInt32) -> [UInt8] { Array(block[Int(offset)...].prefix { $0 != 0 }) }
}
