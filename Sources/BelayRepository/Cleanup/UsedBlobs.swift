package import BelayCore
import Synchronization

/// The blobs that snapshots need, as one bit for each record of an index table.
///
/// A bit stands at the position of the first record of its blob. Many workers mark at once without waiting for
/// each other; a million blobs take 125 KB.
package final class UsedBlobs: Sendable {
    /// What marking a blob found.
    enum Mark {
        /// Nobody had marked it before.
        case new
        case known
        /// The table does not have it, so nothing was marked.
        case absent
    }

    package let table: IndexTable
    private let data: AtomicBits
    private let trees: AtomicBits

    init(of table: IndexTable) {
        self.table = table
        data = AtomicBits(count: table.count(of: .data))
        trees = AtomicBits(count: table.count(of: .tree))
    }

    /// Marks the blob as used.
    func insert(_ handle: BlobHandle) -> Mark {
        guard let position = table.firstPosition(of: handle) else { return .absent }
        return insert(handle.type, at: position)
    }

    /// Marks the blob whose first record is at `position`.
    func insert(_ type: BlobType, at position: Int) -> Mark {
        bits(type).set(position) ? .known : .new
    }

    /// Whether the blob is marked.
    package func contains(_ handle: BlobHandle) -> Bool {
        table.firstPosition(of: handle).map { contains(handle.type, at: $0) } ?? false
    }

    /// Whether the blob whose first record is at `position` is marked.
    func contains(_ type: BlobType, at position: Int) -> Bool { bits(type).isSet(position) }

    /// The number of blobs of a type that are marked.
    package func count(of type: BlobType) -> Int { bits(type).setCount }

    private func bits(_ type: BlobType) -> AtomicBits { type == .data ? data : trees }
}

/// Bits that many threads set at once.
final class AtomicBits: Sendable {
    // Allocated in `init` and freed in `deinit`, when nobody else can hold the object; in between each word is
    // only touched atomically.
    nonisolated(unsafe) private let words: UnsafeMutableBufferPointer<Atomic<UInt64>>

    init(count: Int) {
        words = .allocate(capacity: (count + 63) / 64)
        for index in words.indices { words.initializeElement(at: index, to: Atomic(0)) }
    }

    deinit {
        words.deinitialize()
        words.deallocate()
    }

    /// Sets a bit; gives whether it was set before.
    func set(_ position: Int) -> Bool {
        let bit: UInt64 = 1 << UInt64(position & 63)
        return words[position >> 6].bitwiseOr(bit, ordering: .relaxed).oldValue & bit != 0
    }

    func isSet(_ position: Int) -> Bool {
        words[position >> 6].load(ordering: .relaxed) & (1 << UInt64(position & 63)) != 0
    }

    var setCount: Int {
        words.indices.reduce(0) { $0 + words[$1].load(ordering: .relaxed).nonzeroBitCount }
    }
}
