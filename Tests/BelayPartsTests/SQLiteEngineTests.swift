import BelayCore
import BelayParts
import BelaySQLite
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite struct `An SQLite database` {
    private func engine(_ scratch: Scratch, _ file: String = "a.db") -> SQLiteEngine {
        SQLiteEngine(
            name: "a",
            path: "\(scratch.path)/\(file)",
            place: file,
            scratch: "\(scratch.path)/scratch",
            kept: "\(scratch.path)/kept"
        )
    }

    /// One by whose clock nothing was written lately.
    private func resting(_ scratch: Scratch) -> SQLiteEngine {
        SQLiteEngine(
            name: "a",
            path: "\(scratch.path)/a.db",
            place: "a.db",
            scratch: "\(scratch.path)/scratch",
            kept: "\(scratch.path)/kept",
            clock: FixedClock(SystemClock().now().adding(.hour))
        )
    }

    private func make(_ scratch: Scratch, _ sql: String) throws -> SQLiteConnection {
        let database = try SQLiteConnection("\(scratch.path)/a.db", .creating)
        try database.execute(sql)
        return database
    }

    /// Dumps, and opens the copy.
    private func copy(_ scratch: Scratch) async throws -> (state: DatabaseState, copy: SQLiteConnection) {
        let sink = Sink()
        let state = try await engine(scratch).dump(to: sink)
        let bytes = try #require(sink.files["a.sqlite"])
        let path = "\(scratch.path)/copy-\(UUID().uuidString)"
        try bytes.write(to: URL(fileURLWithPath: path))
        return (state, try SQLiteConnection(path, .immutable))
    }

    private static let sample = """
        CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT NOT NULL, photo BLOB, weight REAL);
        CREATE TABLE tag(word TEXT PRIMARY KEY, n INT) WITHOUT ROWID;
        CREATE TABLE strict_one(a INTEGER, b TEXT) STRICT;
        CREATE TABLE sum(a, b, c GENERATED ALWAYS AS (a + b) VIRTUAL, d GENERATED ALWAYS AS (a * b) STORED);
        CREATE VIRTUAL TABLE note USING fts5(text);
        CREATE INDEX by_name ON person(name);
        CREATE VIEW heavy AS SELECT * FROM person WHERE weight > 80;
        CREATE TRIGGER on_person AFTER INSERT ON person BEGIN INSERT INTO note VALUES (new.name); END;
        INSERT INTO person(name, photo, weight) VALUES ('Ada', x'00FF', 61.5), ('Grace', NULL, NULL);
        INSERT INTO tag VALUES ('b', 2), ('a', 1);
        INSERT INTO strict_one VALUES (1, 'x');
        INSERT INTO sum(a, b) VALUES (1, 2), (3, 4);
        """

    @Test(arguments: ["DELETE", "TRUNCATE", "PERSIST", "WAL"], [512, 4096, 65_536])
    func `is copied with everything in it`(journal: String, pageSize: Int) async throws {
        let scratch = try Scratch()
        let setup =
            "PRAGMA page_size = \(pageSize); PRAGMA auto_vacuum = FULL; PRAGMA journal_mode = \(journal);"
        let live = try make(scratch, setup + Self.sample)
        let (state, copy) = try await copy(scratch)
        #expect(state.checks == ["integrity": "ok", "foreign_keys": "ok"])
        let rows = Dictionary(uniqueKeysWithValues: state.tables.map { ($0.name, $0.rows) })
        #expect(rows["person"] == 2 && rows["tag"] == 2 && rows["strict_one"] == 1 && rows["sum"] == 2)
        for word in ["CREATE VIEW heavy", "CREATE TRIGGER on_person", "USING fts5", "CREATE INDEX by_name"] {
            #expect(state.schema?.contains(word) == true, "\(word)")
        }
        #expect(
            try copy.text("SELECT group_concat(name || coalesce(hex(photo), '')) FROM person")
                == "Ada00FF,Grace"
        )
        #expect(try copy.text("SELECT count(*) FROM note WHERE note MATCH 'grace'") == "1")
        #expect(try copy.text("PRAGMA page_size") == "\(pageSize)")
        _ = live
    }

    /// Somebody commits all the while, through another connection.
    @Test(arguments: ["DELETE", "WAL"]) func `is one state although somebody writes it`(
        journal: String
    ) async throws {
        let scratch = try Scratch()
        let live = try make(
            scratch,
            "PRAGMA journal_mode = \(journal); CREATE TABLE a(n INT, t TEXT); CREATE TABLE b(n INT, t TEXT);"
        )
        try live.execute(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60000) "
                + "INSERT INTO a SELECT n, printf('%0200d', n) FROM c; INSERT INTO b SELECT * FROM a;"
        )
        // Not on a thread that others wait for.
        let writing = Task.detached(executorPreference: BlockingPool(width: 1)) {
            let writer = try SQLiteConnection("\(scratch.path)/a.db", .writing)
            var commits = 0
            while !Task.isCancelled {
                // Both or none.
                try writer.execute(
                    "BEGIN IMMEDIATE; INSERT INTO a VALUES (1, 'x'); INSERT INTO b VALUES (1, 'x'); COMMIT"
                )
                commits += 1
            }
            return commits
        }
        for _ in 0..<5 {
            let (state, copy) = try await copy(scratch)
            #expect(state.checks["integrity"] == "ok")
            let counts = try copy.text("SELECT (SELECT count(*) FROM a) = (SELECT count(*) FROM b)")
            #expect(counts == "1")
        }
        writing.cancel()
        #expect(try await writing.value > 0)
    }

    @Test(arguments: ["DELETE", "WAL"])
    func `has another fingerprint after each commit`(journal: String) async throws {
        let scratch = try Scratch()
        let live = try make(
            scratch,
            "PRAGMA journal_mode = \(journal); CREATE TABLE a(n INT); INSERT INTO a VALUES (1)"
        )
        let engine = engine(scratch)
        var seen: Set<String> = []
        for number in 0..<20 {
            let fingerprint = try #require(try await engine.fingerprint())
            #expect(seen.insert(fingerprint).inserted, "commit \(number)")
            #expect(try await engine.fingerprint() == fingerprint)
            try live.execute("UPDATE a SET n = n + 1")
        }
        let state = try await engine.dump(to: Sink())
        #expect(try await engine.fingerprint() == state.fingerprint, "copying is not writing")
    }

    @Test func `has the same digests as long as its rows are the same`() async throws {
        let scratch = try Scratch()
        let live = try make(scratch, Self.sample)
        func table(_ name: String) async throws -> Manifest.Table? {
            try await copy(scratch).state.tables.first { $0.name == name }
        }
        let (person, tag) = (try await table("person"), try await table("tag"))
        #expect(person?.digest?.isEmpty == false)
        try live.execute("PRAGMA user_version = 7; VACUUM")
        #expect(try await table("person") == person)
        try live.execute("UPDATE person SET name = 'ada' WHERE id = 1")
        #expect(try await table("person") != person)
        #expect(try await table("tag") == tag)
    }

    @Test func `leaves its log and the scratch folder as they were`() async throws {
        let scratch = try Scratch()
        let live = try make(
            scratch,
            "PRAGMA journal_mode = WAL; CREATE TABLE a(n INT); INSERT INTO a VALUES (1)"
        )
        func logSize() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: "\(scratch.path)/a.db-wal")[.size] as? Int
        }
        let before = try logSize()
        _ = try await engine(scratch).dump(to: Sink())
        #expect(try logSize() == before)
        #expect(try Paths.names(in: "\(scratch.path)/scratch").isEmpty)
        _ = live
    }

    @Test(arguments: ["DELETE", "TRUNCATE", "PERSIST", "WAL"])
    func `is not copied while nobody writes to it`(journal: String) async throws {
        let scratch = try Scratch()
        let live = try make(scratch, "PRAGMA journal_mode = \(journal);" + Self.sample)
        _ = try await resting(scratch).dump(to: Sink())
        // What a journal that persists holds is for SQLite to tell.
        #expect(Paths.exists("\(scratch.path)/scratch") == (journal == "PERSIST"))
        _ = live
    }

    /// What others do while the state is read: after each piece they write, and write the log back or begin it anew.
    @Test(arguments: ["WAL", "WAL, written back", "DELETE"], ["PASSIVE", "FULL", "RESTART", "TRUNCATE"])
    func `is the state of one moment, whatever others do after it`(
        before: String,
        checkpoint: String
    ) async throws {
        let scratch = try Scratch()
        let journal = before.split(separator: ",")[0]
        let live = try make(
            scratch,
            "PRAGMA journal_mode = \(journal); CREATE TABLE a(n INTEGER PRIMARY KEY, t TEXT);"
        )
        try live.execute(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) "
                + "INSERT INTO a SELECT n, printf('%0100d', n) FROM c"
        )
        if before != journal { try live.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
        try live.execute("UPDATE a SET t = 'changed' WHERE n % 1000 = 7")
        let digest = "SELECT sum(n), sum(length(t)), group_concat(t) FROM a WHERE n % 100 = 7"
        let expected = try live.text(digest)
        var pieces = 0
        let sink = Sink(pieceBytes: 256 << 10) {
            pieces += 1
            // Others' failures, such as a lock that is held, are theirs.
            try? live.execute(
                "UPDATE a SET t = 'later \(pieces)' WHERE n % 7 = \(pieces % 7); DELETE FROM a WHERE n < 50"
            )
            try? live.execute("PRAGMA wal_checkpoint(\(checkpoint))")
        }
        let state = try await resting(scratch).dump(to: sink)
        #expect(pieces > 4)
        #expect(state.checks["integrity"] == "ok")
        let path = "\(scratch.path)/copy.db"
        try #require(sink.files["a.sqlite"]).write(to: URL(fileURLWithPath: path))
        let copy = try SQLiteConnection(path, .immutable)
        #expect(try copy.text("PRAGMA integrity_check") == "ok")
        #expect(state.tables.map(\.rows) == [UInt64(try copy.text("SELECT count(*) FROM a") ?? "") ?? 0])
        if journal == "WAL" {
            #expect(try copy.text(digest) == expected)
            #expect(!Paths.exists("\(scratch.path)/scratch"), "it was not copied")
        }
    }

    @Test func `is refused if it is none`() async throws {
        let scratch = try Scratch()
        try scratch.write(String(repeating: "no database, or an encrypted one. ", count: 10), to: "a.db")
        let error = await #expect(throws: BelayError.self) { try await engine(scratch).dump(to: Sink()) }
        #expect(error?.code == .databaseUnreadable && error?.message.contains("encrypted") == true)
        let missing = await #expect(throws: BelayError.self) {
            try await engine(scratch, "none.db").dump(to: Sink())
        }
        #expect(missing?.code == .databaseUnreadable)
    }

    @Test func `that is damaged is stored, and said to be`() async throws {
        let scratch = try Scratch()
        do { _ = try make(scratch, Self.sample) }
        let handle = try #require(FileHandle(forUpdatingAtPath: "\(scratch.path)/a.db"))
        try handle.seek(toOffset: 4096 + 1)
        try handle.write(contentsOf: Data(repeating: 0xAA, count: 3_000))
        try handle.close()
        let state = try await engine(scratch).dump(to: Sink())
        #expect(state.checks["integrity"] != "ok")
    }
}
