import BelaySystem
import CSQLite

/// A consistent copy of a live database, made by SQLite's online backup.
///
/// With a write-ahead log a read transaction holds one state, and nobody waits. With a rollback journal every step is
/// a read of its own, between which others write; SQLite then starts over, and the steps become longer each time, until
/// one takes all that is left. No writer waits for longer than a step.
enum SQLiteCopy {
    /// Bytes of the first steps: some milliseconds.
    private static let stepBytes = 8 << 20
    /// How often it starts over before one step takes everything.
    private static let restartsMaximum = 4
    /// Milliseconds to wait for somebody who has the database locked, without getting a page, before giving up.
    private static let patience = 30_000

    /// Copies `source` into the file at `path`, which must not be there.
    ///
    /// - Throws: ``SQLiteFailure``, or `CancellationError`.
    static func make(of source: SQLiteConnection, at path: String, usesLog: Bool, pageSize: Int) throws {
        let target = try SQLiteConnection(path, .creating)
        // Nobody sees the copy before it is whole, and nobody needs it after a power cut.
        try target.execute(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE"
        )
        if usesLog {
            try source.execute("BEGIN")
            try source.forEachRow(of: "SELECT 1 FROM sqlite_schema LIMIT 1") { _ in }
        }
        defer {
            // Nothing was written in it.
            if usesLog { try? source.execute("ROLLBACK") }
        }
        guard let backup = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
            throw target.failure()
        }
        let outcome = Result { try run(backup, pages: max(1, stepBytes / pageSize)) }
        let status = sqlite3_backup_finish(backup)
        try outcome.get()
        guard status == SQLITE_OK else { throw target.failure() }
    }

    private static func run(_ backup: OpaquePointer, pages: Int) throws {
        var pages = Int32(clamping: pages)
        var copied: Int32 = 0
        var restarts = 0
        var waited = 0
        while true {
            try Task.checkCancellation()
            let status = sqlite3_backup_step(backup, pages)
            switch status & 0xFF {
            case SQLITE_DONE: return
            case SQLITE_OK:
                waited = 0
                let done = sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup)
                if done <= copied {
                    restarts += 1
                    pages =
                        restarts >= restartsMaximum
                        ? -1 : pages.multipliedReportingOverflow(by: 8).partialValue
                }
                copied = done
            case SQLITE_BUSY, SQLITE_LOCKED:
                guard waited < patience else {
                    throw SQLiteFailure(code: status, message: "another program keeps the database locked")
                }
                sqlite3_sleep(10)
                waited += 10
            default:
                throw SQLiteFailure(code: status, message: String(cString: sqlite3_errstr(status)))
            }
        }
    }
}
