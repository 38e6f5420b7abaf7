package import BelayCore
import BelayFormat
import BelayStore
import BelaySystem

/// What a cleanup did.
package struct CleanupResult: Hashable, Sendable {
    package var forgotten = 0
    /// Packs that are gone.
    package var removedPacks = 0
    /// Packs that were to go but could not be removed; nothing refers to them, and the next cleanup takes them.
    package var leftPacks: [PackID] = []

    package init() {}
}

/// Does what a ``CleanupPlan`` says, in an order in which it may stop, or be stopped, at any moment.
///
/// 1. Snapshots go, one by one. Here blobs are unused, nothing else.
/// 2. Packs that no index describes go. Nobody knew of them.
/// 3. Used blobs of packs to be dissolved are copied to new packs, and these described in new index files.
///    Here blobs are there twice.
/// 4. Index files that do not describe the packs to go are written. Here packs may be described twice.
/// 5. Only when these are durable the old index files go. Here packs are described by nobody.
/// 6. Those packs go.
///
/// Wherever it ends, every snapshot that is still there is complete, and the next cleanup finishes the work.
package struct CleanupExecutor: Sendable {
    private let repository: Repository
    private let progress: UpkeepProgress?

    package init(_ repository: Repository, progress: UpkeepProgress? = nil) {
        self.repository = repository
        self.progress = progress
    }

    /// Executes a plan under an exclusive lock.
    ///
    /// - Throws: `repository.locked` if the lock is lost or the repository is not any more what the plan was
    ///   made from; `repository.damaged` if a used blob cannot be read, before anything that holds it is touched.
    package func execute(_ plan: CleanupPlan, lock: RepositoryLock) async throws -> CleanupResult {
        try repository.requireWritable()
        var result = CleanupResult()
        await repository.removeUnfinished()
        if plan.isEmpty { return result }
        try await repository.requireUnchanged(
            since: "the cleanup",
            indexes: plan.basis.indexes,
            snapshots: plan.basis.snapshots
        )
        try await repository.removeSnapshots(plan.forgotten, lock: lock, progress: progress)
        result.forgotten = plan.forgotten.count
        try await remove(plan.unreferencedPacks, lock: lock, &result)
        try await copyBlobs(plan, lock: lock)
        try await rewriteIndex(plan, lock: lock)
        let removed = (plan.removedPacks + plan.repackedPacks).map { plan.contents.table.pack($0) }
        try await remove(removed, lock: lock, &result)
        return result
    }

    private func copyBlobs(_ plan: CleanupPlan, lock: RepositoryLock) async throws {
        progress?.begin(.copyingBlobs, total: plan.copied.size.bytes)
        let copier = BlobCopier(repository, index: plan.contents.table, progress: progress)
        let (contents, kept, numbers) = (plan.contents, plan.kept, plan.repackedPacks)
        let outcome = try await copier.copy(numbers.count, packSize: plan.packSize, lock: lock) { position in
            let number = numbers[position]
            let blobs = contents.blobs(ofPack: number) { kept.contains($0) }
            return BlobCopier.Source(pack: contents.table.pack(number), blobs: blobs)
        }
        if outcome == .cancelled { throw CancellationError() }
    }

    private func rewriteIndex(_ plan: CleanupPlan, lock: RepositoryLock) async throws {
        let dropped = plan.droppedPacks
        if plan.rewrittenIndexes == 0 { return }
        try Task.checkCancellation()
        let rewrite = IndexRewrite(repository, plan.contents, progress: progress)
        try await rewrite.run(replacing: plan.outlines, dropping: dropped, lock: lock)
    }

    private func remove(_ packs: [PackID], lock: RepositoryLock, _ result: inout CleanupResult) async throws {
        progress?.begin(.removingFiles, total: UInt64(packs.count))
        let next = Counter()
        let left = try await withThrowingTaskGroup(of: [PackID].self) { group in
            for _ in 0..<max(1, repository.store.properties.connections) {
                group.addTask {
                    var left: [PackID] = []
                    while let position = next.take(below: packs.count) {
                        try Task.checkCancellation()
                        try await lock.requireHeld()
                        if try await !remove(packs[position]) { left.append(packs[position]) }
                        progress?.add(1)
                    }
                    return left
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        result.removedPacks += packs.count - left.count
        result.leftPacks += left.sorted()
    }

    /// Removes a pack that nothing refers to; `false` if that cannot be, which harms nobody.
    private func remove(_ pack: PackID) async throws -> Bool {
        do {
            try await repository.remove(Handle(pack))
            return true
        } catch let error as BelayError where error.code != .cancelled {
            repository.note("\(error)")
            return false
        }
    }
}

extension Repository {
    /// Writes that are older than this are nobody's any more.
    private static let unfinishedSeconds: Int64 = 86_400

    /// Removes what writes that were cut off left in the store; that it cannot be harms nobody.
    fileprivate func removeUnfinished() async {
        var limit = clock.now()
        limit.seconds -= Self.unfinishedSeconds
        do throws(StoreError) {
            let count = try await store.removeUnfinished(before: limit)
            if count > 0 { note("removed \(count) files that were never finished") }
        } catch {
            note("files that were never finished could not be removed: \(error)")
        }
    }

    /// Refuses a plan that was made from other index files, or from other snapshots, than there are now.
    ///
    /// Without snapshots the plan does not depend on them.
    ///
    /// - Throws: `repository.locked`.
    func requireUnchanged(
        since work: String,
        indexes: Set<IndexID>,
        snapshots: Set<SnapshotID>? = nil
    ) async throws {
        var isUnchanged = Set(try await indexIDs()) == indexes
        if isUnchanged, let snapshots {
            isUnchanged = Set(try await list(.snapshot).map { SnapshotID($0.handle.digest) }) == snapshots
        }
        guard isUnchanged else {
            throw BelayError(
                .repositoryLocked,
                "the repository was changed since \(work) was planned",
                hint: "run the same command again"
            )
        }
    }

    /// Removes snapshots, under an exclusive lock; what only they need stays until the next cleanup.
    package func removeSnapshots(
        _ ids: [SnapshotID],
        lock: RepositoryLock,
        progress: UpkeepProgress? = nil
    ) async throws {
        progress?.begin(.forgetting, total: UInt64(ids.count))
        forgetRemoved(ids)
        for id in ids {
            try Task.checkCancellation()
            try await lock.requireHeld()
            try await remove(Handle(id))
            progress?.add(1)
        }
        // What only they needed may go next: none of them must come back.
        if !ids.isEmpty { try await settleRemovals(of: .snapshot) }
    }

    /// The plan of a cleanup that forgets some snapshots and then frees what nobody needs.
    ///
    /// Looks only. Made under the exclusive lock under which it is executed, nothing can come in between;
    /// made without, the executor refuses it if something did.
    ///
    /// - Throws: `snapshot.not-found` if one to be forgotten is not there; `repository.damaged` if what the
    ///   others need is not known for certain: then nothing may be removed.
    package func planCleanup(
        forgetting forgotten: Set<SnapshotID> = [],
        rules: CleanupRules = CleanupRules(),
        progress: UpkeepProgress? = nil
    ) async throws -> CleanupPlan {
        progress?.begin(.reading)
        let (readable, unreadable) = try await snapshots()
        let present = Set(readable.map(\.id) + unreadable.map(\.id))
        if let missing = forgotten.subtracting(present).min() {
            throw BelayError(
                .snapshotNotFound,
                "there is no snapshot \(missing.short)",
                hint: "run `belay list`"
            )
        }
        let obstacles = unreadable.filter { !forgotten.contains($0.id) }
        guard obstacles.isEmpty else {
            throw BelayError(
                .repositoryDamaged,
                "cannot clean up: \(Count.text(obstacles.count, "snapshot")) cannot be read, so what is needed is not known",
                hint: "run `belay verify`, then forget the damaged snapshots by their ids",
                subjects: obstacles.map { Handle($0.id).path },
                cause: obstacles[0].error
            )
        }
        let remaining = readable.filter { !forgotten.contains($0.id) }
        let table = try await loadIndex()
        progress?.begin(.walkingTrees, total: UInt64(table.count(of: .tree)))
        let walk = TreeWalk(TreeReader(BlobReader(self, index: table)), progress: progress)
        let result = try await walk.run(from: remaining)
        try Self.requireComplete(result.lost)
        let contents = PackContents(table)
        var plan = try CleanupPlanner.plan(
            contents,
            used: result.used,
            listed: try await list(.pack),
            rules: rules
        )
        plan.forgotten = forgotten.sorted()
        plan.remaining = remaining.count
        plan.packSize = rules.packSize
        plan.basis = CleanupPlan.Basis(snapshots: present, indexes: Set(table.indexIDs))
        let rewrite = IndexRewrite(self, contents)
        plan.outlines = try await rewrite.outlines(of: table.indexIDs)
        plan.rewrittenIndexes = rewrite.split(plan.outlines, dropping: plan.droppedPacks).obsolete.count
        return plan
    }

    private static func requireComplete(_ lost: [LostBlob]) throws {
        guard let first = lost.first else { return }
        throw BelayError(
            .repositoryDamaged,
            "cannot clean up: \(Count.text(lost.count, "blob")) that snapshots need cannot be read",
            hint: "run `belay verify --all` to see what is affected, then `belay repair`",
            subjects: lost.prefix(100).map { "\($0.snapshot.short):\($0.path)" },
            cause: first.error
        )
    }
}
