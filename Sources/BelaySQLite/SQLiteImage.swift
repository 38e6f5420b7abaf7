import BelayCore
import BelayParts
import BelaySystem
import CSQLite

/// One state of a live database, as the file that it would be, read while others go on writing.
///
/// With a write-ahead log a read transaction holds the state: no checkpoint overwrites a page that it needs, and the log
/// is not begun anew, so the newest frame of a page stands for that page. Without a log nothing could hold it but a lock
/// that keeps writers waiting; then the file is read without one, and believed if nobody has written meanwhile.
///
/// `@unchecked Sendable`: the connection is used by one task, all else is not changed after `init`.
final class SQLiteImage: @unchecked Sendable {
    /// Looks at the same state.
    private(set) var connection: SQLiteConnection?
    /// Bytes.
    let size: UInt64
    private let pageSize: UInt64
    private let files: SQLiteFiles
    /// Where the newest contents of pages are in the log, by the pages' numbers from 0.
    private let frames: [UInt64: UInt64]
    /// What the files must still tell for the state to be one; `nil` if a transaction holds it.
    private let expected: String?
    /// The log as it was for this state; `nil` without one.
    private let index: SQLiteLogIndex?

    /// How often a transaction is begun that no commit of somebody else falls into.
    private static let attemptsMaximum = 20
    /// Seconds for which nobody must have written to a file that is read without a lock: longer than the steps of any
    /// file system's clock.
    private static let rest: Int64 = 3

    /// `nil` if the state can only be had by a copy.
    ///
    /// `files` are opened, and must outlive this.
    ///
    /// - Throws: ``SQLiteFailure`` or `SystemError`.
    init?(_ path: String, _ header: SQLiteHeader, _ files: SQLiteFiles, now: Timestamp) throws {
        self.files = files
        pageSize = UInt64(header.pageSize)
        let connection: SQLiteConnection
        if header.usesLog {
            connection = try Self.connect(path)
            try files.open()
            guard let index = try Self.begin(connection, files) else { return nil }
            let inLog = index.hasAllInFile ? [:] : try index.frames(in: files, pageSize: pageSize)
            guard let inLog else { return nil }
            frames = inLog
            self.index = index
            expected = nil
        } else {
            try files.open()
            guard let fingerprint = try files.fingerprint(), try files.isAtRest(for: Self.rest, now: now)
            else {
                return nil
            }
            connection = try SQLiteConnection(path, .unlocked)
            frames = [:]
            index = nil
            expected = fingerprint
        }
        guard let count = try connection.text("PRAGMA page_count").flatMap({ UInt64($0) }) else { return nil }
        size = count * pageSize
        self.connection = connection
        // A file that is cut short is for SQLite to judge.
        let inFile = try files.length() / pageSize
        if inFile < count, !(inFile..<count).allSatisfy({ frames[$0] != nil }) { return nil }
    }

    deinit {
        // Before the files are closed, which would take its locks away.
        connection = nil
    }

    /// Whether all that was read until now is one state.
    func isOneState() throws(SystemError) -> Bool {
        guard let expected else { return true }
        if try files.hasJournal() { return false }
        return try files.fingerprint() == expected
    }

    /// Reads at `offset` until `target` is full or the state ends; gives the bytes read.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) -> Int {
        guard offset < size else { return 0 }
        let count = Int(min(UInt64(target.count), size - offset))
        let room = UnsafeMutableRawBufferPointer(rebasing: target[..<count])
        // What lies behind the end is in the log, see `init`.
        _ = try files.read(into: room, at: offset)
        if frames.isEmpty { return count }
        let end = offset + UInt64(count)
        for page in (offset / pageSize)...((end - 1) / pageSize) {
            guard let frame = frames[page] else { continue }
            let start = page * pageSize
            let part = max(start, offset)..<min(start + pageSize, end)
            try files.readLog(
                into: UnsafeMutableRawBufferPointer(
                    rebasing: room[Int(part.lowerBound - offset)..<Int(part.upperBound - offset)]
                ),
                at: frame + (part.lowerBound - start)
            )
        }
        return count
    }

    /// Writes the state into a file.
    func write(to file: borrowing OpenFile) throws {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { room.deallocate() }
        var offset: UInt64 = 0
        while true {
            try Task.checkCancellation()
            let count = try read(into: room, at: offset)
            if count == 0 { return }
            try file.write(UnsafeRawBufferPointer(rebasing: room[..<count]), at: offset)
            offset += UInt64(count)
        }
    }

    /// Makes a file that holds this state hold the newest one, while a lock keeps all others from writing; `false` if
    /// it cannot be told what was written since.
    func update(_ file: borrowing OpenFile) throws(SystemError) -> Bool {
        guard let index, let now = try files.logIndex() else { return false }
        if now.header == index.header { return true }
        // The log was begun anew, which happens once at most while this state is held, and only if all of it was in the
        // database's file.
        let isAnew = now.salts != index.salts
        if isAnew && !index.hasAllInFile { return false }
        let changes = try now.frames(from: isAnew ? 0 : index.frameCount, in: files, pageSize: pageSize)
        guard let changes, !changes.isEmpty, now.pageCount > 0 else { return false }
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(pageSize), alignment: 4096)
        defer { page.deallocate() }
        for (number, frame) in changes where number < now.pageCount {
            try files.readLog(into: page, at: frame)
            try file.write(UnsafeRawBufferPointer(page), at: number * pageSize)
        }
        try file.resize(to: UInt64(now.pageCount) * pageSize)
        return true
    }

    /// Looks at what is in it.
    func survey() throws -> SQLiteSurvey {
        guard let connection else { throw SQLiteFailure(code: SQLITE_MISUSE, message: "it is closed") }
        return try SQLiteSurvey(of: connection)
    }

    private static func connect(_ path: String) throws -> SQLiteConnection {
        let hadLog = Paths.exists(path + "-wal")
        let connection = try SQLiteConnection(path, .reading)
        if hadLog { belay_sqlite_leave_log(connection.handle) }
        // Makes the log and its index, if they are not there.
        try connection.forEachRow(of: "SELECT 1 FROM sqlite_schema LIMIT 1") { _ in }
        return connection
    }

    /// Begins a read transaction, and tells which state it sees; `nil` if commits of others keep falling into that.
    private static func begin(_ connection: SQLiteConnection, _ files: SQLiteFiles) throws -> SQLiteLogIndex?
    {
        for _ in 0..<attemptsMaximum {
            let before = try files.logIndex()
            try connection.execute("BEGIN")
            try connection.forEachRow(of: "SELECT 1 FROM sqlite_schema LIMIT 1") { _ in }
            // In this order: a log that was written back whole, and that the transaction does not look at, may be begun
            // anew, which changes the header.
            guard let index = try files.logIndex() else { return nil }
            if let before, try files.logIndex()?.header == before.header, index.header == before.header {
                return index
            }
            try connection.execute("ROLLBACK")
        }
        return nil
    }
}
