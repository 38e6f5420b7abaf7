import BelaySystem

/// Writing without what is zero anyway.
enum SparseWriting {
    /// Aligned blocks of zeros of this size are left as holes.
    private static let blockSize: UInt64 = 4096

    /// Writes `bytes` at `offset` of a file that reads as zeros there; gives where the last byte written
    /// ends.
    ///
    /// The part of a block that lies at either end of `bytes` is left out too if it is zero: what is written
    /// next to it decides whether the block takes space.
    static func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: borrowing NewFile,
        at offset: UInt64
    ) throws(SystemError) -> Int {
        var written = 0
        var start = 0
        var position = 0
        while position < bytes.count {
            let left = blockSize - (offset + UInt64(position)) % blockSize
            let end = min(bytes.count, position + Int(left))
            if isZero(bytes, position..<end) {
                if start < position {
                    try write(bytes, start..<position, to: file, at: offset)
                    written = position
                }
                start = end
            }
            position = end
        }
        if start < bytes.count {
            try write(bytes, start..<bytes.count, to: file, at: offset)
            written = bytes.count
        }
        return written
    }

    /// Whether all bytes are zero; mostly the first ones tell.
    static func isZero(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
        var position = range.lowerBound
        while position + 32 <= range.upperBound {
            let words = (
                bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: position + 16, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: position + 24, as: UInt64.self)
            )
            if words.0 | words.1 | words.2 | words.3 != 0 { return false }
            position += 32
        }
        while position < range.upperBound {
            if bytes[position] != 0 { return false }
            position += 1
        }
        return true
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        to file: borrowing NewFile,
        at offset: UInt64
    ) throws(SystemError) {
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[range]), at: offset + UInt64(range.lowerBound))
    }
}
