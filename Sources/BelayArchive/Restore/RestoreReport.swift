import Synchronization

/// What a restore makes, or has made.
package struct RestoreCounts: Hashable, Sendable {
    /// Regular files with contents of their own.
    package var files: UInt64 = 0
    package var folders: UInt64 = 0
    /// Further names of files.
    package var links: UInt64 = 0
    package var symlinks: UInt64 = 0
    /// FIFOs, sockets and device nodes.
    package var specials: UInt64 = 0
    /// Files that were there as they should be.
    package var unchanged: UInt64 = 0
    /// Entries that were there and were left alone.
    package var skipped: UInt64 = 0
    /// Plain bytes of the files.
    package var bytes: UInt64 = 0

    package init() {}

    /// All of them, as progress counts.
    var entries: UInt64 { files + folders + links + symlinks + specials + unchanged }

    static func += (left: inout RestoreCounts, right: RestoreCounts) {
        left.files += right.files
        left.folders += right.folders
        left.links += right.links
        left.symlinks += right.symlinks
        left.specials += right.specials
        left.unchanged += right.unchanged
        left.skipped += right.skipped
        left.bytes += right.bytes
    }
}

/// An entry of the snapshot that is not, or not wholly, in the target.
package struct RestoreFailure: Hashable, Sendable {
    /// Path below the snapshot's root.
    package var path: String
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}

/// Something about restored entries that could not be set; told once for all of them.
package struct RestoreWarning: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Owner and group are those of whoever restores.
        case ownership
        /// Set-user-ID and set-group-ID, which would give the rights of an owner that nobody chose.
        case setID
        case attributes
        case times
        case permissions
        /// What was written could not be read back for lack of permission.
        case notVerified
    }

    package var kind: Kind
    /// How many entries it concerns.
    package var count: UInt64
    /// One of them, as a path below the snapshot's root.
    package var path: String
    package var reason: String
}

/// What came of a restore.
package struct RestoreReport: Sendable {
    package var counts = RestoreCounts()
    /// Ordered by path.
    package var failures: [RestoreFailure] = []
    package var warnings: [RestoreWarning] = []

    /// Whether everything in the plan is in the target.
    package var isComplete: Bool { failures.isEmpty }
}

/// How far a restore is, for whoever shows it; read and written by many at once.
package final class RestoreProgress: Sendable {
    private let entries = Atomic<UInt64>(0)
    private let bytes = Atomic<UInt64>(0)
    private let path = Mutex("")
    private let total = Mutex<(entries: UInt64, bytes: UInt64)?>(nil)

    package init() {}

    /// Entries there are to restore, once planned; those that are already in place count as well.
    package var entriesTotal: UInt64? { total.withLock { $0?.entries } }
    /// Bytes there are to write, once planned.
    package var bytesTotal: UInt64? { total.withLock { $0?.bytes } }

    /// Files and other entries that are in their place.
    package var entriesDone: UInt64 { entries.load(ordering: .relaxed) }
    /// Bytes written.
    package var bytesDone: UInt64 { bytes.load(ordering: .relaxed) }
    /// Something that was begun lately.
    package var current: String { path.withLock { $0 } }

    func add(entries count: UInt64, bytes size: UInt64) {
        if count > 0 { entries.add(count, ordering: .relaxed) }
        if size > 0 { bytes.add(size, ordering: .relaxed) }
    }

    func expect(entries: UInt64, bytes: UInt64) {
        total.withLock { $0 = (entries, bytes) }
    }

    func enter(_ path: () -> String) {
        // Shown a few times a second at most: a worker never waits to say where it is.
        self.path.withLockIfAvailable { $0 = path() }
    }
}
