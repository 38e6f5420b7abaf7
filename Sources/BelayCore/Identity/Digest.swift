/// A SHA-256 value, the name of everything in a repository.
///
/// Held as four words, most significant first, so that comparing digests compares their bytes in order
/// and hashing one costs a load.
@frozen
package struct Digest: Sendable {
    package let word0: UInt64
    package let word1: UInt64
    package let word2: UInt64
    package let word3: UInt64

    /// The number of bytes in a digest.
    package static let byteCount = 32

    /// A digest from its four words, most significant first.
    @inlinable
    package init(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64, _ word3: UInt64) {
        self.word0 = word0
        self.word1 = word1
        self.word2 = word2
        self.word3 = word3
    }

    /// A digest from the first 32 of `bytes`.
    ///
    /// - Precondition: there are at least 32.
    @inlinable
    package init(loading bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= 32, "a digest has 32 bytes")
        self.init(
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        )
    }

    /// A digest from exactly 32 bytes; `nil` for any other number.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (position, byte) in bytes.enumerated() {
            let value = UInt64(byte)
            switch position >> 3 {
            case 0: words.0 = words.0 << 8 | value
            case 1: words.1 = words.1 << 8 | value
            case 2: words.2 = words.2 << 8 | value
            default: words.3 = words.3 << 8 | value
            }
        }
        self.init(words.0, words.1, words.2, words.3)
    }

    /// Writes the 32 bytes to the start of `target`.
    ///
    /// - Precondition: `target` has room for 32 bytes.
    @inlinable
    package func store(into target: UnsafeMutableRawBufferPointer) {
        precondition(target.count >= 32, "a digest has 32 bytes")
        target.storeBytes(of: word0.bigEndian, toByteOffset: 0, as: UInt64.self)
        target.storeBytes(of: word1.bigEndian, toByteOffset: 8, as: UInt64.self)
        target.storeBytes(of: word2.bigEndian, toByteOffset: 16, as: UInt64.self)
        target.storeBytes(of: word3.bigEndian, toByteOffset: 24, as: UInt64.self)
    }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            store(into: UnsafeMutableRawBufferPointer(buffer))
            count = 32
        }
    }

    /// The first byte, by which packs are spread over folders.
    @inlinable
    package var firstByte: UInt8 { UInt8(truncatingIfNeeded: word0 >> 56) }
}

extension Digest: Hashable {
    @inlinable
    package static func == (left: Digest, right: Digest) -> Bool {
        left.word0 == right.word0 && left.word1 == right.word1
            && left.word2 == right.word2 && left.word3 == right.word3
    }

    /// Feeds one word: a digest is uniformly distributed already.
    @inlinable
    package func hash(into hasher: inout Hasher) {
        hasher.combine(word1)
    }
}

extension Digest: Comparable {
    @inlinable
    package static func < (left: Digest, right: Digest) -> Bool {
        if left.word0 != right.word0 { return left.word0 < right.word0 }
        if left.word1 != right.word1 { return left.word1 < right.word1 }
        if left.word2 != right.word2 { return left.word2 < right.word2 }
        return left.word3 < right.word3
    }
}
