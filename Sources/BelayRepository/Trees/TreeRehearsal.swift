import BelayCore
import BelayFormat
import BelayStore
import BelaySystem
import Synchronization

/// A repository in which storing only seems to happen, but whose new trees can be read afterwards.
///
/// So the files of a project can be compared with a snapshot by storing them: the same rules, the same cache,
/// the same trees. New data is dropped as it comes; new trees stay in memory.
package final class TreeRehearsal: Sendable {
    /// What to store in; it reads as the repository it was made from.
    package let repository: Repository
    private let kept: Repository
    private let store: TreeKeepingStore

    /// A rehearsal that keeps so many bytes of new trees.
    package init(_ base: Repository, byteMaximum: Int = 512 << 20) {
        let memory = MemoryStore()
        store = TreeKeepingStore(
            base: base.store,
            kept: memory,
            key: base.masterKey,
            byteMaximum: byteMaximum
        )
        repository = base.using(store)
        kept = base.using(memory)
    }

    /// A reader of the trees that were stored.
    ///
    /// Call when the ``BlobWriter`` has ended.
    ///
    /// - Throws: `difference.too-large` if there were more than could be kept.
    package func trees() async throws -> TreeReader {
        guard !store.isOverflown else {
            throw BelayError(
                .differenceTooLarge,
                "too much has changed to be compared in memory",
                hint: "store a snapshot with `belay backup`, and compare that"
            )
        }
        return TreeReader(BlobReader(kept, index: try await kept.loadIndex()))
    }
}

extension Repository {
    /// The same repository on another store, without caches.
    fileprivate func using(_ store: any ObjectStore) -> Repository {
        Repository(
            store: store,
            config: config,
            keyID: keyID,
            masterKey: masterKey,
            host: host,
            clock: clock,
            cacheFolder: nil
        )
    }
}

/// A store that changes nothing but keeps, apart, the packs with trees and the index files that tell of them.
private final class TreeKeepingStore: ObjectStore {
    private let base: any ObjectStore
    private let kept: MemoryStore
    private let key: MasterKey
    private let byteMaximum: Int
    private let byteCount = Mutex(0)

    init(base: any ObjectStore, kept: MemoryStore, key: MasterKey, byteMaximum: Int) {
        self.base = base
        self.kept = kept
        self.key = key
        self.byteMaximum = byteMaximum
    }

    /// Whether something was dropped that should have been kept.
    var isOverflown: Bool { byteCount.withLock { $0 > byteMaximum } }

    var properties: StoreProperties { base.properties }

    func prepare() async throws(StoreError) {}

    func save(
        _ bytes: [UInt8],
        as handle: Handle,
        durability: Durability
    ) async throws(StoreError) {
        guard handle.kind == .index || handle.kind == .pack && holdsTrees(bytes) else { return }
        let isKept = byteCount.withLock { count in
            count += bytes.count
            return count <= byteMaximum
        }
        if isKept { try await kept.save(bytes, as: handle, durability: durability) }
    }

    func load(_ handle: Handle) async throws(StoreError) -> [UInt8] { try await base.load(handle) }

    func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        try await base.load(handle, range: range)
    }

    func size(of handle: Handle) async throws(StoreError) -> UInt64? { try await base.size(of: handle) }

    func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] { try await base.list(kind) }

    func remove(_ handle: Handle) async throws(StoreError) {}

    /// Whether a pack holds trees; a pack that cannot be understood is kept, to be noticed when it is read.
    private func holdsTrees(_ pack: [UInt8]) -> Bool {
        let blobs = pack.withUnsafeBytes { bytes in
            try? PackHeader.open(tail: bytes, packLength: bytes.count, with: Envelope(key: key))
        }
        return blobs?.contains { $0.type == .tree } ?? true
    }
}
