import BelayCore
import Synchronization

/// The blobs that workers of one run have taken upon themselves to store.
///
/// Split by id, so that workers seldom wait for each other.
final class ClaimedBlobs: Sendable {
    private final class Shard: Sendable {
        let data = Mutex(DigestSet())
        let trees = Mutex(DigestSet())
    }

    private let shards = (0..<16).map { _ in Shard() }

    /// Claims a blob; `false` if somebody has it already.
    func insert(_ handle: BlobHandle) -> Bool {
        let shard = shards[Int(handle.id.digest.firstByte & 15)]
        return handle.type == .data
            ? shard.data.withLock { $0.insert(handle.id.digest) }
            : shard.trees.withLock { $0.insert(handle.id.digest) }
    }
}
