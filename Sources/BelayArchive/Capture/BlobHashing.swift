package import BelayCore
import BelayFormat

/// Hashing of several blobs at once.
package enum BlobHashing {
    /// The digests of `inputs`, in their order.
    package static func digests(of inputs: [UnsafeRawBufferPointer]) -> [Digest] {
        var digests: [Digest] = []
        LaneHasher.digests(of: inputs, into: &digests)
        return digests
    }
}
