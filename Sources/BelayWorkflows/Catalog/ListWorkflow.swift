package import BelayCore
import BelayRepository

/// A snapshot and what it says of itself.
package struct ListedSnapshot: Sendable {
    package var stored: StoredSnapshot
    /// `nil` for snapshots of other programs, and for one that cannot be read.
    package var manifest: Manifest?
}

/// Finds the snapshots to list, newest first.
package struct ListWorkflow: Sendable {
    private let workspace: Workspace

    package init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// The snapshots of the project, or of all projects; with `tags` only those that have all tags of one list.
    package func run(
        _ catalog: SnapshotCatalog,
        allProjects: Bool,
        tags: [[String]]
    ) async throws -> [ListedSnapshot] {
        let chosen = (allProjects ? catalog.all : catalog.ofProject).filter { stored in
            tags.isEmpty || tags.contains { list in list.allSatisfy { stored.snapshot.tags.contains($0) } }
        }
        var reader = ManifestReader(workspace)
        var listed: [ListedSnapshot] = []
        for stored in chosen.reversed() {
            var item = ListedSnapshot(stored: stored)
            do {
                item.manifest = try await reader.manifest(of: stored.snapshot)
            } catch let error as BelayError where error.code == .repositoryDamaged {
                workspace.repository.note(
                    "the manifest of snapshot \(stored.id.short) cannot be read: \(error)"
                )
            }
            listed.append(item)
        }
        reader.saveCache()
        return listed
    }
}
