package import BelayCore
import BelayRepository

/// A snapshot and what it says of itself.
package struct ListedSnapshot: Sendable {
    package var stored: StoredSnapshot
    /// `nil` for snapshots of other programs, and for one that cannot be read.
    package var manifest: Manifest?
}

/// Which snapshots are listed.
package struct ListRequest: Sendable {
    /// Whether those of every project are.
    package var allProjects = false
    /// Only those that have all tags of one of these lists; empty for all, here as below.
    package var tags: [[String]] = []
    /// Only those of one of these hosts.
    package var hosts: [String] = []
    /// Only those of all of these paths.
    package var paths: [String] = []
    /// Only so many of each host and paths, the newest.
    package var newest: Int?

    package init() {}

    /// Those that fit, newest first.
    func choose(_ snapshots: [StoredSnapshot]) -> [StoredSnapshot] {
        var counts: [[String]: Int] = [:]
        return snapshots.reversed().filter { stored in
            let snapshot = stored.snapshot
            let fits =
                (tags.isEmpty || tags.contains { list in list.allSatisfy { snapshot.tags.contains($0) } })
                && (hosts.isEmpty || hosts.contains(snapshot.hostname))
                && paths.allSatisfy { snapshot.paths.contains($0) }
            guard fits, let newest else { return fits }
            let count = counts[[snapshot.hostname] + snapshot.paths.sorted(), default: 0] + 1
            counts[[snapshot.hostname] + snapshot.paths.sorted()] = count
            return count <= newest
        }
    }
}

/// Finds the snapshots to list, newest first.
package struct ListWorkflow: Sendable {
    private let workspace: Workspace

    package init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// The snapshots of the project, or of all projects, that the request asks for, and whether what they say of
    /// themselves could be read; what could not is noted.
    package func run(
        _ catalog: SnapshotCatalog,
        _ request: ListRequest
    ) async throws -> (listed: [ListedSnapshot], isComplete: Bool) {
        let chosen = request.choose(request.allProjects ? catalog.all : catalog.ofProject)
        var reader = ManifestReader(workspace)
        var listed: [ListedSnapshot] = []
        for stored in chosen {
            listed.append(ListedSnapshot(stored: stored, manifest: try await reader.readable(stored)))
        }
        reader.saveCache()
        return (listed, reader.unreadable.isEmpty)
    }
}
