import BelaySystem

/// Puts the tables and the code of one database in the place of another's, on the same server.
///
/// A database cannot be renamed, but tables can be moved: **one `RENAME TABLE` moves all live tables away and all new
/// ones in**, whole or not at all for whoever reads and writes them, and since MariaDB 10.6 also if the server dies.
/// Triggers keep a table from being moved, and views, routines and events cannot be moved. So the live triggers
/// are dropped right before, and all code is made anew right after. These statements go to the server as one text,
/// which it carries out to its end even if belay is killed, and which ends with the removal of what was staged.
/// In between, for milliseconds, and for the two seconds that it waits for whoever holds a table: whoever still writes
/// to a live table does so without its triggers; then whoever calls a routine or reads a view may find the old one, or
/// none. If a statement fails, all is put back. If the **server** dies in between, the tables are all old or all new,
/// and the code of both is in the table `_belay_code` of the kept and the staged database.
struct MariaDBExchange {
    let client: MariaDBClient
    let live: String
    /// A folder for scratch files.
    let scratch: String

    /// How often who holds a live table is cut off.
    private static let attempts = 5
    /// Seconds to wait for who holds a live table; meanwhile its triggers are gone.
    private static let patienceSeconds = 2
    /// The server's number for a lock that was not to be had in that time.
    private static let lockWaitTimeout = 1205
    /// The server's number for a connection that is not there.
    private static let noSuchConnection = 1094
    /// How often it is looked, ten times a second, whether connections are gone that were ended.
    private static let looks = 100

    private struct Contents {
        var tables: [String] = []
        var views: [String] = []
        var triggers: [String] = []
        var events: [String] = []
        /// With their kinds, as a statement names them.
        var routines: [(kind: String, name: String)] = []
    }

    /// Moves all that `source` holds into the live database, and what that held into the new database `kept`.
    ///
    /// `source` is gone then. `false` if there was no live database, so that there is none to keep.
    ///
    /// - Throws: ``MariaDBFailure``; then the live database is as it was, unless that says otherwise.
    func run(from source: String, keeping kept: String) throws -> Bool {
        let code = MariaDBCode(
            hexadecimal: try client.rows(MariaDBCode.reading(from: source)).flatMap(\.self)
        )
        let sets = try client.rows(
            """
            SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA
            WHERE SCHEMA_NAME = \(live.quotedText)
            """
        )
        guard let set = sets.first, set.count == 2 else {
            // Fails if somebody else has made it meanwhile: what is taken away below is ours.
            try client.rows("CREATE DATABASE \(live.quotedName)")
            try carryOut(from: source) {
                try move(in: source, out: nil, code, after: [])
            } undo: {
                try takeAway(to: source)
            } orTell: {
                "and taking it away again failed, so a part of it is live"
            }
            return false
        }
        try refuseOutsiders(source)
        let old = try liveCode()
        // Not before: a database of that name without its tables must not stay if belay is killed.
        let making = """
            CREATE DATABASE IF NOT EXISTS \(kept.quotedName) CHARACTER SET \(set[0]) COLLATE \(set[1]);
            DROP TABLE IF EXISTS \(kept.quotedName).\(MariaDBCode.table);\n
            """
        let hasTables = try !contents(of: source).tables.isEmpty
        try carryOut(from: source) {
            try move(in: source, out: kept, code, after: Array(making.utf8) + old.storing(in: kept))
        } undo: {
            try putBack(old, from: kept, to: source, hadTables: hasTables)
        } orTell: {
            whereItIs(old, kept, source, hadTables: hasTables)
        }
        return true
    }

    /// Carries an exchange out, or undoes it if it failed and is not done all the same.
    private func carryOut(
        from source: String,
        _ exchange: () throws -> Void,
        undo: () throws -> Void,
        orTell tell: () -> String
    ) throws {
        // Only what was there before can be gone: names may be told in another way than they were given.
        let wasThere = try client.knows(source)
        do { try exchange() } catch let first {
            do {
                // If the connection alone broke off, the server is still at it.
                try cutOff(source)
                // Its removal comes last: where that was done, the answer is all that was lost.
                if wasThere, try !client.knows(source) { return }
                try undo()
            } catch {
                throw MariaDBFailure("\(first); \(tell()): \(error)")
            }
            throw first
        }
    }

    /// Foreign keys of other databases would go along with the tables that they refer to.
    private func refuseOutsiders(_ source: String) throws {
        let outside = try client.rows(
            """
            SELECT DISTINCT CONCAT(CONSTRAINT_SCHEMA, '.', TABLE_NAME) FROM information_schema.REFERENTIAL_CONSTRAINTS
            WHERE UNIQUE_CONSTRAINT_SCHEMA = \(live.quotedText)
              AND CONSTRAINT_SCHEMA NOT IN (\(live.quotedText), \(source.quotedText)) ORDER BY 1
            """
        ).flatMap(\.self)
        guard outside.isEmpty else {
            throw MariaDBFailure(
                "tables of other databases refer to it by foreign keys: \(outside.joined(separator: ", "))"
            )
        }
    }

    /// The triggers, views, routines and events of the live database.
    private func liveCode() throws -> MariaDBCode {
        let running = try client.dumping(live, withRows: false)
        var reader = MariaDBDumpReader()
        var room = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = try running.read(into: &room)
            if count == 0 { break }
            room.withUnsafeBytes { reader.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        guard try running.finish().isSuccess else { throw MariaDBFailure(said: running.said) }
        guard reader.isComplete else { throw MariaDBFailure("the dump ended before its last line") }
        return reader.code
    }

    private func contents(of database: String) throws -> Contents {
        let name = database.quotedText
        var contents = Contents()
        let rows = try client.rows(
            """
            SELECT TABLE_TYPE, TABLE_NAME FROM information_schema.TABLES
              WHERE TABLE_SCHEMA = \(name) AND TABLE_NAME <> '\(MariaDBCode.table)'
                AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE', 'VIEW');
            SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = \(name);
            SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = \(name);
            SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = \(name);
            """
        )
        for row in rows where row.count == 2 {
            switch row[0] {
            case "BASE TABLE", "SYSTEM VERSIONED", "SEQUENCE": contents.tables.append(row[1])
            case "VIEW": contents.views.append(row[1])
            case "TRIGGER": contents.triggers.append(row[1])
            case "EVENT": contents.events.append(row[1])
            // It goes with its package.
            case "PACKAGE BODY": break
            default: contents.routines.append((row[0], row[1]))
            }
        }
        return contents
    }

    // MARK: - Moving

    /// Moves the live tables out and those of another database in, and makes its code; all that after other
    /// statements, in one text.
    ///
    /// Whoever holds what is to be moved or made anew is cut off.
    private func move(
        in source: String,
        out target: String?,
        _ code: MariaDBCode,
        after first: [UInt8]
    ) throws {
        let hadTables = try !contents(of: source).tables.isEmpty
        let end = Array("DROP DATABASE \(source.quotedName);\n".utf8)
        try insisting(source) {
            // What comes after the tables waits for locks as well; what is live then must not be moved out.
            let moving =
                try hasMoved(from: source, to: target, hadTables: hadTables)
                ? script(in: source, out: nil) : first + script(in: source, out: target)
            try carryOut(moving + code.script + end)
        }
    }

    /// Whether the tables have changed places: all, or none.
    ///
    /// `hadTables` tells whether there were any in `source`; there were none in `target`.
    private func hasMoved(from source: String, to target: String?, hadTables: Bool) throws -> Bool {
        if hadTables { return try contents(of: source).tables.isEmpty }
        guard let target else { return false }
        return try !contents(of: target).tables.isEmpty
    }

    /// Tries again where a lock was not to be had, having cut off whoever may hold it.
    private func insisting(_ other: String, _ body: () throws -> Void) throws {
        var refusal: String?
        for attempt in 1... {
            do {
                return try body()
            } catch let error as MariaDBFailure where error.number == Self.lockWaitTimeout {
                guard attempt < Self.attempts else {
                    guard let refusal else { throw error }
                    throw MariaDBFailure("\(error); \(refusal)")
                }
                refusal = try cutOff(other)
            }
        }
    }

    private func script(in source: String, out target: String?) throws -> [UInt8] {
        let present = try contents(of: live)
        let new = try contents(of: source)
        func name(_ name: String, in database: String) -> String {
            "\(database.quotedName).\(name.quotedName)"
        }
        var lines = present.triggers.map { "DROP TRIGGER \(name($0, in: live))" }
        // Views and tables share their names.
        lines += present.views.filter(new.tables.contains).map { "DROP VIEW \(name($0, in: live))" }
        var moves: [String] = []
        if let target {
            moves = present.tables.map { "\(name($0, in: live)) TO \(name($0, in: target))" }
        }
        moves += new.tables.map { "\(name($0, in: source)) TO \(name($0, in: live))" }
        if !moves.isEmpty { lines.append("RENAME TABLE \(moves.joined(separator: ", "))") }
        lines += present.events.map { "DROP EVENT IF EXISTS \(name($0, in: live))" }
        lines += present.views.map { "DROP VIEW IF EXISTS \(name($0, in: live))" }
        lines += present.routines.map { "DROP \($0.kind) IF EXISTS \(name($0.name, in: live))" }
        return Array(lines.map { $0 + ";\n" }.joined().utf8)
    }

    /// Hands statements to the server as one text, which it carries out until one fails.
    private func carryOut(_ script: [UInt8]) throws {
        if script.isEmpty { return }
        // No person's code holds that; the client takes up to 15 characters.
        let mark = "$$\(UInt32.random(in: UInt32.max / 2...UInt32.max))$$"
        let text =
            Array("SET SESSION lock_wait_timeout = \(Self.patienceSeconds);\nDELIMITER \(mark)\n".utf8)
            + script + Array("\(mark)\n".utf8)
        let folder = try ScratchFolder(in: scratch, for: live)
        defer {
            // What is left is removed by a later run.
            try? folder.remove()
        }
        let path = "\(folder.path)/exchange.sql"
        let file = try OpenFile.creating(path: path)
        try text.withUnsafeBytes { try file.write($0) }
        try client.run(path, in: live)
    }

    /// Ends the connections that use the live database or another one, and waits until they are gone.
    ///
    /// Gives what the server says of one that may not be ended.
    @discardableResult
    private func cutOff(_ other: String) throws -> String? {
        let found = try client.rows(
            """
            SELECT ID FROM information_schema.PROCESSLIST
            WHERE DB IN (\(live.quotedText), \(other.quotedText)) AND ID <> CONNECTION_ID()
            """
        )
        var ended: [String] = []
        var refusal: String?
        for connection in found.flatMap(\.self) {
            do {
                try client.rows("KILL CONNECTION \(connection)")
                ended.append(connection)
            } catch let failure as MariaDBFailure where failure.number == Self.noSuchConnection {
                // It has ended meanwhile, which is as good.
            } catch let failure as MariaDBFailure {
                // It may not be in the way; if it is, the next attempt fails, and this is told.
                refusal = "connection \(connection) uses it and cannot be ended: \(failure)"
            }
        }
        if ended.isEmpty { return refusal }
        // One that ends its statement, or takes its transaction back, is still at it.
        let rest =
            "SELECT ID FROM information_schema.PROCESSLIST WHERE ID IN (\(ended.joined(separator: ", ")))"
        for _ in 0..<Self.looks {
            if try client.rows(rest).isEmpty { break }
            try client.rows("DO SLEEP(0.1)")
        }
        return refusal
    }

    // MARK: - Undoing

    /// Makes the live database what it was, after a failure at any place.
    private func putBack(
        _ old: MariaDBCode,
        from kept: String,
        to source: String,
        hadTables: Bool
    ) throws {
        if try hasMoved(from: source, to: kept, hadTables: hadTables) {
            return try move(in: kept, out: source, old, after: [])
        }
        // What is all there is not made anew: the account may not be allowed to. A dump that fails shows that something
        // is missing, such as a view that others read.
        if (try? liveCode()) != old {
            do {
                try insisting(source) {
                    // Without any tables nothing keeps new code from being made, so that there may be some.
                    let isEmpty = try contents(of: live).tables.isEmpty
                    try carryOut((isEmpty ? script(in: kept, out: nil) : []) + old.script)
                }
            } catch {
                // As above. What somebody holds was not to be had, but need not have been missing.
                if (try? liveCode()) != old { throw error }
            }
        }
        // The account may not be allowed to name it, which is why there is none then.
        if try client.knows(kept) { try client.rows("DROP DATABASE \(kept.quotedName)") }
    }

    /// What became of the live database that could not be put back.
    private func whereItIs(
        _ old: MariaDBCode,
        _ kept: String,
        _ source: String,
        hadTables: Bool
    ) -> String {
        let code = "triggers, views, routines and events"
        let text = "in the table \(MariaDBCode.table) of the database '\(kept)'"
        // Of a server that says nothing more it cannot be known.
        let hasMoved = try? hasMoved(from: source, to: kept, hadTables: hadTables)
        return switch hasMoved {
        case true?:
            "and putting it back failed, so what it held is in the database '\(kept)', and its \(code) are \(text)"
        // As above: a dump fails where something is missing.
        case false? where (try? liveCode()) == old:
            "and clearing up failed, but all of it is live, and nothing in the database '\(kept)' is needed"
        case false?:
            "and putting it back failed: its tables are live, but not all of its \(code), whose text is \(text)"
        case nil:
            "and putting it back failed, so what it held is live or in the database '\(kept)', and its \(code) are \(text)"
        }
    }

    /// Removes the live database that was just made, and gives `source` back what it held.
    private func takeAway(to source: String) throws {
        try insisting(source) {
            let made = try contents(of: live)
            var lines = made.triggers.map { "DROP TRIGGER \(live.quotedName).\($0.quotedName)" }
            let moves = made.tables.map(\.quotedName).map {
                "\(live.quotedName).\($0) TO \(source.quotedName).\($0)"
            }
            if !moves.isEmpty { lines.append("RENAME TABLE \(moves.joined(separator: ", "))") }
            lines.append("DROP DATABASE \(live.quotedName)")
            try carryOut(Array(lines.map { $0 + ";\n" }.joined().utf8))
        }
    }
}
