import BelayCore
import BelayFormat

/// A digest of rows in their order: SHA-256 over the digests of lanes of encoded columns, a block of lanes at a time,
/// each with the digest of the blocks before it.
///
/// The lanes are hashed side by side, which takes a fraction of the time that one stream would. A column is its type, its length and its bytes, so that no two different rows are encoded alike.
struct RowDigest {
    private static let laneBytes = 16 << 10
    private static let blockBytes = 16 * laneBytes

    private var block: [UInt8] = []
    private var digest = Digest(0, 0, 0, 0)
    private var lanes: [Digest] = []

    init() { block.reserveCapacity(Self.blockBytes + 32) }

    mutating func add(_ type: Int32, number: UInt64) {
        block.append(UInt8(truncatingIfNeeded: type))
        withUnsafeBytes(of: number.littleEndian) { block.append(contentsOf: $0) }
    }

    mutating func add(_ type: Int32, bytes: UnsafeRawBufferPointer) {
        add(type, number: UInt64(bytes.count))
        block.append(contentsOf: bytes)
    }

    /// Marks the end of a row.
    mutating func endRow(columns: Int32) {
        block.append(UInt8(truncatingIfNeeded: columns))
        if block.count >= Self.blockBytes { fold() }
    }

    /// The digest as 64 hexadecimal characters.
    mutating func finish() -> String {
        fold()
        return digest.hexadecimal
    }

    private mutating func fold() {
        let starts = Array(stride(from: 0, to: block.count, by: Self.laneBytes))
        block.withUnsafeBytes { bytes in
            LaneHasher.digests(
                in: bytes,
                offsets: starts,
                lengths: starts.map { min(Self.laneBytes, bytes.count - $0) },
                into: &lanes
            )
        }
        var joined: [UInt8] = []
        for part in [digest] + lanes {
            withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { bytes in
                part.store(into: bytes)
                joined.append(contentsOf: bytes)
            }
        }
        digest = BlobHasher.digest(joined)
        block.removeAll(keepingCapacity: true)
    }
}
