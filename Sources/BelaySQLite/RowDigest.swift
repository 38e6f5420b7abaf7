import BelayCore
import BelayFormat

/// A digest of rows in their order: SHA-256 over blocks of encoded columns, each block with the digest before it.
///
/// A column is its type, its length and its bytes, so that no two different rows are encoded alike.
struct RowDigest {
    private static let blockBytes = 256 << 10

    private var block: [UInt8] = []
    private var digest = Digest(0, 0, 0, 0)

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
        withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { bytes in
            digest.store(into: bytes)
            block.append(contentsOf: bytes)
        }
        digest = BlobHasher.digest(block)
        block.removeAll(keepingCapacity: true)
    }
}
