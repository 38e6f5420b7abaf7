import BelayCore
import BelayFormat

/// The records of an index table, grouped by the packs in which the blobs lie.
///
/// Eight bytes a record.
struct PackContents: Sendable {
    let table: IndexTable
    /// Where the records of each pack begin in `records`; one more than there are packs.
    private let starts: [Int]
    /// Position of the record, times two, plus one for a tree.
    private let records: [Int]

    /// Where a record is in its table.
    struct Record {
        var type: BlobType
        var position: Int
    }

    init(_ table: IndexTable) {
        self.table = table
        var counts = [Int](repeating: 0, count: table.packCount + 1)
        for type in BlobType.allCases {
            for position in 0..<table.count(of: type) {
                counts[table.packNumber(of: type, at: position)] += 1
            }
        }
        var start = 0
        for number in counts.indices {
            let count = counts[number]
            counts[number] = start
            start += count
        }
        starts = counts
        var records = [Int](repeating: 0, count: start)
        for type in BlobType.allCases {
            for position in 0..<table.count(of: type) {
                let number = table.packNumber(of: type, at: position)
                records[counts[number]] = position << 1 | Int(type.rawValue)
                counts[number] += 1
            }
        }
        self.records = records
    }

    /// The records of the pack with that number, in no order.
    func records(ofPack number: Int) -> some Sequence<Record> {
        records[starts[number]..<starts[number + 1]].lazy.map { record in
            Record(type: record & 1 == 0 ? .data : .tree, position: record >> 1)
        }
    }

    /// How many blobs the pack with that number has.
    func count(ofPack number: Int) -> Int { starts[number + 1] - starts[number] }

    /// The blobs of the pack with that number for which `isWanted` holds, as they lie.
    func blobs(ofPack number: Int, where isWanted: (Record) -> Bool = { _ in true }) -> [IndexedBlob] {
        var blobs: [IndexedBlob] = []
        for record in records(ofPack: number) where isWanted(record) { blobs.append(blob(record)) }
        blobs.sort { ($0.offset, $0.length) < ($1.offset, $1.length) }
        return blobs
    }

    func blob(_ record: Record) -> IndexedBlob {
        let location = table.location(of: record.type, at: record.position)
        return IndexedBlob(
            type: record.type,
            id: BlobID(table.id(of: record.type, at: record.position)),
            offset: location.offset,
            length: location.length,
            uncompressedLength: location.uncompressedLength
        )
    }

    /// What the index says of the pack with that number.
    func entry(ofPack number: Int) -> PackEntry {
        PackEntry(id: table.pack(number), blobs: blobs(ofPack: number))
    }

    /// The length that a pack of these blobs has.
    func packLength(ofPack number: Int) -> UInt64 {
        records(ofPack: number).reduce(UInt64(PackHeader.size(entries: []))) { length, record in
            let location = table.location(of: record.type, at: record.position)
            let entry = PackHeader.size(isCompressed: location.isCompressed)
            return length + UInt64(location.length) + UInt64(entry)
        }
    }

    /// The number of each pack.
    func numbers() -> [PackID: Int] {
        var numbers: [PackID: Int] = [:]
        numbers.reserveCapacity(table.packCount)
        for number in 0..<table.packCount { numbers[table.pack(number)] = number }
        return numbers
    }
}
