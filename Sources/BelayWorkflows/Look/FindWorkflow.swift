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
    /// path. Gives whether all of that could be read; what could not is noted.
    package func run(
        begin: (FindScope) async throws -> Void,
        _ body: (FoundPath) async throws -> Void
    ) async throws -> Bool {
        try await SnapshotAccess.with(workspace) { access in
            let groups = try grouped(access.catalog)
            let unreadable = access.catalog.unreadable.map(\.id)
            var isComplete = unreadable.isEmpty || !request.snapshots.isEmpty
            if !isComplete {
                workspace.repository.note(
                    "\(SnapshotNotice.unreadable(unreadable)), so nothing was looked for in them: "
                        + SnapshotNotice.unreadableHint
                )
            }
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
                    do {
                        let snapshot = try await access.locate(stored)
                        let matches = try await search.matches(in: snapshot.project.subtree)
                        history.append(stored, matches)
                    } catch let error as BelayError where error.code == .repositoryDamaged {
                        // The others may be whole.
                        isComplete = false
                        let reason = try await access.placed(error, in: [stored]).message
                        workspace.repository.note(
                            "nothing was looked for in snapshot \(stored.id.short): \(reason); "
                                + "run `belay verify` to see what is affected"
                        )
                    }
                }
                try await history.visit { path, runs in
                    try await body(FoundPath(project: project, path: path, runs: runs))
                }
            }
            return isComplete
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
