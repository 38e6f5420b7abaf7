package import BelayCore
package import BelayRepository

/// How much of the data a verification reads.
package enum VerifyDepth: Hashable, Sendable {
    /// Structure, trees and names; no file contents.
    case structure
    /// Every pack, or only those of the given snapshot.
    case data
    /// A part of all packs, spelled as `--read-data-subset` has it.
    case subset(String)
}

/// Which databases a verification loads into a scratch place.
package enum DatabaseLoading: Hashable, Sendable {
    case none
    /// Those of the given snapshot, or of the latest.
    case one
    /// Those of all snapshots.
    case all
}

/// What a verification found.
package struct VerifyResult: Sendable {
    package var report: CheckReport
    package var depth: VerifyDepth
    /// The snapshot that was asked for; `nil` for all.
    package var snapshot: StoredSnapshot?
    package var duration: Duration
    /// What became of the databases; `nil` if they were not to be loaded.
    package var databases: [RehearsedDatabase]?

    /// Whether anything is damaged.
    package var hasErrors: Bool {
        report.hasErrors
            || (databases ?? []).contains { if case .wrong = $0.outcome { true } else { false } }
    }

    /// Whether something was asked for that could not be looked at.
    package var isIncomplete: Bool {
        (databases ?? []).contains { if case .untried = $0.outcome { true } else { false } }
    }
}

/// Checks the repository: structure, every tree, and as much of the contents as asked for.
package struct VerifyWorkflow: Sendable {
    private let workspace: Workspace
    private let snapshot: String?
    private let depth: VerifyDepth
    private let loads: DatabaseLoading
    private let progress: UpkeepProgress
    private let parts: PartProgress

    package init(
        _ workspace: Workspace,
        snapshot: String?,
        depth: VerifyDepth,
        loading loads: DatabaseLoading = .none,
        progress: UpkeepProgress,
        parts: PartProgress
    ) {
        self.parts = parts
        self.workspace = workspace
        self.snapshot = snapshot
        self.depth = depth
        self.loads = loads
        self.progress = progress
    }

    package func run() async throws -> VerifyResult {
        let begin = ContinuousClock.now
        return try await workspace.reading {
            var chosen: StoredSnapshot?
            if let snapshot { chosen = try await SnapshotCatalog.load(workspace).resolve(snapshot) }
            let selection = try selection(chosen)
            let report = try await RepositoryCheck(workspace.repository, progress: progress).run(
                reading: selection,
                seed: UInt64.random(in: 0...UInt64.max)
            )
            if report.snapshots == 0, report.packs > 0 {
                workspace.repository.note(
                    "there is not one snapshot, although \(Count.text(report.packs, "pack")) are stored: only a first run that "
                        + "was cut off leaves it so; otherwise snapshots were lost"
                )
            }
            let databases = try await rehearsed(chosen)
            return VerifyResult(
                report: report,
                depth: depth,
                snapshot: chosen,
                duration: ContinuousClock.now - begin,
                databases: databases
            )
        }
    }

    private func rehearsed(_ chosen: StoredSnapshot?) async throws -> [RehearsedDatabase]? {
        if loads == .none { return nil }
        return try await SnapshotAccess.with(workspace) { access in
            let snapshots: [StoredSnapshot]
            switch loads {
            case .none: snapshots = []
            case .all: snapshots = access.catalog.all
            case .one: snapshots = [try chosen ?? access.catalog.resolve("latest")]
            }
            return try await DatabaseRehearsal(access: access, progress: parts).run(snapshots)
        }
    }

    private func selection(_ chosen: StoredSnapshot?) throws -> PackSelection {
        switch depth {
        case .structure: return .none
        case .data: return chosen.map { .snapshots([$0.id]) } ?? .all
        case .subset(let text):
            guard let selection = PackSelection(text) else {
                throw BelayError(
                    .usage,
                    "'\(text)' is no part of the data",
                    hint: "write a share, a part or a size: 5%, 1/10 or 500M"
                )
            }
            return selection
        }
    }
}
