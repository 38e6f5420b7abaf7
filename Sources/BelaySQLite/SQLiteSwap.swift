import BelayParts
import BelaySystem
import CSQLite

/// Puts a copy in the place of a live database by SQLite's backup, in one transaction.
///
/// Everybody who has it open goes on, and sees the whole old or the whole new state. If the process dies in the middle,
/// the journal brings the old state back.
struct SQLiteSwap {
    let path: String
    /// The file whose contents come.
    let copy: String
    /// Where the contents that go are kept: a path in `folder` that is not there yet.
    let kept: String
    let folder: KeptFolder

    /// How often it is tried to keep the last state and to lock the database with nobody in between.
    private static let attemptsMaximum = 20
    /// Pages that are copied before the disk is told of them.
    private static let pagesAtOnce: Int32 = 4096
    /// Milliseconds to wait for somebody else's transaction.
    private static let patience = 30_000

    /// Gives what keeps the new state from being on stable storage, if anything does.
    ///
    /// - Throws: ``SQLiteFailure``, `SystemError`, or `CancellationError`; then the live database is as it was.
    func run(_ header: SQLiteHeader) throws -> SystemError? {
        // Outlives the connections below, see there.
        let files = SQLiteFiles(path)
        return try withExtendedLifetime(files) { try run(header, files) }
    }

    private func run(_ header: SQLiteHeader, _ files: SQLiteFiles) throws -> SystemError? {
        let writer = try SQLiteConnection(path, .writing)
        let target = try SQLiteConnection(path, .writing)
        for connection in [writer, target] {
            // Makes the log, if there is to be one.
            try Self.waiting { try connection.forEachRow(of: "SELECT 1 FROM sqlite_schema LIMIT 1") { _ in } }
        }
        if header.usesLog { try fitPages(header.pageSize) }
        let source = try SQLiteConnection(copy, .immutable)
        try files.open()
        if header.usesLog {
            // A log that a power cut leaves cut short ends with the old state, so it is synchronised when nobody waits.
            try target.execute("PRAGMA synchronous = NORMAL")
            try replaceLogged(target, by: source, header, files)
            // Whoever commits next would have to do it while somebody waits. What cannot be written back now is in the
            // log, and as good there.
            try? target.execute("PRAGMA wal_checkpoint(PASSIVE)")
            return files.synchronize()
        }
        for attempt in 1...Self.attemptsMaximum {
            try Task.checkCancellation()
            guard let state = try keep(header, files, holding: attempt == 1 ? nil : writer) else { continue }
            let isReplaced = try replacing(target, by: source) { backup in
                // This lock keeps everybody out, so nothing can be kept under it.
                guard try files.fingerprint() == state else { return false }
                try Self.step(backup, -1)
                return true
            }
            if isReplaced { return files.synchronize() }
        }
        throw SQLiteFailure(code: SQLITE_BUSY, message: "other programs write to it all the while")
    }

    /// Replaces a database with a write-ahead log.
    ///
    /// The lock keeps only writers out. So most of what goes is kept before, and under it what they wrote meanwhile.
    private func replaceLogged(
        _ target: SQLiteConnection,
        by source: SQLiteConnection,
        _ header: SQLiteHeader,
        _ files: SQLiteFiles
    ) throws {
        _ = try replacing(target, by: source, isLocked: false) { backup in
            try folder.fill(kept) { arriving in
                let image = try SQLiteImage(path, header, files, now: SystemClock().now())
                let isKept = try withExtendedLifetime(image) {
                    let file = try OpenFile.creating(path: arriving)
                    try image?.write(to: file)
                    try file.synchronize()
                    // A step of no pages takes the lock and nothing else.
                    try Self.waiting { try Self.step(backup, 0) }
                    guard try image?.update(file) == true else { return false }
                    try file.synchronize()
                    return true
                }
                if isKept { return }
                try Paths.remove(arriving)
                try makeCopy(at: arriving, header)
            }
            // In pieces, so that the disk begins with the first while the others are written.
            while try Self.step(backup, Self.pagesAtOnce) { files.beginWritingLog() }
            return true
        }
    }

    /// Copies what is there; gives the fingerprint of the copied state, or `nil` if somebody wrote meanwhile.
    ///
    /// At first without keeping anybody from writing; then under a lock that `writer` holds.
    private func keep(
        _ header: SQLiteHeader,
        _ files: SQLiteFiles,
        holding writer: SQLiteConnection?
    ) throws -> String? {
        if let writer { try Self.waiting { try writer.execute("BEGIN IMMEDIATE") } }
        defer {
            // Nothing was written in it.
            if let writer { try? writer.execute("ROLLBACK") }
        }
        let before = try files.fingerprint()
        // Of an attempt before this one.
        if Paths.exists(kept) { try Paths.remove(kept) }
        try folder.fill(kept) { try makeCopy(at: $0, header) }
        return try files.fingerprint() == before ? before : nil
    }

    private func makeCopy(at arriving: String, _ header: SQLiteHeader) throws {
        let reader = try SQLiteConnection(path, .reading)
        try SQLiteCopy.make(
            of: reader,
            at: arriving,
            usesLog: header.usesLog,
            pageSize: header.pageSize
        )
        try OpenFile.reading(path: arriving).synchronize()
    }

    /// Replaces the contents of a database, under a lock, by what `body` copies; leaves them alone if that says no.
    private func replacing(
        _ target: SQLiteConnection,
        by source: SQLiteConnection,
        isLocked: Bool = true,
        _ body: (OpaquePointer) throws -> Bool
    ) throws -> Bool {
        guard let backup = sqlite3_backup_init(target.handle, "main", source.handle, "main") else {
            throw target.failure()
        }
        let outcome = Result {
            // A step of no pages takes the lock and nothing else.
            if isLocked { try Self.waiting { try Self.step(backup, 0) } }
            return try body(backup)
        }
        let status = sqlite3_backup_finish(backup)
        let isReplaced = try outcome.get()
        if isReplaced && status != SQLITE_OK { throw target.failure() }
        return isReplaced
    }

    /// Copies pages; `false` once all are copied.
    @discardableResult
    private static func step(_ backup: OpaquePointer, _ pages: Int32) throws(SQLiteFailure) -> Bool {
        let status = sqlite3_backup_step(backup, pages)
        if status != SQLITE_OK && status != SQLITE_DONE {
            throw SQLiteFailure(code: status, message: String(cString: sqlite3_errstr(status)))
        }
        return status == SQLITE_OK
    }

    /// Tries until nobody else is in the way.
    private static func waiting(_ body: () throws -> Void) throws {
        var waited = 0
        while true {
            try Task.checkCancellation()
            do {
                return try body()
            } catch let failure as SQLiteFailure where failure.isBusy {
                guard waited < patience else {
                    throw SQLiteFailure(
                        code: failure.code,
                        message: "another program keeps the database locked"
                    )
                }
                // A little, for the one that is in the way may be between two of its own.
                sqlite3_sleep(5)
                waited += 5
            }
        }
    }

    /// Gives the copy pages of the live database's size, which cannot change while it has a write-ahead log.
    private func fitPages(_ pageSize: Int) throws {
        let staged = try SQLiteConnection(copy, .writing)
        guard try staged.text("PRAGMA page_size") != "\(pageSize)" else { return }
        try staged.execute("PRAGMA journal_mode = DELETE; PRAGMA page_size = \(pageSize); VACUUM")
    }
}
