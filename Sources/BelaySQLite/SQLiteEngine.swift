import BelayCore
package import BelayParts
package import BelaySystem
import CSQLite

/// A database file of SQLite's.
package struct SQLiteEngine: DatabaseEngine {
    package let kind = "sqlite"

    package let name: String
    let path: String
    private let place: String?
    let scratch: String
    let keptFolder: KeptFolder
    private let clock: any WallClock

    /// The database `name` in the file at the absolute `path`.
    ///
    /// `place` is the path below the project's directory, if it lies there; `scratch` a folder in which copies are made,
    /// `kept` one for states that were replaced.
    package init(
        name: String,
        path: String,
        place: String?,
        scratch: String,
        kept: String,
        clock: any WallClock = SystemClock()
    ) {
        self.name = name
        self.path = path
        self.place = place
        self.scratch = scratch
        keptFolder = KeptFolder(kept, suffix: ".sqlite")
        self.clock = clock
    }

    package var advice: EngineAdvice {
        EngineAdvice(
            reading:
                "check it with `sqlite3 FILE 'PRAGMA integrity_check'`; where a program keeps it locked, try again later",
            restoring: "it is as it was; restore its file elsewhere with `belay restore SNAP --to DIR`",
            path: path
        )
    }

    package func fingerprint() async throws -> String? {
        try await reading { SQLiteFingerprint.take(of: path) }
    }

    package func dump(to sink: any PartSink) async throws -> DatabaseState {
        try await reading {
            let header = try readHeader()
            // First of all: what is written meanwhile makes the next run store it again.
            let fingerprint = SQLiteFingerprint.take(of: path)
            if let state = try await storeLive(header, fingerprint, in: sink) { return state }
            return try await ScratchFolder.with(in: scratch, for: name) { folder in
                let copy = "\(folder)/\(name).sqlite"
                try makeCopy(at: copy, header)
                async let survey = SQLiteSurvey(copy)
                let file = try OpenFile.reading(path: copy)
                try await sink.store("\(name).sqlite", standingFor: place) { try file.read(into: $0) }
                return state(try await survey, fingerprint)
            }
        }
    }

    /// Stores the live database as it is at this moment, without a copy; `nil` if that cannot be had.
    private func storeLive(
        _ header: SQLiteHeader,
        _ fingerprint: String?,
        in sink: any PartSink
    ) async throws -> DatabaseState? {
        let files = SQLiteFiles(path)
        guard header.pageCount > 0, let image = try SQLiteImage(path, header, files, now: clock.now()) else {
            return nil
        }
        do {
            async let survey = image.survey()
            var offset: UInt64 = 0
            try await sink.store("\(name).sqlite", standingFor: place) { room in
                let count = try image.read(into: room, at: offset)
                offset += UInt64(count)
                return count
            }
            let state = self.state(try await survey, fingerprint)
            return try image.isOneState() ? state : nil
        } catch let failure as SQLiteFailure {
            if try image.isOneState() { throw failure }
            // Somebody wrote to what was read.
            return nil
        }
    }

    func state(_ found: SQLiteSurvey, _ fingerprint: String?) -> DatabaseState {
        var state = DatabaseState()
        state.version = found.version
        state.tables = found.tables
        state.schema = found.schema
        state.fingerprint = fingerprint
        state.checks["integrity"] = found.integrity
        state.checks["foreign_keys"] =
            found.danglingKeys == 0 ? "ok" : "\(found.danglingKeys) rows point at nothing"
        return state
    }

    private func readHeader() throws -> SQLiteHeader {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try readStart(path: path, count: SQLiteHeader.length)
        } catch {
            throw BelayError(
                .databaseUnreadable,
                "the database '\(name)' cannot be read: \(error.reason)",
                hint: "check the path under `databases` in belay.yaml",
                subjects: [path],
                cause: error
            )
        }
        // An empty file is an empty database.
        if bytes.isEmpty { return SQLiteHeader.empty }
        guard let header = bytes.withUnsafeBytes({ SQLiteHeader($0) }) else {
            throw BelayError(
                .databaseUnreadable,
                "the database '\(name)' is no SQLite database, or it is encrypted",
                hint: "use `dump:` and `restore:` with the commands of the program that it belongs to",
                subjects: [path]
            )
        }
        return header
    }

    private func makeCopy(at copy: String, _ header: SQLiteHeader) throws {
        let hadLog = Paths.exists(path + "-wal")
        let source = try SQLiteConnection(path, .reading)
        if hadLog { belay_sqlite_leave_log(source.handle) }
        try SQLiteCopy.make(of: source, at: copy, usesLog: header.usesLog, pageSize: header.pageSize)
    }
}

extension SQLiteHeader {
    /// That of a database to which nothing has been written yet.
    static let empty = SQLiteHeader(pageSize: 4096, usesLog: false, changeCounter: 0, pageCount: 0)

    private init(pageSize: Int, usesLog: Bool, changeCounter: UInt32, pageCount: UInt32) {
        self.pageSize = pageSize
        self.usesLog = usesLog
        self.changeCounter = changeCounter
        self.pageCount = pageCount
    }
}
