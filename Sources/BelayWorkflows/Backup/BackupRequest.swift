package import BelayArchive
package import BelayCore
package import BelayFormat
package import BelayRepository
package import BelayRules

/// What a backup is asked to do.
package struct BackupRequest: Sendable {
    package var kind: SnapshotTags.Kind = .backup
    /// Name of a checkpoint.
    package var name: String?
    /// Whether the commit that is checked out gets a tag of that name in git.
    package var tagsCommit = false
    package var message: String?
    /// Names of parts, or paths below the project; empty for everything.
    package var only: [String] = []
    package var tags: [String] = []
    package var isDryRun = false
    /// Whether nothing is stored when nothing has changed.
    package var skipsUnchanged = false
    /// Whether a project that has lost most of its files is stored without a question.
    package var allowsShrinking = false
    /// `--exclude` and its kin, and the patterns as they were given.
    package var excludes: BackupExcludes?
    package var excludeTexts: [String] = []
    package var markers: [ExcludeMarker] = []
    /// Larger files are left out; in bytes.
    package var fileSizeMaximum: UInt64?
    package var staysOnFileSystem = false
    package var compression = CompressionLevel.auto
    /// Bytes.
    package var packSize = 16 << 20
    /// Whether every file is read, whatever the cache says.
    package var isForced = false
    /// Whether the result names what is new, modified and removed.
    package var namesChanges = false

    package init() {}
}

/// What a backup did.
package struct BackupResult: Sendable {
    /// `nil` for a dry run, and where nothing had changed and nothing was to be stored.
    package var snapshot: StoredSnapshot?
    package var manifest: Manifest
    package var totals: FolderTotals
    package var counts: CaptureCounts
    package var added: AddedBlobs
    package var failures: [SourceFailure]
    /// Ordered by path; empty unless they are to be named.
    package var changes: [CaptureChange]
    package var parent: SnapshotID?
    package var duration: Duration
    package var isDryRun: Bool
    package var isUnchanged: Bool
    /// How many packs of the repository were found gone or cut short.
    package var lostPacks: Int
    /// How many snapshots were found that cannot be read as a whole, such as those whose roots no index names.
    package var lostSnapshots: Int
    /// What became of the tag in git; `nil` if none was asked for.
    package var gitTag: GitTagResult?

    /// Whether everything that was asked for is done: all is in the snapshot as it was, in a repository that lacks
    /// nothing.
    package var isComplete: Bool {
        failures.isEmpty && lostPacks == 0 && lostSnapshots == 0 && gitTag?.problem == nil
    }
}
