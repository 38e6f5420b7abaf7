package import BelayCore

/// What decisions about snapshots look at: the snapshot without its tree.
package struct SnapshotSummary: Hashable, Sendable {
    package var id: SnapshotID
    package var time: Timestamp
    package var hostname: String
    package var paths: [String]
    package var tags: SnapshotTags

    package init(
        id: SnapshotID,
        time: Timestamp,
        hostname: String = "",
        paths: [String] = [],
        tags: SnapshotTags = SnapshotTags([])
    ) {
        self.id = id
        self.time = time
        self.hostname = hostname
        self.paths = paths
        self.tags = tags
    }

    /// The summary of a stored snapshot.
    package init(_ stored: StoredSnapshot) {
        self.init(
            id: stored.id,
            time: stored.snapshot.time,
            hostname: stored.snapshot.hostname,
            paths: stored.snapshot.paths,
            tags: SnapshotTags(stored.snapshot.tags)
        )
    }
}

extension SnapshotSummary {
    /// Whether this one comes before `other` in lists: newest first, of equal times the smaller id first.
    package func isListed(before other: SnapshotSummary) -> Bool {
        time == other.time ? id < other.id : time > other.time
    }
}

extension Collection<SnapshotSummary> {
    /// The snapshots as lists show them, `latest` first.
    package func newestFirst() -> [SnapshotSummary] {
        sorted { $0.isListed(before: $1) }
    }
}
