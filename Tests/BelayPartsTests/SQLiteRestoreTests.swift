import BelayCore
import BelayParts
import BelaySQLite
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite struct `An SQLite database that is brought back` {
    private let moment = Timestamp(seconds: 1_795_000_000)

    private func engine(_ scratch: Scratch) -> SQLiteEngine {
        SQLiteEngine(
            name: "a",
            path: "\(scratch.path)/a.db",
            place: "a.db",
            scratch: "\(scratch.path)/scratch",
            kept: "\(scratch.path)/kept"
        )
    }

    private func open(_ scratch: Scratch) throws -> SQLiteConnection {
        try SQLiteConnection("\(scratch.path)/a.db", .creating)
    }

    /// Stores what is there.
    private func store(_ scratch: Scratch) async throws -> (Manifest.Database, StoredPart) {
        let sink = Sink()
        let state = try await engine(scratch).dump(to: sink)
        let database = Manifest.Database(
            name: "a",
            engine: "sqlite",
            path: ".belay/databases/a.sqlite",
            tables: state.tables,
            checks: state.checks
        )
        return (database, StoredPart(sink))
    }

    private func count(_ path: String) throws -> String? {
        try SQLiteConnection(path, .immutable).text("SELECT count(*) || ' ' || sum(n) FROM t")
    }

    @Test(arguments: ["DELETE", "TRUNCATE", "PERSIST", "WAL"], [512, 4096, 65_536])
    func `is seen by those who have it open, and what it replaced is kept`(
        journal: String,
        pageSize: Int
    ) async throws {
        let scratch = try Scratch()
        let live = try open(scratch)
        try live.execute(
            "PRAGMA page_size = \(pageSize); PRAGMA journal_mode = \(journal); CREATE TABLE t(n INT);"
                + "INSERT INTO t VALUES (1), (2), (3); CREATE INDEX i ON t(n)"
        )
        let (database, source) = try await store(scratch)
        try live.execute("DROP INDEX i; DELETE FROM t; CREATE TABLE other(a); INSERT INTO t VALUES (40)")
        let engine = engine(scratch)
        let staged = try await engine.stage(database, from: source)
        #expect(DatabaseComparison.differences(database.tables, try await staged.survey().tables).isEmpty)
        #expect(try live.text("SELECT sum(n) FROM t") == "40")
        let kept = try #require(try await staged.swap(at: moment))
        try await staged.discard()
        #expect(try live.text("SELECT count(*) || ' ' || sum(n) FROM t") == "3 6")
        #expect(try live.text("SELECT count(*) FROM sqlite_schema WHERE name = 'other'") == "0")
        #expect(try live.text("PRAGMA integrity_check") == "ok")
        #expect(try count(kept.place) == "1 40")
        #expect(try await engine.kept() == [kept])
        try live.execute("INSERT INTO t VALUES (100)")

        let second = try #require(try await engine.takeBack(kept, at: moment.adding(TimeSpan(seconds: 5))))
        #expect(try live.text("SELECT sum(n) FROM t") == "40")
        #expect(try count(second.place) == "4 106")
        try await engine.drop(kept)
        #expect(try await engine.kept() == [second])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(scratch.path)/scratch").isEmpty)
    }

    /// Every write that was acknowledged is in what is kept, or in what is live afterwards.
    ///
    /// The log is begun anew now and then, or nearly always, or pages come and go at the end of the file.
    @Test(arguments: ["DELETE", "WAL", "WAL, small", "WAL, shrinking"])
    func `loses no write that was acknowledged`(way: String) async throws {
        let journal = way.split(separator: ",")[0]
        let scratch = try Scratch()
        let live = try open(scratch)
        try live.execute("PRAGMA auto_vacuum = FULL")
        try live.execute("PRAGMA journal_mode = \(journal); CREATE TABLE t(n INT); CREATE TABLE pad(x)")
        try live.execute(
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 20000) "
                + "INSERT INTO pad SELECT printf('%0500d', n) FROM c"
        )
        let (database, source) = try await store(scratch)
        let path = "\(scratch.path)/a.db"
        let writing = Task.detached(executorPreference: BlockingPool(width: 1)) {
            let writer = try SQLiteConnection(path, .writing)
            if way == "WAL, small" { try writer.execute("PRAGMA wal_autocheckpoint = 3") }
            var written = 0
            while !Task.isCancelled {
                try writer.execute("INSERT INTO t VALUES (\(written))")
                written += 1
                guard way == "WAL, shrinking" else { continue }
                try writer.execute(
                    written % 40 < 20
                        ? "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS more(x); "
                            + "INSERT INTO more VALUES (zeroblob(20000)); COMMIT"
                        : "DROP TABLE IF EXISTS more"
                )
            }
            return written
        }
        var kept: [KeptDatabase] = []
        for round in 0..<4 {
            let staged = try await engine(scratch).stage(database, from: source)
            kept.append(
                try #require(try await staged.swap(at: moment.adding(TimeSpan(seconds: Int64(round)))))
            )
            try await staged.discard()
        }
        writing.cancel()
        let written = try await writing.value
        var seen: Set<String> = []
        for path in kept.map(\.place) + [path] {
            let database = try SQLiteConnection(path, path == kept.last?.place ? .immutable : .reading)
            #expect(try database.text("PRAGMA integrity_check") == "ok")
            #expect(try database.text("SELECT count(*) FROM pad") == "20000")
            try database.forEachRow(of: "SELECT n FROM t") { row in seen.insert(row.text(0) ?? "") }
        }
        #expect(written > 0 && seen.count == written, "\(written) written, \(seen.count) found")
    }

    @Test func `comes as a file where there is none, and where there is no database`() async throws {
        let scratch = try Scratch()
        try open(scratch).execute("CREATE TABLE t(n INT); INSERT INTO t VALUES (7)")
        let (database, source) = try await store(scratch)
        let path = "\(scratch.path)/a.db"
        try FileManager.default.removeItem(atPath: path)
        let engine = engine(scratch)
        var staged = try await engine.stage(database, from: source)
        #expect(try await staged.swap(at: moment) == nil)
        try await staged.discard()
        #expect(try count(path) == "1 7")

        try scratch.write("no database at all", to: "a.db")
        try scratch.write("of something else", to: "a.db-wal")
        chmod(path, 0o640)
        staged = try await engine.stage(database, from: source)
        let kept = try #require(try await staged.swap(at: moment))
        try await staged.discard()
        #expect(try count(path) == "1 7")
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        #expect(try String(contentsOfFile: kept.place, encoding: .utf8) == "no database at all")
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
    }

    @Test func `is left as it was while somebody keeps it locked`() async throws {
        let scratch = try Scratch()
        let live = try open(scratch)
        try live.execute("CREATE TABLE t(n INT); INSERT INTO t VALUES (1)")
        let (database, source) = try await store(scratch)
        try live.execute("DELETE FROM t; BEGIN EXCLUSIVE")
        let staged = try await engine(scratch).stage(database, from: source)
        let swapping = Task { try await staged.swap(at: moment) }
        swapping.cancel()
        await #expect(throws: (any Error).self) { try await swapping.value }
        try live.execute("COMMIT")
        try await staged.discard()
        #expect(try live.text("SELECT count(*) FROM t") == "0")
    }

    @Test func `is tried out beside the live one`() async throws {
        let scratch = try Scratch()
        try open(scratch).execute("CREATE TABLE t(n INT); INSERT INTO t VALUES (7)")
        let (database, source) = try await store(scratch)
        let state = try await engine(scratch).rehearse(database, from: source)
        #expect(DatabaseComparison.differences(database.tables, state.tables).isEmpty)
        var damaged = source
        damaged.contents["a.sqlite"]?.removeLast(4096)
        let found = try await engine(scratch).rehearse(database, from: damaged)
        #expect(found.checks["integrity"] != "ok")
    }
}
