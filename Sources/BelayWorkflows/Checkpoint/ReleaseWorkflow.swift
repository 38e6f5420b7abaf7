package import BelayCore
import BelayRepository
import BelayRules

/// A snapshot that was a checkpoint.
package struct ReleaseResult: Sendable {
    /// Under its new id.
    package var snapshot: StoredSnapshot
    /// `nil` if it cannot be read.
    package var manifest: Manifest?
    package var isLatest: Bool
}

/// Unpins a checkpoint: its snapshot becomes an ordinary one.
package struct ReleaseWorkflow: Sendable {
    private let workspace: Workspace

    package init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// - Throws: `snapshot.not-found` with the nearest names.
    package func run(_ name: String) async throws -> ReleaseResult {
        try workspace.repository.requireWritable()
        return try await workspace.repository.withLock(.exclusive, retry: workspace.lockRetry) { lock in
            let catalog = try await SnapshotCatalog.load(workspace)
            let checkpoints = catalog.ofProject.filter { SnapshotTags($0.snapshot.tags).isCheckpoint }
            guard let found = checkpoints.last(where: { SnapshotTags($0.snapshot.tags).name == name }) else {
                let names = checkpoints.compactMap { SnapshotTags($0.snapshot.tags).name }
                let nearest = NearestName.suggestion(for: name, among: names)
                throw BelayError(
                    .snapshotNotFound,
                    "there is no checkpoint '\(name)'",
                    hint: nearest.map { "did you mean '\($0)'?" } ?? "run `belay list` to see the checkpoints"
                )
            }
            var snapshot = found.snapshot
            snapshot.tags = SnapshotTags(snapshot.tags).with(kind: .backup, name: nil).tags
            try await lock.requireHeld()
            let id = try await workspace.repository.replace(found, with: snapshot)
            let stored = StoredSnapshot(id: id, snapshot: snapshot)
            var reader = ManifestReader(workspace)
            return ReleaseResult(
                snapshot: stored,
                manifest: try await reader.readable(stored),
                isLatest: catalog.ofProject.last?.id == found.id
            )
        }
    }
}
