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

    /// Gives what is found in the order of the projects' names and the paths, as it is found.
    ///
    /// Each tree is read once, in however many snapshots it is. Where is looked is told to `begin` before the first
    /// path.
    package func run(
        begin: (FindScope) async throws -> Void,
        _ body: (FoundPath) async throws -> Void
    ) async throws {
        try await SnapshotAccess.with(workspace) { access in
            let groups = try grouped(access.catalog)
            try await begin(
                FindScope(
                    projectCount: groups.count,
                    snapshotCount: groups.reduce(0) { $0 + $1.snapshots.count }
                )
            )
            for (project, snapshots) in groups {
                var search = MatchSearch(request.patterns, kinds: request.kinds, trees: access.trees)
                var history = FindHistory()
                for stored in snapshots {
                    let snapshot = try await access.locate(stored)
                    let matches = try await search.matches(in: snapshot.project.subtree)
                    history.append(stored, matches)
                }
                try await history.visit { path, runs in
                    try await body(FoundPath(project: project, path: path, runs: runs))
                }
            }
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
