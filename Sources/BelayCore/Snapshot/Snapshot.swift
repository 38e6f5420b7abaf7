/// A stored state: when, where and of what, and the tree that holds it.
package struct Snapshot: Hashable, Sendable {
    /// What a backup counted, in restic's fields.
    package struct Summary: Hashable, Sendable {
        package var backupStart: Timestamp = .missing
        package var backupEnd: Timestamp = .missing
        package var filesNew: UInt64 = 0
        package var filesChanged: UInt64 = 0
        package var filesUnmodified: UInt64 = 0
        package var directoriesNew: UInt64 = 0
        package var directoriesChanged: UInt64 = 0
        package var directoriesUnmodified: UInt64 = 0
        package var dataBlobs: UInt64 = 0
        package var treeBlobs: UInt64 = 0
        /// Plain bytes of new blobs.
        package var dataAdded: UInt64 = 0
        /// Bytes that the repository grew by.
        package var dataAddedPacked: UInt64 = 0
        package var totalFilesProcessed: UInt64 = 0
        package var totalBytesProcessed: UInt64 = 0

        package init() {}
    }

    package var time: Timestamp
    package var parent: SnapshotID?
    package var tree: BlobID
    /// Absolute paths, as given.
    package var paths: [String]
    package var hostname: String
    package var username: String
    package var userID: UInt32
    package var groupID: UInt32
    package var excludes: [String]
    package var tags: [String]
    /// The first version of this snapshot, if it was rewritten.
    package var original: SnapshotID?
    package var programVersion: String
    package var summary: Summary?

    package init(
        time: Timestamp,
        parent: SnapshotID? = nil,
        tree: BlobID,
        paths: [String],
        hostname: String = "",
        username: String = "",
        userID: UInt32 = 0,
        groupID: UInt32 = 0,
        excludes: [String] = [],
        tags: [String] = [],
        original: SnapshotID? = nil,
        programVersion: String = "",
        summary: Summary? = nil
    ) {
        self.time = time
        self.parent = parent
        self.tree = tree
        self.paths = paths
        self.hostname = hostname
        self.username = username
        self.userID = userID
        self.groupID = groupID
        self.excludes = excludes
        self.tags = tags
        self.original = original
        self.programVersion = programVersion
        self.summary = summary
    }
}

/// A snapshot together with the id of the file that holds it.
package struct StoredSnapshot: Hashable, Sendable {
    package var id: SnapshotID
    package var snapshot: Snapshot

    package init(id: SnapshotID, snapshot: Snapshot) {
        self.id = id
        self.snapshot = snapshot
    }
}
