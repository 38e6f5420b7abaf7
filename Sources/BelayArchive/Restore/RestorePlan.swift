import BelayCore

/// What a restore will make: complete before anything is written.
///
/// Every chunk of every file in it was found in the index.
package struct RestorePlan: Sendable {
    package let request: RestoreRequest
    /// What will be made; files that are in the target already count as unchanged or skipped.
    package let counts: RestoreCounts
    /// Packs from which something is read.
    package let packCount: Int
    /// What of the selection cannot be restored, ordered by path; the rest can.
    package let failures: [RestoreFailure]
    /// Paths below the target where something stands that is not the directory that must be there.
    ///
    /// It is removed under ``OverwritePolicy/always``; under any other policy what belongs below it is not
    /// restored.
    package let obstacles: [String]
    /// Bytes that the files will take up: runs of zeros become holes.
    package var bytesNeeded: UInt64 { counts.bytes - min(counts.bytes, tables.zeroBytes) }
    let tables: RestoreTables
    let contents: ContentPlan

    init(
        _ request: RestoreRequest,
        tables: RestoreTables,
        contents: ContentPlan,
        failures: [RestoreFailure],
        obstacles: [String]
    ) {
        self.request = request
        self.tables = tables
        self.contents = contents
        self.failures = failures.sorted { $0.path < $1.path }
        self.obstacles = obstacles.sorted()
        packCount = contents.packCount
        var counts = RestoreCounts()
        counts.folders = UInt64(tables.folders.count - 1)
        for file in tables.files {
            switch file.action {
            case .write:
                counts.files += 1
                counts.bytes += file.size
            case .setMetadata: counts.unchanged += 1
            case .leaveAlone: counts.skipped += 1
            }
        }
        for link in tables.links {
            switch link.action {
            case .write: counts.links += 1
            case .setMetadata: counts.unchanged += 1
            case .leaveAlone: counts.skipped += 1
            }
        }
        for other in tables.others {
            switch (other.action, other.kind) {
            case (.write, .symlink): counts.symlinks += 1
            case (.write, _): counts.specials += 1
            default: counts.skipped += 1
            }
        }
        self.counts = counts
    }
}
