/// A fast 64-bit checksum for local cache files, against torn and rotten ones; not against an adversary.
package enum Checksum {
    private static let prime: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The checksum of `bytes`, at several gigabytes a second.
    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        // Four independent lanes, so that multiplications overlap.
        var lanes: (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
        var offset = 0
        while offset + 32 <= bytes.count {
            lanes.0 = mix(lanes.0, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            lanes.1 = mix(lanes.1, bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
            lanes.2 = mix(lanes.2, bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
            lanes.3 = mix(lanes.3, bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
            offset += 32
        }
        var sum = mix(mix(mix(lanes.0, lanes.1), lanes.2), lanes.3)
        while offset < bytes.count {
            sum = mix(sum, UInt64(bytes[offset]))
            offset += 1
        }
        return mix(sum, UInt64(bytes.count))
    }

    @inline(__always)
    private static func mix(_ sum: UInt64, _ word: UInt64) -> UInt64 {
        let product = (sum ^ word).multipliedFullWidth(by: prime)
        return product.high ^ product.low &+ word
    }
}
