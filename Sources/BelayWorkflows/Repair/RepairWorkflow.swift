import BelayCore
package import BelayRepository

/// Repairs, each of them planned, shown and then done under one exclusive lock.
package struct RepairWorkflow: Sendable {
    private let workspace: Workspace
    private let isDryRun: Bool
    private let progress: UpkeepProgress

    package init(_ workspace: Workspace, isDryRun: Bool, progress: UpkeepProgress) {
        self.workspace = workspace
        self.isDryRun = isDryRun
        self.progress = progress
    }

    /// Makes the index fit the packs that are there.
    package func index(readingAll: Bool) async throws -> IndexRepairPlan {
        try await locked { lock in
            let repair = IndexRepair(workspace.repository, progress: progress)
            let plan = try await repair.plan(readingAll: readingAll)
            if !isDryRun { try await repair.execute(plan, lock: lock) }
            return plan
        }
    }

    /// Saves what is still good in damaged packs; without names, in those that a reading of all data finds.
    package func packs(_ names: [String]) async throws -> PackRepairPlan {
        try await locked { lock in
            var ids: Set<PackID> = []
            for name in names {
                guard let id = PackID(hexadecimal: name) else {
                    throw BelayError(
                        .usage,
                        "'\(name)' is no pack",
                        hint: "give the 64 digits that `belay verify --read-data` names"
                    )
                }
                ids.insert(id)
            }
            if names.isEmpty {
                let check = RepositoryCheck(workspace.repository, progress: progress)
                ids = try await check.run(reading: .all).damagedPacks
            }
            let repair = PackRepair(workspace.repository, progress: progress)
            let plan = try await repair.plan(ids)
            if !isDryRun { try await repair.execute(plan, lock: lock) }
            return plan
        }
    }

    /// Stores, for each damaged snapshot, another one of what is left of it.
    package func snapshots(
        _ names: [String],
        forgetting: Bool,
        readingData: Bool
    ) async throws -> SnapshotRepairPlan {
        try await locked { lock in
            try await refuseUndescribedPacks()
            var ids: Set<SnapshotID>?
            if !names.isEmpty {
                let catalog = try await SnapshotCatalog.load(workspace)
                ids = Set(try names.map { try catalog.resolve($0).id })
            }
            var lost: Set<BlobHandle> = []
            if readingData {
                let check = RepositoryCheck(workspace.repository, progress: progress)
                lost = try await check.run(reading: .all).lostBlobs
            }
            let repair = SnapshotRepair(workspace.repository, progress: progress)
            let plan = try await repair.plan(ids, lost: lost)
            if !isDryRun { try await repair.execute(plan, forgetting: forgetting, lock: lock) }
            return plan
        }
    }

    /// What only lacks its description in the index is not lost, and must not be given up as if it were.
    private func refuseUndescribedPacks() async throws {
        let plan = try await IndexRepair(workspace.repository, progress: progress).plan()
        guard plan.isEmpty else {
            throw BelayError(
                .repositoryDamaged,
                "the index does not describe all packs rightly, so what looks lost may be there",
                hint: "run `belay repair index` first"
            )
        }
    }

    private func locked<Result: Sendable>(
        _ body: (RepositoryLock) async throws -> Result
    ) async throws -> Result {
        try workspace.repository.requireWritable()
        return try await workspace.repository.withLock(.exclusive, retry: workspace.lockRetry, body)
    }
}
