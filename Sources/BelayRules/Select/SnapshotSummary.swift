package import BelayCore

/// What decisions about snapshots look at: the snapshot without its tree.
package struct SnapshotSummary: Hashable, Sendable, OrderedSnapshot {
    package var id: SnapshotID
    package var time: Timestamp
    package var hostname: String
    package var paths: [String]
    package var tags: SnapshotTags
    package var original: SnapshotID?

    package init(
        id: SnapshotID,
        time: Timestamp,
        hostname: String = "",
        paths: [String] = [],
        tags: SnapshotTags = SnapshotTags([]),
        original: SnapshotID? = nil
    ) {
        self.id = id
        self.time = time
        self.hostname = hostname
        self.paths = paths
        self.tags = tags
        self.original = original
    }

    /// The summary of a stored snapshot.
    package init(_ stored: StoredSnapshot) {
        self.init(
            id: stored.id,
            time: stored.snapshot.time,
            hostname: stored.snapshot.hostname,
            paths: stored.snapshot.paths,
            tags: SnapshotTags(stored.snapshot.tags),
            original: stored.snapshot.original
        )
    }
}
