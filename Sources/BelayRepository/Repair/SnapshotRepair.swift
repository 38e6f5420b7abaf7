package import BelayCore
import BelayFormat
import BelayStore

/// What a repair of snapshots is going to do.
package struct SnapshotRepairPlan: Sendable {
    /// A snapshot with something wrong in it.
    package struct Repair: Sendable {
        package var snapshot: StoredSnapshot
        /// The root of what is left of it; `nil` if nothing is.
        package var tree: BlobID?
        /// What is lost or corrected; the first of it.
        package var changes: [Change] = []
        /// How many changes there are altogether.
        package var changeCount = 0
        /// The repaired snapshot that an earlier run has stored already.
        package var existing: SnapshotID?
    }

    /// What becomes of one entry.
    package struct Change: Hashable, Sendable {
        package enum Kind: Hashable, Sendable {
            /// Some of the file's pieces are lost; the others are kept under another name.
            case filePiecesLost(Int)
            /// Nothing is left of what was in the file, or known of it; an empty one is kept under another name.
            case fileLost
            /// Everything in the directory is lost; an empty one is kept under another name.
            case directoryLost
            /// The size is corrected to that of the contents.
            case sizeCorrected
            /// The name cannot be, or is there twice; the entry is kept under another name.
            case renamed
        }

        /// From `/` on, for people.
        package var path: String
        package var kind: Kind
    }

    /// Snapshots that change, oldest first.
    package var repairs: [Repair] = []
    /// Snapshot files that cannot be read, for which nothing can be done.
    package var unreadable: [SnapshotID] = []

    package var isEmpty: Bool { repairs.isEmpty }

    /// More changes of a snapshot are only counted.
    package static let changesMaximum = 10_000

    var trees: [BlobID: [UInt8]] = [:]
    var basis = CleanupPlan.Basis()
}

/// Makes snapshots whole again that need what is lost, by taking it out of them.
///
/// As restic does, a file keeps the pieces that can still be read, and a directory whose tree is lost becomes
/// empty. Unlike restic, such an entry gets another name, with `.repaired` behind it: what is incomplete must
/// not pass for the file that it was, above all when it would replace a whole one.
package struct SnapshotRepair: Sendable {
    /// The tag of a repaired snapshot.
    package static let tag = "repaired"

    private let repository: Repository
    private let progress: UpkeepProgress?

    package init(_ repository: Repository, progress: UpkeepProgress? = nil) {
        self.repository = repository
        self.progress = progress
    }

    /// Looks for what is lost in snapshots, all or some, and works out what is left of them.
    ///
    /// What the index does not know is lost, trees that cannot be read are, and so is what a check that read
    /// the packs found: its ``CheckReport/lostBlobs``. Memory grows with the number of trees that change.
    package func plan(
        _ ids: Set<SnapshotID>? = nil,
        lost: Set<BlobHandle> = []
    ) async throws -> SnapshotRepairPlan {
        let (readable, unreadable) = try await repository.snapshots()
        let table = try await repository.loadIndex()
        var plan = SnapshotRepairPlan()
        plan.basis.snapshots = Set(readable.map(\.id) + unreadable.map(\.id))
        plan.basis.indexes = Set(table.indexIDs)
        plan.unreadable = unreadable.map(\.id).sorted()
        let wanted = readable.filter { ids?.contains($0.id) ?? true }
        let reader = TreeReader(BlobReader(repository, index: table))
        progress?.begin(.walkingTrees, total: UInt64(table.count(of: .tree)))
        let map = try await DamageSurvey.map(
            reader,
            roots: wanted.map(\.snapshot.tree),
            progress: progress,
            isLost: lost.contains
        )
        let mender = TreeMender(reader, map) { lost.contains($0) }
        for snapshot in wanted where !map.isSound(snapshot.snapshot.tree) {
            var repair = try await repair(of: snapshot, map, mender)
            repair.existing = readable.first { $0.snapshot == repair.repaired }?.id
            plan.repairs.append(repair)
        }
        // What takes the place of another snapshot stays, though it is damaged itself: as it is what mending the
        // other gives, its trees are stored again, and make it whole.
        let needed = Set(plan.repairs.compactMap(\.existing))
        plan.repairs.removeAll { needed.contains($0.snapshot.id) }
        plan.trees = mender.trees
        return plan
    }

    private func repair(
        of snapshot: StoredSnapshot,
        _ map: DamageMap,
        _ mender: TreeMender
    ) async throws -> SnapshotRepairPlan.Repair {
        var repair = SnapshotRepairPlan.Repair(snapshot: snapshot)
        let root = snapshot.snapshot.tree
        map.forEachSpot(below: root) { _, spot, path in
            repair.changeCount += 1
            guard repair.changes.count < SnapshotRepairPlan.changesMaximum else { return }
            let kind: SnapshotRepairPlan.Change.Kind =
                switch spot.problem {
                case .lostContent(let ids, isAll: false): .filePiecesLost(ids.count)
                case .lostContent, .noContent: .fileLost
                case .noTree, .lostTree: .directoryLost
                case .wrongSize: .sizeCorrected
                case .invalidName, .duplicateName: .renamed
                }
            repair.changes.append(SnapshotRepairPlan.Change(path: path.description, kind: kind))
        }
        if !map.lostTrees.contains(root) { repair.tree = try await mender.mend(root) }
        return repair
    }

    /// Stores the repaired snapshots; gives their ids in the order of the plan's repairs that leave something.
    ///
    /// With `forgetting` the originals go, also those of which nothing is left; until then both are there.
    /// Needs an exclusive lock.
    @discardableResult
    package func execute(
        _ plan: SnapshotRepairPlan,
        forgetting: Bool,
        lock: RepositoryLock
    ) async throws -> [SnapshotID] {
        try repository.requireWritable()
        if plan.isEmpty { return [] }
        try await repository.requireUnchanged(
            since: "the repair",
            indexes: plan.basis.indexes,
            snapshots: plan.basis.snapshots
        )
        try await storeTrees(plan, lock: lock)
        try await lock.requireHeld()
        var ids: [SnapshotID] = []
        for repair in plan.repairs {
            guard let snapshot = repair.repaired else { continue }
            if let existing = repair.existing {
                ids.append(existing)
            } else {
                ids.append(try await repository.save(snapshot))
            }
        }
        if forgetting {
            try await repository.removeSnapshots(
                plan.repairs.map(\.snapshot.id),
                lock: lock,
                progress: progress
            )
        }
        return ids
    }

    private func storeTrees(_ plan: SnapshotRepairPlan, lock: RepositoryLock) async throws {
        if plan.trees.isEmpty { return }
        let repository = repository
        // A tree that is stored already may be the damaged one.
        let nothing = IndexTableBuilder().build()
        _ = try await BlobWriter.with(
            repository,
            known: nothing,
            packSize: CleanupRules().packSize,
            lock: lock
        ) { writer in
            let encoder = BlobEncoder(repository, level: .auto)
            for (id, text) in plan.trees.sorted(by: { $0.key < $1.key }) {
                let sealed = try text.withUnsafeBytes { try encoder.encode($0, type: .tree) }
                try await writer.append(BlobHandle(.tree, id), sealed, plainLength: text.count)
            }
        }
    }
}

extension SnapshotRepairPlan.Repair {
    /// The snapshot that takes the place of the original; `nil` if nothing is left of it.
    var repaired: Snapshot? {
        guard let tree else { return nil }
        var repaired = snapshot.snapshot
        repaired.tree = tree
        repaired.original = repaired.original ?? snapshot.id
        if !repaired.tags.contains(SnapshotRepair.tag) { repaired.tags.append(SnapshotRepair.tag) }
        return repaired
    }
}
