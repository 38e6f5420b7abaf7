/// What git knows about a project at one moment.
///
/// The numbers are about the whole working tree that the project lies in.
package struct GitState: Hashable, Sendable {
    /// The top directory of the working tree.
    package var root: String
    /// The checked-out branch; `nil` if there is none ("detached HEAD").
    package var branch: String?
    /// The checked-out commit in hexadecimal; `nil` before the first one.
    package var commit: String?
    /// The branch that this one follows, such as `origin/main`.
    package var upstream: String?
    /// Commits here that the upstream does not have; `nil` if that is not known.
    package var ahead: Int?
    /// Commits of the upstream that are not here; `nil` if that is not known.
    package var behind: Int?
    /// Entries with changes that the next commit would hold.
    package var staged: Int
    /// Tracked entries that differ from what is staged.
    package var modified: Int
    /// Entries with a merge conflict.
    package var unmerged: Int
    /// Untracked entries that are not ignored; a directory without tracked files counts once.
    package var untracked: Int
    /// Stashed changes.
    package var stashes: Int

    /// Whether something differs from the commit, untracked files included.
    package var isDirty: Bool { staged + modified + unmerged + untracked > 0 }

    package init(
        root: String,
        branch: String? = nil,
        commit: String? = nil,
        upstream: String? = nil,
        ahead: Int? = nil,
        behind: Int? = nil,
        staged: Int = 0,
        modified: Int = 0,
        unmerged: Int = 0,
        untracked: Int = 0,
        stashes: Int = 0
    ) {
        self.root = root
        self.branch = branch
        self.commit = commit
        self.upstream = upstream
        self.ahead = ahead
        self.behind = behind
        self.staged = staged
        self.modified = modified
        self.unmerged = unmerged
        self.untracked = untracked
        self.stashes = stashes
    }
}
