package import BelayArchive
package import BelayCore

/// Everything there is to say about one snapshot.
package struct ShowResult: Sendable {
    package var snapshot: LocatedSnapshot
    /// `nil` if another program made the snapshot.
    package var manifest: Manifest?
    /// Why the manifest that is there cannot be read.
    package var manifestProblem: BelayError?
    /// Of the whole tree, without what belay added.
    package var statistics: TreeStatistics
    package var isLatest: Bool
}

/// Gathers what a snapshot says of itself and what is in it.
package struct ShowWorkflow: Sendable {
    private let workspace: Workspace

    package init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// Reads every tree of the snapshot, but no file except the manifest.
    package func run(_ text: String) async throws -> ShowResult {
        try await SnapshotAccess.with(workspace) { access in
            let snapshot = try await access.snapshot(text)
            let isBelay = SnapshotTags(snapshot.stored.snapshot.tags).isBelay
            let statistics = try await TreeStatistics.of(
                snapshot.stored.snapshot.tree,
                leavingOut: isBelay ? GeneratedFolder.name : nil,
                in: access.trees
            )
            var result = ShowResult(
                snapshot: snapshot,
                statistics: statistics,
                isLatest: access.catalog.ofProject.last?.id == snapshot.stored.id
            )
            var reader = ManifestReader(workspace)
            do {
                result.manifest = try await reader.manifest(of: snapshot.stored.snapshot)
                reader.saveCache()
            } catch let error as BelayError where error.code == .repositoryDamaged {
                result.manifestProblem = error
            }
            return result
        }
    }
}
