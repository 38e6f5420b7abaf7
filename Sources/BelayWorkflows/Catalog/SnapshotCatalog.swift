package import BelayCore
import BelayProject
package import BelayRepository
import BelayRules
import BelaySystem

/// The snapshots of a repository, those of one project apart from the others'.
package struct SnapshotCatalog: Sendable {
    /// Of every project, oldest first.
    package let all: [StoredSnapshot]
    /// Of this project, oldest first.
    package let ofProject: [StoredSnapshot]
    package let unreadable: [UnreadableSnapshot]
    private let workspace: Workspace

    /// Loads all snapshots.
    package static func load(_ workspace: Workspace) async throws -> SnapshotCatalog {
        let (readable, unreadable) = try await workspace.repository.snapshots()
        return SnapshotCatalog(workspace, readable, unreadable)
    }

    init(_ workspace: Workspace, _ all: [StoredSnapshot], _ unreadable: [UnreadableSnapshot]) {
        self.workspace = workspace
        self.all = all
        self.unreadable = unreadable
        let membership = ProjectMembership(workspace)
        var known: [[String]: Bool] = [:]
        ofProject = all.filter { stored in
            // Whether a place is another project's is asked of the file system once.
            let snapshot = stored.snapshot
            let key = [snapshot.hostname, SnapshotTags(snapshot.tags).project ?? ""] + snapshot.paths
            if let answer = known[key] { return answer }
            let answer = membership.includes(snapshot)
            known[key] = answer
            return answer
        }
    }

    /// The snapshot that a SNAP argument means.
    ///
    /// Looks among the project's own; an id is also found among all others. What was chosen for its time, as `latest`
    /// is, leads to notices if it may be another one or holds only parts.
    ///
    /// - Throws: `snapshot.not-found` or `snapshot.ambiguous` with the candidates.
    package func resolve(_ text: String) throws -> StoredSnapshot {
        let now = workspace.clock.now()
        let id: SnapshotID
        do throws(SnapshotResolutionError) {
            id = try Self.resolve(text, ofProject, now, workspace.zone)
        } catch {
            let isID = text.count >= 4 && text.utf8.allSatisfy { Hexadecimal.value(of: $0) != nil }
            let isAbsent =
                switch error {
                case .notFound, .noSnapshots: true
                default: false
                }
            guard isID, isAbsent,
                // The first error says more than that it is not among the others either.
                let other = try? Self.resolve(text, all, now, workspace.zone)
            else {
                if case .noSnapshots = error, !all.isEmpty {
                    throw BelayError(
                        .snapshotNotFound,
                        "project '\(workspace.project.name)' has no snapshots in this repository",
                        hint: "run `belay backup`, or `belay list --all-projects` to see the others"
                    )
                }
                throw error.report(in: workspace.zone)
            }
            id = other
        }
        guard let found = all.first(where: { $0.id == id }) else {
            throw BelayError(.snapshotNotFound, "no snapshot matches '\(text)'", hint: "run `belay list`")
        }
        notice(found, text)
        return found
    }

    /// The same for what cannot be taken back: nothing that an unreadable file may have pushed out of its place.
    ///
    /// - Throws: `repository.damaged` as well.
    func resolveSurely(_ text: String) throws -> StoredSnapshot {
        let found = try resolve(text)
        guard unreadable.isEmpty || isNamed(found, text) else {
            throw BelayError(
                .repositoryDamaged,
                "`\(text)` may mean another snapshot: \(SnapshotNotice.unreadable(unreadable.map(\.id)))",
                hint: "name the snapshot by its id: `\(found.id.short)`"
            )
        }
        return found
    }

    private func isNamed(_ found: StoredSnapshot, _ text: String) -> Bool {
        SnapshotReference(text)?.names(SnapshotSummary(found)) ?? false
    }

    private func notice(_ found: StoredSnapshot, _ text: String) {
        if isNamed(found, text) { return }
        if !unreadable.isEmpty { workspace.notices.add(.mayBeAnother(unreadable.map(\.id))) }
        let parts = SnapshotTags(found.snapshot.tags).only
        if parts.isEmpty { return }
        let whole = lastWhole(host: found.snapshot.hostname, paths: found.snapshot.paths)
        workspace.notices.add(.isPartial(found.id, parts: parts, whole: whole?.id))
    }

    /// The snapshot that cannot be read and whose id alone begins like this: it has no other name.
    package func unreadable(_ text: String) -> SnapshotID? {
        guard text.count >= 4 else { return nil }
        let beginning = text.lowercased()
        let found = unreadable.map(\.id).filter { $0.hexadecimal.hasPrefix(beginning) }
        let isAmbiguous = found.count > 1 || all.contains { $0.id.hexadecimal.hasPrefix(beginning) }
        return isAmbiguous ? nil : found.first
    }

    private static func resolve(
        _ text: String,
        _ snapshots: [StoredSnapshot],
        _ now: Timestamp,
        _ zone: TimeZoneRules
    ) throws(SnapshotResolutionError) -> SnapshotID {
        try SnapshotResolver.resolve(text, among: snapshots.map { SnapshotSummary($0) }, now: now, zone: zone)
    }

    /// The newest snapshot of the same host and paths, which a new one follows.
    package func parent(host: String, paths: [String]) -> StoredSnapshot? {
        all.last { $0.snapshot.hostname == host && $0.snapshot.paths == paths }
    }

    /// The newest snapshot of the same host and paths that holds all of the project, and not only some parts.
    func lastWhole(host: String, paths: [String]) -> StoredSnapshot? {
        all.last { stored in
            stored.snapshot.hostname == host && stored.snapshot.paths == paths
                && SnapshotTags(stored.snapshot.tags).only.isEmpty
        }
    }
}
