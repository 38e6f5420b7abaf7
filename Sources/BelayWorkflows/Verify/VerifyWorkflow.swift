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

/// What a verification found.
package struct VerifyResult: Sendable {
    package var report: CheckReport
    package var depth: VerifyDepth
    /// The snapshot that was asked for; `nil` for all.
    package var snapshot: StoredSnapshot?
    package var duration: Duration
}

/// Checks the repository: structure, every tree, and as much of the contents as asked for.
package struct VerifyWorkflow: Sendable {
    private let workspace: Workspace
    private let snapshot: String?
    private let depth: VerifyDepth
    private let progress: UpkeepProgress

    package init(_ workspace: Workspace, snapshot: String?, depth: VerifyDepth, progress: UpkeepProgress) {
        self.workspace = workspace
        self.snapshot = snapshot
        self.depth = depth
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
            return VerifyResult(
                report: report,
                depth: depth,
                snapshot: chosen,
                duration: ContinuousClock.now - begin
            )
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
