import BelayCore
import BelaySystem

/// Where the sections of an index table lie, and its header.
struct IndexTableLayout {
    var indexCount: Int
    var packCount: Int
    var dataCount: Int
    var treeCount: Int

    /// `belayix` and the version of the layout.
    private static let magic: UInt64 = 0x0002_7869_7961_6C62
    /// Far above any real repository; keeps sums from overflowing.
    private static let countMaximum = 1 << 34

    var packsStart: Int { IndexTable.headerSize + indexCount * 32 }
    var dataStart: Int { packsStart + packCount * IndexTable.packSize }
    var treeStart: Int { dataStart + dataCount * IndexTable.recordSize }
    var byteCount: Int { treeStart + treeCount * IndexTable.recordSize }

    init(indexCount: Int, packCount: Int, dataCount: Int, treeCount: Int) {
        self.indexCount = indexCount
        self.packCount = packCount
        self.dataCount = dataCount
        self.treeCount = treeCount
    }

    /// The layout that a block's header tells; `nil` unless the block is whole and its checksum right.
    init?(header bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= IndexTable.headerSize else { return nil }
        let words = (0..<6).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) }
        guard words[0] == Self.magic, words[1...4].allSatisfy({ $0 < Self.countMaximum }) else { return nil }
        self.init(
            indexCount: Int(words[1]),
            packCount: Int(words[2]),
            dataCount: Int(words[3]),
            treeCount: Int(words[4])
        )
        guard byteCount == bytes.count else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: bytes[IndexTable.headerSize...])
        guard Checksum.of(body) == words[5] else { return nil }
    }

    func writeHeader(into bytes: UnsafeMutableRawBufferPointer) {
        let body = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[IndexTable.headerSize...])
        let words = [
            Self.magic, UInt64(indexCount), UInt64(packCount), UInt64(dataCount), UInt64(treeCount),
            Checksum.of(body), 0, 0,
        ]
        for (position, word) in words.enumerated() {
            bytes.storeBytes(of: word, toByteOffset: position * 8, as: UInt64.self)
        }
    }
}

/// Collects records from index files and sorts them into an ``IndexTable``.
struct IndexTableBuilder {
    private var indexIDs: [IndexID] = []
    private var packs: [PackID] = []
    private var packNumbers: [PackID: UInt32] = [:]
    private var data: [IndexTable.Record] = []
    private var trees: [IndexTable.Record] = []

    mutating func add(_ id: IndexID) { indexIDs.append(id) }

    /// The number that stands for a pack in the records.
    mutating func number(of pack: PackID) -> UInt32 {
        if let number = packNumbers[pack] { return number }
        let number = UInt32(packs.count)
        packs.append(pack)
        packNumbers[pack] = number
        return number
    }

    mutating func add(
        _ handle: BlobHandle,
        pack: UInt32,
        offset: UInt32,
        length: UInt32,
        uncompressedLength: UInt32
    ) {
        let record = IndexTable.Record(
            id: handle.id.digest,
            pack: pack,
            offset: offset,
            length: length,
            uncompressedLength: uncompressedLength
        )
        if handle.type == .data { data.append(record) } else { trees.append(record) }
    }

    /// Takes over everything in a table.
    mutating func add(_ table: IndexTable) {
        indexIDs.append(contentsOf: table.indexIDs)
        let numbers = (0..<table.packCount).map { number(of: table.pack($0)) }
        for type in BlobType.allCases {
            for position in 0..<table.count(of: type) {
                let location = table.location(of: type, at: position)
                add(
                    BlobHandle(type, BlobID(table.id(of: type, at: position))),
                    pack: numbers[table.packNumber(of: type, at: position)],
                    offset: location.offset,
                    length: location.length,
                    uncompressedLength: location.uncompressedLength
                )
            }
        }
    }

    /// The finished table; exact duplicates, which come from packs listed in two index files, appear once.
    consuming func build() -> IndexTable {
        Self.sort(&data)
        Self.sort(&trees)
        let layout = IndexTableLayout(
            indexCount: indexIDs.count,
            packCount: packs.count,
            dataCount: data.count,
            treeCount: trees.count
        )
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: layout.byteCount, alignment: 16)
        for (position, id) in indexIDs.enumerated() {
            id.digest.store(
                into: UnsafeMutableRawBufferPointer(
                    rebasing: bytes[(IndexTable.headerSize + position * 32)...]
                )
            )
        }
        let ends = blobEnds()
        for (position, id) in packs.enumerated() {
            let start = layout.packsStart + position * IndexTable.packSize
            id.digest.store(into: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
            bytes.storeBytes(of: ends[position], toByteOffset: start + 32, as: UInt64.self)
        }
        Self.write(data, into: UnsafeMutableRawBufferPointer(rebasing: bytes[layout.dataStart...]))
        Self.write(trees, into: UnsafeMutableRawBufferPointer(rebasing: bytes[layout.treeStart...]))
        layout.writeHeader(into: bytes)
        return IndexTable(adopting: bytes, layout: layout)
    }

    /// Where the last blob of each pack ends.
    private func blobEnds() -> [UInt64] {
        var ends = [UInt64](repeating: 0, count: packs.count)
        for records in [data, trees] {
            for record in records {
                let end = UInt64(record.offset) + UInt64(record.length)
                if end > ends[Int(record.pack)] { ends[Int(record.pack)] = end }
            }
        }
        return ends
    }

    private static func sort(_ records: inout [IndexTable.Record]) {
        records.sort { left, right in
            if left.id != right.id { return left.id < right.id }
            return (left.pack, left.offset) < (right.pack, right.offset)
        }
        guard var last = records.first else { return }
        var kept = 1
        for position in 1..<max(1, records.count) {
            let record = records[position]
            if record.id == last.id && record.pack == last.pack && record.offset == last.offset { continue }
            records[kept] = record
            kept += 1
            last = record
        }
        records.removeLast(records.count - kept)
    }

    private static func write(_ records: [IndexTable.Record], into bytes: UnsafeMutableRawBufferPointer) {
        var offset = 0
        for record in records {
            record.id.store(into: UnsafeMutableRawBufferPointer(rebasing: bytes[offset...]))
            bytes.storeBytes(of: record.pack, toByteOffset: offset + 32, as: UInt32.self)
            bytes.storeBytes(of: record.offset, toByteOffset: offset + 36, as: UInt32.self)
            bytes.storeBytes(of: record.length, toByteOffset: offset + 40, as: UInt32.self)
            bytes.storeBytes(of: record.uncompressedLength, toByteOffset: offset + 44, as: UInt32.self)
            offset += IndexTable.recordSize
        }
    }
}
