import Synchronization

/// How far a capture is, for whoever shows it; read and written by many at once.
package final class CaptureProgress: Sendable {
    /// What there is to store.
    struct Total: Sendable {
        var files: UInt64
        var bytes: UInt64
    }

    /// Whether somebody shows parts of a whole, for which it is worth to look ahead.
    let wantsTotal: Bool
    private let files = Atomic<UInt64>(0)
    private let bytes = Atomic<UInt64>(0)
    private let folder = Mutex("")
    private let total = Mutex<Total?>(nil)

    package init(wantsTotal: Bool = false) {
        self.wantsTotal = wantsTotal
    }

    /// Files that are done, changed or not.
    package var filesDone: UInt64 { files.load(ordering: .relaxed) }
    /// Bytes that are done, in changed files and in others.
    package var bytesDone: UInt64 { bytes.load(ordering: .relaxed) }
    /// Files there are, once that is known; by the last snapshot or by a look ahead.
    package var filesTotal: UInt64? { total.withLock { $0?.files } }
    /// Bytes in them.
    package var bytesTotal: UInt64? { total.withLock { $0?.bytes } }
    /// The directory that was begun last.
    package var current: String { folder.withLock { $0 } }

    func add(files count: UInt64, bytes size: UInt64) {
        if count > 0 { files.add(count, ordering: .relaxed) }
        if size > 0 { bytes.add(size, ordering: .relaxed) }
    }

    func expect(_ total: Total) {
        self.total.withLock { $0 = total }
    }

    func enter(_ path: () -> String) {
        // Shown a few times a second at most: a worker never waits to say where it is.
        folder.withLockIfAvailable { $0 = path() }
    }
}
