package import BelayCore
import BelaySystem

/// An immutable index: for each blob, sorted by id, in which packs it lies and where.
///
/// One flat block of memory, either our own or a mapped cache file, so that opening it costs nothing and a
/// look-up a few cache lines. The layout is that of the cache file:
///
///     header · ids of index files · packs, each an id and where its last blob ends · records of data blobs · records of tree blobs
package final class IndexTable: @unchecked Sendable {
    // `@unchecked Sendable`: never written after `init`.

    /// One blob in one pack: 48 bytes, sorted by id.
    @frozen
    package struct Record {
        package var id: Digest
        var pack: UInt32
        var offset: UInt32
        var length: UInt32
        var uncompressedLength: UInt32
    }

    static let recordSize = 48
    static let headerSize = 64
    static let packSize = 40

    /// The index files that the table was made from.
    package let indexIDs: [IndexID]
    private let bytes: UnsafeRawBufferPointer
    private let owner: MappedFile?
    private let packsStart: Int
    package let packCount: Int
    private let dataStart: Int
    private let dataCount: Int
    private let treeStart: Int
    private let treeCount: Int

    private init(bytes: UnsafeRawBufferPointer, owner: MappedFile?, layout: IndexTableLayout) {
        self.bytes = bytes
        self.owner = owner
        packCount = layout.packCount
        dataCount = layout.dataCount
        treeCount = layout.treeCount
        packsStart = layout.packsStart
        dataStart = layout.dataStart
        treeStart = layout.treeStart
        indexIDs = (0..<layout.indexCount).map { position in
            let start = Self.headerSize + position * 32
            return IndexID(Digest(loading: UnsafeRawBufferPointer(rebasing: bytes[start..<(start + 32)])))
        }
    }

    /// Takes over a block that ``IndexTableBuilder`` has filled.
    convenience init(adopting bytes: UnsafeMutableRawBufferPointer, layout: IndexTableLayout) {
        self.init(bytes: UnsafeRawBufferPointer(bytes), owner: nil, layout: layout)
    }

    /// Uses a mapped cache file; `nil` if it is not a whole and unharmed one.
    convenience init?(mapped file: MappedFile) {
        guard let layout = IndexTableLayout(header: file.bytes) else { return nil }
        self.init(bytes: file.bytes, owner: file, layout: layout)
    }

    deinit {
        // A block of our own was made by the builder; a mapped one belongs to `owner`.
        if owner == nil { bytes.deallocate() }
    }

    /// The whole block, as a cache file holds it.
    package var contents: UnsafeRawBufferPointer { bytes }

    package func count(of type: BlobType) -> Int { type == .data ? dataCount : treeCount }

    /// Whether any pack holds the blob.
    package func contains(_ handle: BlobHandle) -> Bool {
        firstPosition(of: handle) != nil
    }

    /// One place where the blob lies; `nil` if there is none.
    package func location(of handle: BlobHandle) -> BlobLocation? {
        firstPosition(of: handle).map { location(of: handle.type, at: $0) }
    }

    /// Every place where the blob lies.
    package func locations(of handle: BlobHandle) -> [BlobLocation] {
        guard var position = firstPosition(of: handle) else { return [] }
        var locations: [BlobLocation] = []
        while position < count(of: handle.type), id(of: handle.type, at: position) == handle.id.digest {
            locations.append(location(of: handle.type, at: position))
            position += 1
        }
        return locations
    }

    /// Calls `body` for every record, by type and then by id.
    package func visitRecords(_ body: (BlobHandle, BlobLocation) throws -> Void) rethrows {
        for type in BlobType.allCases {
            for position in 0..<count(of: type) {
                try body(
                    BlobHandle(type, BlobID(id(of: type, at: position))),
                    location(of: type, at: position)
                )
            }
        }
    }

    /// The id of the pack with that number.
    package func pack(_ number: Int) -> PackID {
        PackID(digest(at: packsStart + number * Self.packSize))
    }

    /// Where the last blob of the pack with that number ends: a shorter pack has lost some.
    package func blobEnd(ofPack number: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: packsStart + number * Self.packSize + 32, as: UInt64.self)
    }

    /// Whether a pack that is not among `lost`, which are numbers, holds the blob.
    package func contains(_ handle: BlobHandle, outside lost: Set<Int>) -> Bool {
        guard var position = firstPosition(of: handle) else { return false }
        while position < count(of: handle.type), id(of: handle.type, at: position) == handle.id.digest {
            if !lost.contains(packNumber(of: handle.type, at: position)) { return true }
            position += 1
        }
        return false
    }

    package func id(of type: BlobType, at position: Int) -> Digest {
        digest(at: start(of: type) + position * Self.recordSize)
    }

    package func packNumber(of type: BlobType, at position: Int) -> Int {
        Int(word(at: start(of: type) + position * Self.recordSize + 32))
    }

    package func location(of type: BlobType, at position: Int) -> BlobLocation {
        let base = start(of: type) + position * Self.recordSize + 32
        return BlobLocation(
            pack: pack(Int(word(at: base))),
            offset: word(at: base + 4),
            length: word(at: base + 8),
            uncompressedLength: word(at: base + 12)
        )
    }

    /// The position of the first record of a blob.
    ///
    /// Ids are uniformly distributed, so the first guess is where the value itself points; how far the id there is
    /// from the wanted one tells where to look next. Each look is a miss of the processor's caches.
    package func firstPosition(of handle: BlobHandle) -> Int? {
        let type = handle.type
        let count = count(of: type)
        if count == 0 { return nil }
        let wanted = handle.id.digest
        var guess = Int(wanted.word0.multipliedFullWidth(by: UInt64(count)).high)
        let spacing = UInt64.max / UInt64(count)
        for _ in 0..<2 {
            let found = id(of: type, at: guess).word0
            guess =
                found < wanted.word0
                ? min(count - 1, guess + Int((wanted.word0 - found) / spacing))
                : max(0, guess - Int((found - wanted.word0) / spacing))
        }
        var low = 0
        var high = count
        var step = 1
        if id(of: type, at: guess) < wanted {
            low = guess + 1
            while low + step < count, id(of: type, at: low + step) < wanted {
                low += step + 1
                step *= 2
            }
            high = min(count, low + step + 1)
        } else {
            high = guess
            while high - step > 0, !(id(of: type, at: high - step) < wanted) {
                high -= step
                step *= 2
            }
            low = max(0, high - step)
            high = min(count, high + 1)
        }
        while low < high {
            let middle = (low + high) / 2
            if id(of: type, at: middle) < wanted { low = middle + 1 } else { high = middle }
        }
        return low < count && id(of: type, at: low) == wanted ? low : nil
    }

    private func start(of type: BlobType) -> Int { type == .data ? dataStart : treeStart }

    private func word(at offset: Int) -> UInt32 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    private func digest(at offset: Int) -> Digest {
        Digest(loading: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + 32)]))
    }
}
