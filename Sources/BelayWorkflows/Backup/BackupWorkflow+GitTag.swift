import BelayCore
import BelayProject
import BelaySystem

/// What became of the tag in git that was asked for.
package struct GitTagResult: Hashable, Sendable {
    package var name: String
    /// The commit that was checked out when the snapshot was taken; `nil` if there was none.
    package var commit: String?
    /// Whether the snapshot holds changes that the commit does not.
    package var isDirty = false
    /// Why there is no tag; `nil` if it was made.
    package var problem: String?
}

extension BackupWorkflow {
    /// Tags the commit that the snapshot was taken at, once the snapshot is there.
    func tagCommit(_ manifest: Manifest) async -> GitTagResult? {
        guard request.tagsCommit, let name = request.name else { return nil }
        var result = GitTagResult(name: name, commit: manifest.git?.commit)
        guard let git = manifest.git else {
            result.problem = "the project is in no git repository, or git did not answer"
            return result
        }
        guard let commit = git.commit else {
            result.problem = "there is no commit yet"
            return result
        }
        result.isDirty = git.modified + git.untracked > 0
        result.problem = await withTaskExecutorPreference(BlockingPool.files) {
            do throws(GitTag.Failure) {
                try GitTag.make(
                    name,
                    at: commit,
                    in: workspace.project.directory,
                    environment: workspace.environment
                )
                return nil
            } catch {
                return "\(error)"
            }
        }
        return result
    }
}
