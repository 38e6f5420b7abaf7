import BelayCore
import BelayFormat

/// Hashing of several blobs at once.
enum BlobHashing {
    static func digests(of inputs: [UnsafeRawBufferPointer]) -> [Digest] {
        inputs.map { BlobHasher.digest($0) }
    }
}
