package import BelayCore
import BelayFormat
import BelaySystem
import Synchronization

/// What a run added to the repository.
package struct AddedBlobs: Hashable, Sendable {
    package var dataBlobs: UInt64 = 0
    package var treeBlobs: UInt64 = 0
    /// Plain bytes of new blobs.
    package var plainBytes: UInt64 = 0
    /// Bytes of the packs and indexes written.
    package var storedBytes: UInt64 = 0
}

/// Takes sealed blobs from many workers, gathers them in packs, and stores packs and index files.
///
/// At any time at most `openPacks` data packs and one tree pack are being filled, one is on its way, and each worker
/// may hold one that waits for it; each is a little over `packSize` bytes, and their memory is used again.
package final class BlobWriter: Sendable {
    /// Blobs go to one of several open packs by chance, which hides their sizes from who sees only the storage.
    static let openPacks = 2
    static let uploads = 1
    /// A pack is closed once it has reached its size, so it is larger by up to a blob and its header; memory
    /// that is not written to costs nothing.
    static let overrun = 9 << 20
    /// An index file is written when it names so many blobs or the last one is so old, so that a cut-off run loses
    /// little.
    static let indexBlobs = 50_000
    static let indexAge = Duration.seconds(300)

    private struct Pending: Sendable {
        var packs: [PackEntry] = []
        var blobs = 0
        var since = ContinuousClock.now

        var isEnough: Bool { blobs >= indexBlobs || ContinuousClock.now - since >= indexAge }
    }

    private let repository: Repository
    private let known: KnownBlobs
    private let packSize: Int
    private let lock: RepositoryLock?
    private let dataPacks: [OpenPack]
    private let treePack: OpenPack
    private let claimed: ClaimedBlobs
    private let queue = BoundedQueue<OpenPack>(capacity: 0)
    private let spare = Mutex<[[UInt8]]>([])
    private let pending = Mutex(Pending())
    private let added = Mutex(AddedBlobs())
    private let turn = Atomic<Int>(0)

    private init(_ repository: Repository, known: KnownBlobs, packSize: Int, lock: RepositoryLock?) {
        self.repository = repository
        self.lock = lock
        self.known = known
        self.packSize = packSize
        dataPacks = (0..<Self.openPacks).map { _ in OpenPack(capacity: packSize + Self.overrun) }
        treePack = OpenPack(capacity: packSize + Self.overrun)
        claimed = ClaimedBlobs()
    }

    /// What has been added so far.
    package var total: AddedBlobs { added.withLock { $0 } }

    /// Whether the caller must store this blob: it is in no pack, and nobody else has claimed it in this run.
    package func claim(_ handle: BlobHandle) -> Bool {
        if known.contains(handle) { return false }
        return claimed.insert(handle)
    }

    /// Puts a sealed blob into a pack.
    ///
    /// Returns at once unless the pack is full and all uploads are busy.
    package func append(_ handle: BlobHandle, _ sealed: BlobEncoder.Sealed, plainLength: Int) async throws {
        if let full = put(handle, sealed, plainLength: plainLength) { try await push(full) }
    }

    /// The second half of ``append(_:_:plainLength:)``.
    package func push(_ full: OpenPack) async throws {
        try await queue.push(full)
    }

    /// Puts the blob into an open pack; gives the pack if that is full, which the caller must push.
    ///
    /// The first half of ``append(_:_:plainLength:)``, for callers whose bytes must not be held while they wait.
    package func put(_ handle: BlobHandle, _ sealed: BlobEncoder.Sealed, plainLength: Int) -> OpenPack? {
        added.withLock { added in
            if handle.type == .data { added.dataBlobs += 1 } else { added.treeBlobs += 1 }
            added.plainBytes += UInt64(plainLength)
        }
        // Not secret, only uneven: which of the open packs gets the blob.
        let step = turn.add(1, ordering: .relaxed).newValue
        let pack =
            handle.type == .tree
            ? treePack : dataPacks[(step ^ Int(handle.id.digest.firstByte)) % Self.openPacks]
        let blob = IndexedBlob(
            type: handle.type,
            id: handle.id,
            offset: 0,
            length: 0,
            uncompressedLength: sealed.uncompressedLength
        )
        let full = pack.append(sealed.bytes, as: blob, closingAt: packSize) {
            var empty = PackBuilder()
            if let buffer = spare.withLock({ $0.popLast() }) {
                empty.reset(reusing: consume buffer)
            } else {
                empty = PackBuilder(capacity: packSize + Self.overrun)
            }
            return empty
        }
        return full.map { OpenPack($0) }
    }

    /// Runs `body` with a writer; when it returns, everything that was appended is durable and indexed.
    ///
    /// If it throws, what was stored so far stays, indexed, and the next run uses it. While `lock` is not held nothing
    /// is indexed: packs that no index names may have been removed by somebody else then, and must not be believed.
    package static func with<Result: Sendable>(
        _ repository: Repository,
        known: KnownBlobs,
        packSize: Int,
        lock: RepositoryLock? = nil,
        _ body: @Sendable @escaping (BlobWriter) async throws -> Result
    ) async throws -> (result: Result, added: AddedBlobs) {
        let writer = BlobWriter(repository, known: known, packSize: packSize, lock: lock)
        let result: Result?
        do {
            result = try await writer.run(body)
        } catch {
            await writer.saveWhatIsThere()
            throw error
        }
        try await writer.saveIndex(all: true)
        guard let result else { throw BelayError(.internalError, "a backup ended without a result") }
        return (result, writer.total)
    }

    private func run<Result: Sendable>(
        _ body: @Sendable @escaping (BlobWriter) async throws -> Result
    ) async throws -> Result? {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            for _ in 0..<Self.uploads {
                group.addTask {
                    try await self.upload()
                    return nil
                }
            }
            group.addTask {
                do {
                    let result = try await body(self)
                    try await self.flush()
                    return result
                } catch {
                    self.queue.fail(error)
                    throw error
                }
            }
            var result: Result?
            do {
                for try await value in group { result = value ?? result }
            } catch {
                queue.fail(error)
                throw error
            }
            return result
        }
    }

    /// After a failure: indexes the packs that are stored, so that the next run need not store them again.
    private func saveWhatIsThere() async {
        do {
            // Not cancelled with the run that was: it is a matter of moments.
            try await Task { try await saveIndex(all: true) }.value
        } catch {
            repository.note("what was stored so far could not be indexed: \(error)")
        }
    }

    /// Sends the packs that are not full on their way; small ones are joined first.
    private func flush() async throws {
        var joined = PackBuilder()
        for pack in dataPacks {
            let last = pack.take()
            if last.isEmpty { continue }
            if joined.packLength + last.packLength <= packSize + packSize / 4 {
                joined.append(contentsOf: last)
            } else {
                try await queue.push(OpenPack(last))
            }
        }
        if !joined.isEmpty { try await queue.push(OpenPack(joined)) }
        let trees = treePack.take()
        if !trees.isEmpty { try await queue.push(OpenPack(trees)) }
        queue.close()
    }

    private func upload() async throws {
        let envelope = repository.makeEnvelope()
        do {
            while let full = try await queue.next() {
                var builder = full.take()
                let pack = try builder.finish(with: envelope)
                try await repository.save(pack.bytes, as: Handle(pack.id))
                added.withLock { $0.storedBytes += UInt64(pack.bytes.count) }
                let isEnough = pending.withLock { pending in
                    pending.packs.append(pack.entry)
                    pending.blobs += pack.entry.blobs.count
                    return pending.isEnough
                }
                recycle(consume pack)
                if isEnough { try await saveIndex(all: false) }
            }
        } catch {
            queue.fail(error)
            throw error
        }
    }

    private func recycle(_ pack: consuming FinishedPack) {
        let buffer = pack.bytes
        spare.withLock { if $0.count < Self.openPacks { $0.append(buffer) } }
    }

    private func saveIndex(all: Bool) async throws {
        let packs = pending.withLock { pending -> [PackEntry] in
            guard all || pending.isEnough else { return [] }
            defer { pending = Pending() }
            return pending.packs
        }
        if packs.isEmpty { return }
        try await lock?.requireHeld()
        let json = IndexFile(packs: packs).encode()
        _ = try await repository.saveUnpacked(json, as: .index)
        added.withLock { $0.storedBytes += UInt64(json.count / 3) }
    }
}

extension BlobWriter {
    /// Runs `body` with a writer that takes what a whole index table holds for known.
    package static func with<Result: Sendable>(
        _ repository: Repository,
        known table: IndexTable,
        packSize: Int,
        lock: RepositoryLock? = nil,
        _ body: @Sendable @escaping (BlobWriter) async throws -> Result
    ) async throws -> (result: Result, added: AddedBlobs) {
        try await with(repository, known: KnownBlobs(table), packSize: packSize, lock: lock, body)
    }
}
