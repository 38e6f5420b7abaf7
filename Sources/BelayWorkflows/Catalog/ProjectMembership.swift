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
        return !snapshot.paths.contains { isAnotherDirectory($0, than: directory) }
    }

    private func isAnotherDirectory(_ path: String, than directory: String) -> Bool {
        do throws(SystemError) {
            guard try Paths.status(path) != nil else { return false }
            return try Paths.real(path) != directory
        } catch {
            // Gone in between, or not ours to look at: then it is somebody else's.
            return !error.isMissing
        }
    }
}
