package import BelayCore

/// SHA-256, the name of blobs and files.
///
/// An instance takes bytes in pieces and is used again after each digest; each worker has its own.
package final class BlobHasher {
    private let context = SHA256Context()

    /// A hasher that has taken nothing.
    package init() {}

    /// Takes the next bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        context.update(bytes)
    }

    /// The digest of all bytes taken; the next ones start another.
    package func finish() -> Digest {
        withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { bytes in
            if let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) {
                context.finish(into: start)
            }
            return Digest(loading: UnsafeRawBufferPointer(bytes))
        }
    }

    /// The digest of `bytes`, without the cost of a new context; nothing may have been taken before.
    package func digest(_ bytes: UnsafeRawBufferPointer) -> Digest {
        update(bytes)
        return finish()
    }

    /// The digest of `bytes`.
    package static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest {
        BlobHasher().digest(bytes)
    }

    /// The digest of `bytes`.
    package static func digest(_ bytes: [UInt8]) -> Digest {
        bytes.withBytes { digest($0) }
    }
}
