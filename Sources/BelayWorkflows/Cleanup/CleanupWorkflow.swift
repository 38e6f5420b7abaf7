package import BelayCore
import BelayProject
package import BelayRepository
package import BelayRules
import BelaySystem

/// What a cleanup is asked to do.
package struct CleanupRequest: Sendable {
    /// The rules from the command line; `nil` to take those of `belay.yaml`.
    package var policy: RetentionPolicy?
    package var grouping = SnapshotGrouping.project
    /// These snapshots go, and no rules are asked.
    package var explicit: [String] = []
    /// Whether rules are applied to every project's snapshots.
    package var allProjects = false
    /// Whether snapshots are looked at at all; without, only space is reclaimed.
    package var forgets = true
    /// Whether space is reclaimed.
    package var prunes = true
    package var isDryRun = false
    /// Whether everything may go where there is no snapshot at all.
    package var allowsEmpty = false
    package var rules = CleanupRules()
    /// Only snapshots with these fields, as restic's filters of the same names.
    package var tags: [[String]] = []
    package var hosts: [String] = []

    package init() {}
}

/// A group of snapshots and what is decided about each.
package struct CleanupGroup: Sendable {
    package var key: SnapshotGroup.Key
    package var decisions: [RetentionDecision]
}

/// What a cleanup did, or would do.
package struct CleanupOutcome: Sendable {
    package var groups: [CleanupGroup]
    package var forgotten: [StoredSnapshot]
    /// Snapshots that cannot be read and were named by their ids.
    package var forgottenUnreadable: [SnapshotID] = []
    /// `nil` where space was not to be reclaimed.
    package var plan: CleanupPlan?
    package var result: CleanupResult?
    package var isDryRun: Bool
    package var duration: Duration
}

/// Applies retention and reclaims space.
package struct CleanupWorkflow: Sendable {
    private let workspace: Workspace
    private let request: CleanupRequest
    private let progress: UpkeepProgress

    package init(_ workspace: Workspace, _ request: CleanupRequest, progress: UpkeepProgress) {
        self.workspace = workspace
        self.request = request
        self.progress = progress
    }

    /// Plans, and unless it is a dry run does what was planned, under one exclusive lock.
    package func run() async throws -> CleanupOutcome {
        let repository = workspace.repository
        try repository.requireWritable()
        let begin = ContinuousClock.now
        return try await repository.withLock(.exclusive, retry: workspace.lockRetry) { lock in
            let catalog = try await SnapshotCatalog.load(workspace)
            let groups = try request.forgets && request.explicit.isEmpty ? decide(catalog) : []
            let named = try explicit(catalog)
            let forgotten = request.explicit.isEmpty ? dropped(groups, catalog) : named.readable
            var outcome = CleanupOutcome(
                groups: groups,
                forgotten: forgotten,
                forgottenUnreadable: named.unreadable,
                plan: nil,
                result: nil,
                isDryRun: request.isDryRun,
                duration: .zero
            )
            let ids = forgotten.map(\.id) + named.unreadable
            if request.prunes {
                let plan = try await repository.planCleanup(
                    forgetting: Set(ids),
                    rules: request.rules,
                    progress: progress
                )
                outcome.plan = plan
                try refuseLoss(plan, catalog)
                if !request.isDryRun {
                    outcome.result = try await CleanupExecutor(repository, progress: progress).execute(
                        plan,
                        lock: lock
                    )
                }
            } else if !request.isDryRun {
                try await repository.removeSnapshots(ids, lock: lock, progress: progress)
            }
            outcome.duration = ContinuousClock.now - begin
            return outcome
        }
    }

    /// Refuses to take all packs for waste because no snapshot is there to need them.
    private func refuseLoss(_ plan: CleanupPlan, _ catalog: SnapshotCatalog) throws {
        guard catalog.all.isEmpty, plan.removed.packs > 0, !request.allowsEmpty, !request.isDryRun else {
            return
        }
        throw BelayError(
            .repositoryDamaged,
            "the repository holds \(plan.total.size) in \(Count.text(plan.total.packs, "pack")) and not one snapshot, "
                + "which looks like a loss; nothing was removed",
            hint:
                "bring the folder `snapshots` back if you can; if it is right as it is, repeat with --allow-empty"
        )
    }

    private func decide(_ catalog: SnapshotCatalog) throws -> [CleanupGroup] {
        let policy = request.policy ?? workspace.project.configuration.retention.map { RetentionPolicy($0) }
        let chosen = (request.allProjects ? catalog.all : catalog.ofProject).filter { stored in
            let hasTags =
                request.tags.isEmpty
                || request.tags.contains { list in list.allSatisfy { stored.snapshot.tags.contains($0) } }
            return hasTags && (request.hosts.isEmpty || request.hosts.contains(stored.snapshot.hostname))
        }
        do throws(RetentionError) {
            return try RetentionDecision.decide(
                chosen.map { SnapshotSummary($0) },
                grouping: request.grouping,
                policy: policy ?? RetentionPolicy(),
                now: workspace.clock.now(),
                zone: workspace.zone
            ).map { CleanupGroup(key: $0.key, decisions: $0.decisions) }
        } catch {
            throw error.report
        }
    }

    private func dropped(_ groups: [CleanupGroup], _ catalog: SnapshotCatalog) -> [StoredSnapshot] {
        let ids = Set(groups.flatMap { $0.decisions.filter { !$0.isKept }.map(\.snapshot.id) })
        return catalog.all.filter { ids.contains($0.id) }
    }

    private func explicit(
        _ catalog: SnapshotCatalog
    ) throws -> (readable: [StoredSnapshot], unreadable: [SnapshotID]) {
        var readable: [StoredSnapshot] = []
        var unreadable: [SnapshotID] = []
        for text in request.explicit {
            if let id = catalog.unreadable(text) {
                if !unreadable.contains(id) { unreadable.append(id) }
                continue
            }
            let found = try catalog.resolveSurely(text)
            let tags = SnapshotTags(found.snapshot.tags)
            if tags.isCheckpoint, let name = tags.name {
                throw BelayError(
                    .retentionRefused,
                    "'\(text)' is the checkpoint '\(name)', which is kept until it is released",
                    hint: "run `belay release \(name)` first"
                )
            }
            // Several arguments may mean one and the same.
            if !readable.contains(where: { $0.id == found.id }) { readable.append(found) }
        }
        return (readable, unreadable)
    }
}

extension RetentionPolicy {
    /// The rules of `belay.yaml`.
    init(_ settings: RetentionSettings) {
        self.init()
        keepLast = settings.keepLast.map { .atMost($0) }
        keepHourly = settings.keepHourly.map { .atMost($0) }
        keepDaily = settings.keepDaily.map { .atMost($0) }
        keepWeekly = settings.keepWeekly.map { .atMost($0) }
        keepMonthly = settings.keepMonthly.map { .atMost($0) }
        keepYearly = settings.keepYearly.map { .atMost($0) }
        keepWithin = settings.keepWithin
        keepWithinHourly = settings.keepWithinHourly
        keepWithinDaily = settings.keepWithinDaily
        keepWithinWeekly = settings.keepWithinWeekly
        keepWithinMonthly = settings.keepWithinMonthly
        keepWithinYearly = settings.keepWithinYearly
        keepTags = settings.keepTags.map { Self.tagList($0) }
        maxPerDay = settings.maximumPerDay
    }
}
