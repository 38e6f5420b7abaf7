/// What a snapshot says of itself beyond restic's fields: `.belay/snapshot.json`.
///
/// Together with the tags it is the truth about a snapshot; the snapshot file's own extra fields would be lost
/// when restic rewrites it. Unknown keys are ignored on reading, so that later versions may add some.
package struct Manifest: Codable, Hashable, Sendable {
    /// Version of this layout.
    package var schema = 1
    /// The version of belay that wrote it.
    package var program: String
    package var project: String
    package var kind: String
    /// Name of a checkpoint.
    package var name: String?
    package var message: String?
    /// RFC 3339, UTC.
    package var time: String
    package var parts: [Part]
    /// Absent in snapshots of projects without databases, as below without captures.
    package var databases: [Database]?
    package var captures: [Capture]?
    /// Parts that should be in the snapshot and could not be stored.
    package var missing: [MissingPart]?
    package var scope: Scope
    package var git: Git?
    package var totals: Totals
    /// What could not be stored as it should, the first of it; `nil` if everything is as it was.
    package var failures: [Failure]?
    /// How many failures there were altogether; `nil` for none.
    package var failureCount: Int?

    package init(
        program: String,
        project: String,
        kind: String,
        name: String?,
        message: String?,
        time: String,
        parts: [Part],
        scope: Scope,
        git: Git?,
        totals: Totals,
        failures: [Failure] = []
    ) {
        self.program = program
        self.project = project
        self.kind = kind
        self.name = name
        self.message = message
        self.time = time
        self.parts = parts
        self.scope = scope
        self.git = git
        self.totals = totals
        if !failures.isEmpty {
            self.failures = Array(failures.prefix(Self.failuresMaximum))
            failureCount = failures.count
        }
    }

    /// More failures are only counted: a manifest is read for every list.
    package static let failuresMaximum = 1000

    /// Something that could not be stored as it should.
    package struct Failure: Codable, Hashable, Sendable {
        /// Below the project's directory; what is no UTF-8 in it is replaced.
        package var path: String
        /// `unreadable` for what is not in the snapshot, `unsteady`, `incomplete`, `missing` or `part`.
        package var kind: String
        package var reason: String

        package init(path: String, kind: String, reason: String) {
            self.path = path
            self.kind = kind
            self.reason = reason
        }
    }

    /// What can be named alone.
    package struct Part: Codable, Hashable, Sendable {
        package var name: String
        /// `component`, `database` or `capture`.
        package var kind: String
        /// Paths below the project's directory.
        package var paths: [String]

        package init(name: String, kind: String, paths: [String]) {
            self.name = name
            self.kind = kind
            self.paths = paths
        }
    }

    /// Which paths were covered, and which rules left what out; a rollback never goes beyond it.
    package struct Scope: Codable, Hashable, Sendable {
        /// Absolute path of the project's directory.
        package var root: String
        /// The paths chosen by `--only`; empty for all of them, or for none as ``files`` says.
        package var only: [String]
        /// `false` if databases and captures were chosen and no files; absent otherwise.
        package var files: Bool?
        /// Whether `.gitignore` held.
        package var gitignore: Bool
        package var exclude: [String]
        package var include: [String]
        package var excludeFlags: [String]
        /// Larger files were left out; in bytes.
        package var fileSizeMaximum: UInt64?

        package init(
            root: String,
            only: [String],
            files: Bool? = nil,
            gitignore: Bool,
            exclude: [String],
            include: [String],
            excludeFlags: [String],
            fileSizeMaximum: UInt64? = nil
        ) {
            self.root = root
            self.only = only
            self.files = files
            self.gitignore = gitignore
            self.exclude = exclude
            self.include = include
            self.excludeFlags = excludeFlags
            self.fileSizeMaximum = fileSizeMaximum
        }
    }

    /// The state of the project's git repository.
    package struct Git: Codable, Hashable, Sendable {
        package var root: String
        package var branch: String?
        package var commit: String?
        package var upstream: String?
        package var modified: Int
        package var untracked: Int
        package var stashes: Int

        package init(
            root: String,
            branch: String?,
            commit: String?,
            upstream: String?,
            modified: Int,
            untracked: Int,
            stashes: Int
        ) {
            self.root = root
            self.branch = branch
            self.commit = commit
            self.upstream = upstream
            self.modified = modified
            self.untracked = untracked
            self.stashes = stashes
        }
    }

    package struct Totals: Codable, Hashable, Sendable {
        package var files: UInt64
        package var folders: UInt64
        /// Bytes in regular files.
        package var bytes: UInt64

        package init(files: UInt64, folders: UInt64, bytes: UInt64) {
            self.files = files
            self.folders = folders
            self.bytes = bytes
        }
    }
}

/// The names of what belay adds to the root of a snapshot.
package enum GeneratedFolder {
    package static let name: FileName = ".belay"
    package static let manifest: FileName = "snapshot.json"
}
