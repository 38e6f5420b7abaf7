/// A supply of random initialization vectors, each to be used once.
///
/// The one place of this module that takes randomness by itself: a vector that were repeated, by a generator
/// seeded for a test say, would give away what it protects. It is fetched in batches because each call
/// into the generator costs as much as sealing a small blob.
package struct InitializationVectors {
    private var pool = [UInt8](repeating: 0, count: 4096)
    private var position = 4096

    /// A supply that fetches its first batch when it is asked.
    package init() {}

    /// The next vector, never all zero.
    package mutating func next() -> (UInt64, UInt64) {
        while true {
            if position == pool.count {
                pool.withUnsafeMutableBufferPointer { Primitives.fillRandomly($0) }
                position = 0
            }
            let vector = pool.withBytes { bytes in
                (
                    bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self),
                    bytes.loadUnaligned(fromByteOffset: position + 8, as: UInt64.self)
                )
            }
            position += 16
            if vector.0 | vector.1 != 0 { return vector }
        }
    }
}
