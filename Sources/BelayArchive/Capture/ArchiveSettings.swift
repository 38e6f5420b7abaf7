package import BelayCore
package import BelayFormat
package import BelayRules

/// What of a project is stored, and how.
package struct ArchiveSettings: Sendable {
    /// Absolute path of the project's directory.
    package var root: String
    /// Only these paths below the root, without a slash at either end; empty means everything.
    package var selection: [[UInt8]] = []
    /// Whether `.gitignore` files and git's other excludes hold.
    package var respectsGitIgnore = true
    /// Patterns of `exclude` in `belay.yaml`, with the meaning they would have in a `.gitignore` at the root.
    package var excludes: [[UInt8]] = []
    /// Patterns of `include`: kept although a `.gitignore` names them.
    package var includes: [[UInt8]] = []
    /// `--exclude` and `--iexclude`, with restic's meaning.
    package var flagExcludes: BackupExcludes?
    /// `--exclude-caches` and `--exclude-if-present`.
    package var markers: [ExcludeMarker] = []
    /// Larger files are left out; in bytes.
    package var fileSizeMaximum: UInt64?
    /// Whether other file systems below the root are left out.
    package var staysOnFileSystem = false
    /// What stands for files that are not read themselves, such as those of databases.
    package var overlays = CaptureOverlays()
    /// Whether the result names what is new, modified and removed.
    package var namesChanges = false
    package var compression = CompressionLevel.auto
    /// Bytes at which a pack is closed.
    package var packSize = 16 << 20
    /// The user's home and `$XDG_CONFIG_HOME`, for git's own configuration.
    package var home: String?
    package var configHome: String?
    /// When the run began: what was changed about then may change again unseen.
    package var started: Timestamp

    package init(root: String, started: Timestamp) {
        self.root = root
        self.started = started
    }
}

/// A source that could not be read as it should; the rest was stored.
package struct SourceFailure: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Left out of the snapshot.
        case unreadable
        /// Stored, but it changed each time it was read.
        case unsteady
        /// Stored without something that belongs to it.
        case incomplete
        /// Named by the configuration, and not there.
        case missing
        /// A database or a capture that could not be stored; its path is the kind of part and its name.
        case part
    }

    /// Path below the project's root.
    package var path: String
    package var kind: Kind
    package var reason: String

    package init(path: String, kind: Kind, reason: String) {
        self.path = path
        self.kind = kind
        self.reason = reason
    }
}

/// What a capture counted.
package struct CaptureCounts: Hashable, Sendable {
    package var filesNew: UInt64 = 0
    package var filesChanged: UInt64 = 0
    package var filesUnmodified: UInt64 = 0
    package var foldersNew: UInt64 = 0
    package var foldersChanged: UInt64 = 0
    package var foldersUnmodified: UInt64 = 0
    /// Entries that rules left out; what lies below an excluded directory is not counted.
    package var excluded: UInt64 = 0
    package var bytesRead: UInt64 = 0

    package init() {}

    static func += (left: inout CaptureCounts, right: CaptureCounts) {
        left.filesNew += right.filesNew
        left.filesChanged += right.filesChanged
        left.filesUnmodified += right.filesUnmodified
        left.foldersNew += right.foldersNew
        left.foldersChanged += right.foldersChanged
        left.foldersUnmodified += right.foldersUnmodified
        left.excluded += right.excluded
        left.bytesRead += right.bytesRead
    }
}

extension SourceFailure {
    /// Extended attributes of an entry could not be read.
    static func attributes(_ reason: String, of path: String) -> SourceFailure {
        SourceFailure(path: path, kind: .incomplete, reason: "extended attributes: \(reason)")
    }

    /// An entry has extended attributes that no snapshot can hold.
    static func unnamedAttributes(of path: String) -> SourceFailure {
        attributes("one whose name is no UTF-8 cannot be stored", of: path)
    }
}
