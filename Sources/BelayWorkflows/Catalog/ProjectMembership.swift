import BelayCore
import BelayRepository
import BelaySystem

/// Tells which snapshots are a project's own.
///
/// By name, since a project may move and be on several machines. But a directory of this machine that is still there
/// is another project, though it has the same name: most are called after their directory.
struct ProjectMembership {
    private let workspace: Workspace

    init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// Whether a snapshot is of the project: by its tag, or, if another program made it, by its paths.
    func includes(_ snapshot: Snapshot) -> Bool {
        let directory = workspace.project.directory
        if snapshot.paths == [directory] { return true }
        let tags = SnapshotTags(snapshot.tags)
        guard tags.isBelay, tags.project == workspace.project.name else { return false }
        guard snapshot.hostname == workspace.repository.host.hostname else { return true }
        return !snapshot.paths.contains { path in
            // A path that cannot be followed leads to no directory.
            guard Paths.isFolder(path), let real = try? Paths.real(path) else { return false }
            return real != directory
        }
    }
}
