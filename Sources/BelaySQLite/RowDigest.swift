import BelayCore
import BelayFormat

/// A digest of rows in their order: SHA-256 over the digests of lanes of encoded columns, a block of lanes at a time,
/// each with the digest of the blocks before it.
///
/// The lanes are hashed side by side, which takes a fraction of the time that one stream would. A column is its type, its length and its bytes, so that no two different rows are encoded alike.
struct RowDigest: ~Copyable {
    private static let laneBytes = 16 << 10
    private static let blockBytes = 16 * laneBytes

    /// The rows that are not hashed yet; filled up to `count`, and larger than a block only for a row that is.
    private var block = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * blockBytes, alignment: 64)
    private var count = 0
    private var digest = Digest(0, 0, 0, 0)
    private var lanes: [Digest] = []

    deinit { block.deallocate() }

    mutating func add(_ type: Int32, number: UInt64) {
        reserve(9)
        block[count] = UInt8(truncatingIfNeeded: type)
        block.storeBytes(of: number.littleEndian, toByteOffset: count + 1, as: UInt64.self)
        count += 9
    }

    mutating func add(_ type: Int32, bytes: UnsafeRawBufferPointer) {
        add(type, number: UInt64(bytes.count))
        if bytes.isEmpty { return }
        reserve(bytes.count)
        UnsafeMutableRawBufferPointer(rebasing: block[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Marks the end of a row.
    mutating func endRow(columns: Int32) {
        reserve(1)
        block[count] = UInt8(truncatingIfNeeded: columns)
        count += 1
        if count >= Self.blockBytes { fold() }
    }

    /// The digest as 64 hexadecimal characters.
    mutating func finish() -> String {
        fold()
        return digest.hexadecimal
    }

    /// Makes room for so many bytes more.
    private mutating func reserve(_ length: Int) {
        if count + length <= block.count { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(2 * block.count, count + length),
            alignment: 64
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<count]))
        block.deallocate()
        block = larger
    }

    private mutating func fold() {
        let starts = Array(stride(from: 0, to: count, by: Self.laneBytes))
        LaneHasher.digests(
            in: UnsafeRawBufferPointer(rebasing: block[..<count]),
            offsets: starts,
            lengths: starts.map { min(Self.laneBytes, count - $0) },
            into: &lanes
        )
        var joined: [UInt8] = []
        for part in [digest] + lanes {
            withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { bytes in
                part.store(into: bytes)
                joined.append(contentsOf: bytes)
            }
        }
        digest = BlobHasher.digest(joined)
        count = 0
    }
}
