package import BelayCore
import BelaySystem

/// What becomes of a file that is in the target already.
package enum OverwritePolicy: String, Hashable, Sendable, CaseIterable {
    /// It is replaced.
    case always
    /// It is believed if length and modification time are the same, and only its metadata set; else replaced.
    case ifChanged = "if-changed"
    /// It is replaced if the one in the snapshot was modified later; else left alone.
    case ifNewer = "if-newer"
    /// It is left alone; so are the metadata of directories that are there.
    case never
}

/// What of a snapshot is to be restored, where to, and how.
package struct RestoreRequest: Sendable {
    /// The directory to restore: the snapshot's root, or one below it.
    package var tree: BlobID
    /// What leads to it from the snapshot's root, without a slash at either end; patterns are asked about whole
    /// paths.
    package var base: [UInt8] = []
    /// Only these paths below it, without a slash at either end; empty means everything.
    ///
    /// Each keeps its place: `a/b` becomes `a/b` in the target.
    package var paths: [[UInt8]] = []
    /// What of these is chosen; `nil` for all.
    package var patterns: RestorePatterns?
    /// Absolute path of the directory to restore into; made if it is missing.
    package var target: String
    package var overwrite = OverwritePolicy.always
    /// Whether `.belay` at the top, which belay writes and not the project, is left out.
    package var leavesOutGenerated = false
    /// Whether everything is read back and compared with its ids after it was written.
    package var verifies = false
    /// Whether the file system is synchronised before the restore is called done.
    package var isDurable = false
    /// Whether a plan is made but nothing written.
    package var isDryRun = false

    package init(tree: BlobID, target: String) {
        self.tree = tree
        self.target = target
    }
}

/// What is done with one file.
enum FileAction: UInt8, Sendable {
    case write
    /// Its contents are believed to be there.
    case setMetadata
    case leaveAlone
}

extension OverwritePolicy {
    /// What is done with an entry in whose place there is something already.
    ///
    /// `size` is that of a regular file, and `nil` for other kinds, which have no contents to believe.
    func action(size: UInt64?, modified: Timestamp, existing: FileStatus) -> FileAction {
        switch self {
        case .always: return .write
        case .never: return .leaveAlone
        case .ifNewer: return existing.modified < modified ? .write : .leaveAlone
        case .ifChanged:
            let isSame = existing.isRegular && existing.size == size && existing.modified == modified
            return isSame ? .setMetadata : .write
        }
    }
}
