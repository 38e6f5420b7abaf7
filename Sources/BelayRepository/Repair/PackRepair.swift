package import BelayCore
import BelayFormat
import BelayStore

/// What a repair of damaged packs is going to do.
package struct PackRepairPlan: Sendable {
    /// A damaged pack.
    package struct Pack: Sendable {
        package var id: PackID
        /// Whether the file is not there, or cannot be read at all.
        package var isUnreadable = false
        /// Blobs that are still good and are saved into new packs.
        package var saved: [BlobHandle] { good.map(\.handle) }
        /// Blobs that are lost for good: no other pack has them.
        package var lost: [BlobHandle] = []
        /// Blobs that are damaged here while another pack has them too.
        package var elsewhere: [BlobHandle] = []

        var good: [IndexedBlob] = []
    }

    /// The packs that are replaced.
    package var packs: [Pack] = []
    /// Packs that were named but have nothing wrong with them; they stay.
    package var sound: [PackID] = []

    package var isEmpty: Bool { packs.isEmpty }

    var contents: PackContents
    var basis: Set<IndexID> = []
}

/// Saves what is still good in damaged packs into new ones, and removes the damaged.
package struct PackRepair: Sendable {
    private let repository: Repository
    private let progress: UpkeepProgress?

    package init(_ repository: Repository, progress: UpkeepProgress? = nil) {
        self.repository = repository
        self.progress = progress
    }

    /// Reads the packs and finds out which of their blobs are good.
    ///
    /// Both what the index and what the header tell is tried. One pack is in memory at a time.
    ///
    /// - Throws: `repository.damaged` if the index cannot be read: repair it first.
    package func plan(_ ids: Set<PackID>) async throws -> PackRepairPlan {
        let table = try await repository.loadIndex()
        let contents = PackContents(table)
        let numbers = contents.numbers()
        var plan = PackRepairPlan(contents: contents)
        plan.basis = Set(table.indexIDs)
        let lengths = try await repository.list(.pack).filter { ids.contains(PackID($0.handle.digest)) }
            .reduce(into: [PackID: UInt64]()) { $0[PackID($1.handle.digest)] = $1.size }
        progress?.begin(.readingPacks, total: lengths.values.reduce(0, +))
        for id in ids.sorted() {
            try Task.checkCancellation()
            guard lengths[id] != nil || numbers[id] != nil else {
                throw BelayError(
                    .repositoryDamaged,
                    "there is no pack \(id.short), and no index describes it",
                    hint: "run `belay verify` to see what is damaged"
                )
            }
            let indexed = numbers[id].map { contents.blobs(ofPack: $0) } ?? []
            let (pack, isSound) = try await examine(id, indexed, table)
            if isSound { plan.sound.append(id) } else { plan.packs.append(pack) }
            progress?.add(lengths[id] ?? 0)
        }
        return plan
    }

    /// Executes a plan under an exclusive lock: new packs and their index first, then the index without the
    /// damaged packs, then these go.
    ///
    /// Afterwards snapshots that need a lost blob can be repaired.
    package func execute(_ plan: PackRepairPlan, lock: RepositoryLock) async throws {
        try repository.requireWritable()
        if plan.isEmpty { return }
        guard Set(try await repository.indexIDs()) == plan.basis else {
            throw BelayError(
                .repositoryLocked,
                "the repository was changed since the repair was planned",
                hint: "run the same command again"
            )
        }
        let saving = plan.packs.filter { !$0.good.isEmpty }
        progress?.begin(.copyingBlobs)
        let copier = BlobCopier(repository, index: plan.contents.table, progress: progress)
        let outcome = try await copier.copy(saving.count, packSize: CleanupRules().packSize, lock: lock) {
            position in
            BlobCopier.Source(pack: saving[position].id, blobs: saving[position].good)
        }
        if outcome == .cancelled { throw CancellationError() }
        let numbers = plan.contents.numbers()
        let dropped = Set(plan.packs.compactMap { numbers[$0.id] })
        if !dropped.isEmpty {
            let rewrite = IndexRewrite(repository, plan.contents, progress: progress)
            let outlines = try await rewrite.outlines(of: plan.basis)
            try await rewrite.run(replacing: outlines, dropping: dropped, lock: lock)
        }
        for pack in plan.packs {
            try lock.requireHeld()
            try await repository.remove(Handle(pack.id))
        }
    }

    private func examine(
        _ id: PackID,
        _ indexed: [IndexedBlob],
        _ table: IndexTable
    ) async throws -> (PackRepairPlan.Pack, isSound: Bool) {
        var pack = PackRepairPlan.Pack(id: id)
        var candidates = indexed
        var isSound = false
        do {
            let bytes = try await repository.load(Handle(id))
            bytes.withUnsafeBytes { bytes in
                let header = header(of: bytes)
                // What only the header knows of, or tells differently.
                let known = Set(indexed)
                candidates += (header ?? []).filter { !known.contains($0) }
                let failures = BlobVerifier(repository).failures(among: candidates, in: bytes)
                let failed = Set(failures.map(\.position))
                pack.good = candidates.indices.filter { !failed.contains($0) }.map { candidates[$0] }
                    .sorted { ($0.offset, $0.length) < ($1.offset, $1.length) }
                isSound = failed.isEmpty && header == indexed && LaneHasher.digest(bytes) == id.digest
            }
        } catch let error as BelayError where error.isDamageOfOneFile {
            pack.isUnreadable = true
        }
        let good = Set(pack.good.map(\.handle))
        for handle in Set(candidates.map(\.handle)).subtracting(good).sorted(by: { $0.id < $1.id }) {
            let isElsewhere = table.locations(of: handle).contains { $0.pack != id }
            if isElsewhere { pack.elsewhere.append(handle) } else { pack.lost.append(handle) }
        }
        return (pack, isSound)
    }

    private func header(of bytes: UnsafeRawBufferPointer) -> [IndexedBlob]? {
        do throws(FormatError) {
            return try PackHeader.open(tail: bytes, packLength: bytes.count, with: repository.makeEnvelope())
        } catch {
            // The index may still tell what is in it.
            return nil
        }
    }
}
