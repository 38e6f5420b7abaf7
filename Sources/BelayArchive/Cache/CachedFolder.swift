import BelayCore
import BelaySystem

/// A directory as the last backup saw it: one block of the unchanged-file cache.
///
/// Layout, little-endian, everything at a multiple of 8:
///
///     0  checksum of the rest of the block        8  length of the block in bytes (32 bit), entries (32 bit)
///     16 id of the tree blob (32 bytes)           48 fingerprint of the ignore rules in force
///     56 files below   64 directories below       72 bytes below   80 sum of entry counts below
///     88 records of 88 bytes, sorted by name, then names, content ids and extras
struct CachedFolder {
    static let headerSize = 88
    static let recordSize = 88

    let block: UnsafeRawBufferPointer

    /// The block at `offset`; `nil` if it is not whole or its checksum is wrong.
    init?(in file: UnsafeRawBufferPointer, at offset: UInt64) {
        guard let offset = Int(exactly: offset), offset >= 0, offset & 7 == 0,
            offset <= file.count - Self.headerSize
        else { return nil }
        let length = Int(file.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
        guard length >= Self.headerSize, length <= file.count - offset else { return nil }
        let block = UnsafeRawBufferPointer(rebasing: file[offset..<(offset + length)])
        let count = Int(block.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
        guard count <= (length - Self.headerSize) / Self.recordSize else { return nil }
        let sum = Checksum.of(UnsafeRawBufferPointer(rebasing: block[8...]))
        guard sum == block.loadUnaligned(fromByteOffset: 0, as: UInt64.self) else { return nil }
        self.block = block
    }

    var count: Int { Int(block.loadUnaligned(fromByteOffset: 12, as: UInt32.self)) }
    var tree: BlobID { BlobID(Digest(loading: UnsafeRawBufferPointer(rebasing: block[16..<48]))) }
    var rulesFingerprint: UInt64 { block.loadUnaligned(fromByteOffset: 48, as: UInt64.self) }
    var totals: FolderTotals {
        FolderTotals(
            files: block.loadUnaligned(fromByteOffset: 56, as: UInt64.self),
            folders: block.loadUnaligned(fromByteOffset: 64, as: UInt64.self),
            bytes: block.loadUnaligned(fromByteOffset: 72, as: UInt64.self)
        )
    }

    /// The bytes of the name of the entry at `index`.
    func name(_ index: Int) -> UnsafeRawBufferPointer {
        let record = record(index)
        return slice(offset: Int(word(record + 64)), length: Int(half(record + 68)))
    }

    func flags(_ index: Int) -> CachedEntryFlags { CachedEntryFlags(rawValue: half(record(index) + 70)) }
    func mode(_ index: Int) -> UInt32 { word(record(index) + 48) }
    func isFolder(_ index: Int) -> Bool { mode(index) & 0o170000 == 0o040000 }
    /// Length of a file in bytes, or where the block of a directory lies.
    func payload(_ index: Int) -> UInt64 { long(record(index) + 16) }

    /// Whether the entry is what `status` says, so that its contents need not be read.
    ///
    /// Compares everything that a stored node is made of. Access times are not.
    func matches(_ index: Int, _ status: FileStatus) -> Bool {
        let record = record(index)
        let isFolder = status.isDirectory
        return long(record) == status.inode
            && long(record + 8) == status.deviceID
            && Int64(bitPattern: long(record + 24)) == status.modified.seconds
            && Int64(bitPattern: long(record + 32)) == status.changed.seconds
            && word(record + 40) == status.modified.nanoseconds
            && word(record + 44) == status.changed.nanoseconds
            && word(record + 48) == status.mode
            && word(record + 52) == status.userID
            && word(record + 56) == status.groupID
            && (isFolder
                || (long(record + 16) == (status.isRegular ? status.size : status.specialDevice)
                    && UInt64(word(record + 60)) == status.links))
            && !CachedEntryFlags(rawValue: half(record + 70)).contains(.mustRead)
    }

    /// The data blobs of a file.
    func content(_ index: Int) -> [BlobID] {
        let record = record(index)
        let count = Int(word(record + 80))
        let bytes = slice(offset: Int(word(record + 76)), length: count * 32)
        return (0..<(bytes.count / 32)).map {
            BlobID(Digest(loading: UnsafeRawBufferPointer(rebasing: bytes[($0 * 32)...])))
        }
    }

    /// The stored node of the entry; a directory's has no tree yet.
    func node(_ index: Int, accounts: AccountTable) -> Node {
        let record = record(index)
        let mode = word(record + 48)
        let modified = Timestamp(
            seconds: Int64(bitPattern: long(record + 24)),
            nanoseconds: word(record + 40)
        )
        let kind = FileKindBits.kind(mode)
        var node = Node(
            name: FileName(Array(name(index))),
            kind: kind,
            mode: FileMode(posix: mode),
            modified: modified,
            accessed: modified,
            changed: Timestamp(seconds: Int64(bitPattern: long(record + 32)), nanoseconds: word(record + 44)),
            userID: word(record + 52),
            groupID: word(record + 56),
            user: accounts.user(word(record + 52)),
            group: accounts.group(word(record + 56)),
            inode: long(record),
            deviceID: long(record + 8)
        )
        switch kind {
        case .file:
            node.size = long(record + 16)
            node.content = content(index)
            node.links = UInt64(word(record + 60))
        case .symlink, .blockDevice, .characterDevice:
            node.links = UInt64(word(record + 60))
            if kind != .symlink { node.device = long(record + 16) }
        case .directory, .fifo, .socket:
            break
        }
        if flags(index).contains(.hasExtras) {
            let start = Int(word(record + 72))
            var extras = EntryExtras(reading: slice(offset: start, length: max(0, block.count - start)))
            node.linkTarget = extras.linkTarget
            swap(&node.extendedAttributes, &extras.attributes)
        }
        return node
    }

    private func record(_ index: Int) -> Int { Self.headerSize + index * Self.recordSize }

    private func slice(offset: Int, length: Int) -> UnsafeRawBufferPointer {
        // The checksum was right, so this only guards against a mistake of ours.
        guard offset >= 0, length >= 0, offset <= block.count, length <= block.count - offset else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return UnsafeRawBufferPointer(rebasing: block[offset..<(offset + length)])
    }

    private func long(_ offset: Int) -> UInt64 {
        block.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
    private func word(_ offset: Int) -> UInt32 {
        block.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
    private func half(_ offset: Int) -> UInt16 {
        block.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
    }
}

/// What is said of an entry in the cache.
struct CachedEntryFlags: OptionSet {
    let rawValue: UInt16

    /// Never believed unchanged: it was written to so shortly before it was read that a later change could
    /// carry the same times.
    static let mustRead = CachedEntryFlags(rawValue: 1)
    /// Has a link target or extended attributes.
    static let hasExtras = CachedEntryFlags(rawValue: 2)
}

/// What lies below a directory, itself not counted.
package struct FolderTotals: Hashable, Sendable {
    package var files: UInt64 = 0
    package var folders: UInt64 = 0
    /// Bytes in regular files.
    package var bytes: UInt64 = 0

    package init(files: UInt64 = 0, folders: UInt64 = 0, bytes: UInt64 = 0) {
        self.files = files
        self.folders = folders
        self.bytes = bytes
    }

    package static func += (left: inout FolderTotals, right: FolderTotals) {
        left.files += right.files
        left.folders += right.folders
        left.bytes += right.bytes
    }
}

enum FileKindBits {
    /// The type bits of `st_mode` for a kind.
    static func bits(of kind: Node.Kind) -> UInt32 {
        switch kind {
        case .directory: 0o040000
        case .symlink: 0o120000
        case .blockDevice: 0o060000
        case .characterDevice: 0o020000
        case .fifo: 0o010000
        case .socket: 0o140000
        case .file: 0o100000
        }
    }

    /// The kind that the type bits of `st_mode` name.
    static func kind(_ mode: UInt32) -> Node.Kind {
        switch mode & 0o170000 {
        case 0o040000: .directory
        case 0o120000: .symlink
        case 0o060000: .blockDevice
        case 0o020000: .characterDevice
        case 0o010000: .fifo
        case 0o140000: .socket
        default: .file
        }
    }
}
