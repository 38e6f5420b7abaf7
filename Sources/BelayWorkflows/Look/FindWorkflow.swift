import BelayArchive
import BelayCore
import BelayRepository
import BelayRules

/// Looks for names in many snapshots at once.
package struct FindWorkflow: Sendable {
    private let workspace: Workspace
    private let request: FindRequest

    package init(_ workspace: Workspace, _ request: FindRequest) {
        self.workspace = workspace
        self.request = request
    }

    /// What was found, a group for each project, in the order of the projects' names.
    ///
    /// Each tree is read once, in however many snapshots it is.
    package func run() async throws -> [FoundGroup] {
        try await SnapshotAccess.with(workspace) { access in
            var groups: [FoundGroup] = []
            for (project, snapshots) in try grouped(access.catalog) {
                var search = MatchSearch(request.patterns, kinds: request.kinds, trees: access.trees)
                var history = FindHistory()
                for stored in snapshots {
                    let snapshot = try await access.locate(stored)
                    let matches = try await search.matches(in: snapshot.project.subtree)
                    history.append(stored, matches)
                }
                groups.append(
                    FoundGroup(project: project, snapshotCount: snapshots.count, paths: history.finish())
                )
            }
            return groups
        }
    }

    /// The snapshots to look in, oldest first, by project.
    private func grouped(
        _ catalog: SnapshotCatalog
    ) throws -> [(project: String, snapshots: [StoredSnapshot])] {
        if !request.searchesAllProjects {
            var chosen = catalog.ofProject
            if !request.snapshots.isEmpty {
                let ids = Set(try request.snapshots.map { try catalog.resolve($0).id })
                chosen = catalog.all.filter { ids.contains($0.id) }
            }
            return [(workspace.project.name, chosen)]
        }
        let ids = Set(try request.snapshots.map { try catalog.resolve($0).id })
        let own = Set(catalog.ofProject.map(\.id))
        let groups = Dictionary(grouping: catalog.all.filter { ids.isEmpty || ids.contains($0.id) }) {
            stored in
            if own.contains(stored.id) {
                return workspace.project.name
            }
            return SnapshotTags(stored.snapshot.tags).project ?? stored.snapshot.paths.joined(separator: " ")
        }
        return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
