import BelayCore
import BelaySystem

/// Puts together the cache block of one directory.
struct CachedFolderBuilder {
    private var records: [UInt8] = []
    private var tail: [UInt8] = []
    private var count = 0
    private let capacity: Int

    /// A block for a directory with exactly `entries` entries.
    init(entries: Int) {
        capacity = entries
        records.reserveCapacity(CachedFolder.headerSize + entries * CachedFolder.recordSize)
        records.append(contentsOf: repeatElement(0, count: CachedFolder.headerSize))
    }

    /// Adds an entry; they come in the order of their names.
    ///
    /// The payload is a file's length, a device's number, or where a directory's block lies.
    mutating func add(_ node: Node, posixMode: UInt32, payload: UInt64, mustRead: Bool) {
        precondition(count < capacity, "a block has room for the entries that were announced")
        count += 1
        var flags: CachedEntryFlags = mustRead ? .mustRead : []
        let nameOffset = appendTail(node.name.bytes)
        let extras = EntryExtras(node)
        var extrasOffset: UInt32 = 0
        if !extras.isEmpty {
            flags.insert(.hasExtras)
            extrasOffset = appendTail(extras.encoded)
        }
        let content = node.content ?? []
        let contentOffset = tailOffset
        for blob in content { tail.append(contentsOf: blob.digest.bytes) }

        appendLong(node.inode)
        appendLong(node.deviceID)
        appendLong(payload)
        appendLong(UInt64(bitPattern: node.modified.seconds))
        appendLong(UInt64(bitPattern: node.changed.seconds))
        appendWord(node.modified.nanoseconds)
        appendWord(node.changed.nanoseconds)
        appendWord(posixMode)
        appendWord(node.userID)
        appendWord(node.groupID)
        // A file with more links than fit never matches and is read again: slow, not wrong.
        appendWord(UInt32(truncatingIfNeeded: node.links))
        appendWord(nameOffset)
        appendHalf(UInt16(truncatingIfNeeded: node.name.bytes.count))
        appendHalf(flags.rawValue)
        appendWord(extrasOffset)
        appendWord(contentOffset)
        appendWord(UInt32(truncatingIfNeeded: content.count))
        appendWord(0)
    }

    /// The finished block.
    consuming func build(tree: BlobID, rulesFingerprint: UInt64, totals: FolderTotals) -> [UInt8] {
        precondition(count == capacity, "a block has the entries that were announced")
        var block = records
        block.append(contentsOf: tail)
        while block.count & 7 != 0 { block.append(0) }
        block.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: UInt32(truncatingIfNeeded: bytes.count), toByteOffset: 8, as: UInt32.self)
            bytes.storeBytes(of: UInt32(truncatingIfNeeded: capacity), toByteOffset: 12, as: UInt32.self)
            tree.digest.store(into: UnsafeMutableRawBufferPointer(rebasing: bytes[16...]))
            bytes.storeBytes(of: rulesFingerprint, toByteOffset: 48, as: UInt64.self)
            bytes.storeBytes(of: totals.files, toByteOffset: 56, as: UInt64.self)
            bytes.storeBytes(of: totals.folders, toByteOffset: 64, as: UInt64.self)
            bytes.storeBytes(of: totals.bytes, toByteOffset: 72, as: UInt64.self)
            Self.seal(bytes)
        }
        return block
    }

    static func setPayload(_ payload: UInt64, of index: Int, in block: UnsafeMutableRawBufferPointer) {
        let offset = CachedFolder.headerSize + index * CachedFolder.recordSize + 16
        block.storeBytes(of: payload, toByteOffset: offset, as: UInt64.self)
    }

    /// Sets the checksum of a block.
    static func seal(_ block: UnsafeMutableRawBufferPointer) {
        let sum = Checksum.of(UnsafeRawBufferPointer(rebasing: block[8...]))
        block.storeBytes(of: sum, toByteOffset: 0, as: UInt64.self)
    }

    /// Where the next byte of the tail will lie, counted from the start of the block.
    private var tailOffset: UInt32 {
        UInt32(truncatingIfNeeded: CachedFolder.headerSize + capacity * CachedFolder.recordSize + tail.count)
    }

    private mutating func appendTail(_ bytes: [UInt8]) -> UInt32 {
        let offset = tailOffset
        tail.append(contentsOf: bytes)
        return offset
    }

    private mutating func appendLong(_ value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { records.append(contentsOf: $0) }
    }

    private mutating func appendWord(_ value: UInt32) {
        withUnsafeBytes(of: value.littleEndian) { records.append(contentsOf: $0) }
    }

    private mutating func appendHalf(_ value: UInt16) {
        withUnsafeBytes(of: value.littleEndian) { records.append(contentsOf: $0) }
    }
}
