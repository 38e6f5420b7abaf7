import BelaySQLite
import Foundation
import Testing

@Suite struct `belay diff inside databases` {
    /// A project with a database that git ignores, documents, a stream and a capture, all in one snapshot.
    private func makeSandbox() async throws -> (sandbox: Sandbox, live: SQLiteConnection) {
        let sandbox = try Sandbox()
        try sandbox.write("notes.txt", "text\n")
        try sandbox.write("words.txt", "one\ntwo\n")
        try sandbox.write("json/tasks.json", #"[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]"#)
        try sandbox.write(".gitignore", "data/\n")
        try await sandbox.run(["/usr/bin/git", "init", "-q"])
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              main: { sqlite: data/main.db }
              tasks: { json: json }
              any: { dump: "cat notes.txt", restore: "cat" }
            captures:
              words: { run: "cat words.txt" }

            """
        )
        try FileManager.default.createDirectory(
            atPath: "\(sandbox.project)/data",
            withIntermediateDirectories: true
        )
        let live = try SQLiteConnection("\(sandbox.project)/data/main.db", .creating)
        try live.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price INT); "
                + "CREATE TABLE gone(a); CREATE INDEX by_name ON item(name); "
                + "INSERT INTO item(name, price) VALUES ('one', 10), ('two', 20), ('three', 30)"
        )
        try await sandbox.initialize()
        try await sandbox.backup(at: Sandbox.now - 3600)
        return (sandbox, live)
    }

    private func change(_ sandbox: Sandbox, _ live: SQLiteConnection) throws {
        try live.execute(
            "UPDATE item SET price = 12 WHERE id = 1; DELETE FROM item WHERE id = 2; "
                + "INSERT INTO item VALUES (7, 'it''s' || char(10) || 'x', NULL), (8, 'y', 1); "
                + "DROP TABLE gone; DROP INDEX by_name; CREATE TABLE audit(id INTEGER PRIMARY KEY)"
        )
        try sandbox.write("json/tasks.json", #"[{"id": 1, "name": "A"}, {"id": 2, "name": "b"}]"#)
        try sandbox.write("notes.txt", "other\n")
        try sandbox.write("words.txt", "one\n2\n")
    }

    /// Told in the order of keys.
    private static let told = """

        database main  sqlite, changed
          audit  added, 0 rows
          gone   removed, 0 rows
          item   3 -> 4 rows (+1)
            ~ id=1: price 10 -> 12
            - id=2 name='two' price=20
            + id=7 name='it''s\\x0ax' price=NULL
            + id=8 name='y' price=1
          schema changed: table audit added, index by_name removed, table gone removed
        database tasks  json, changed
          tasks  2 rows, other contents
            ~ id=1: name 'a' -> 'A'
        database any  command, changed
          rows of command databases are not compared
        capture words  changed, 8 B -> 6 B

        changed  3 files (61 B -> 60 B)
        parts    3 databases, 1 capture

        """

    @Test func `tells of tables, rows and definitions, from a snapshot to now and to another one`()
        async throws
    {
        let (sandbox, live) = try await makeSandbox()
        let same = try await sandbox.done("diff", "--rows").text
        #expect(
            same.hasSuffix(
                """
                 to the project now
                database main  sqlite, unchanged
                database tasks  json, unchanged
                database any  command, unchanged
                capture words  unchanged
                no differences

                """
            ),
            "\(same)"
        )
        try change(sandbox, live)
        let now = try await sandbox.done("diff", "--rows").text
        #expect(now.hasSuffix(Self.told), "\(now)")
        // The database's file is told of as a database alone, and so are the folders that git ignores.
        #expect(!now.contains("data/"), "\(now)")
        try await sandbox.backup()
        let stored = try await sandbox.done("diff", "latest~1", "latest", "--rows").text
        #expect(stored.hasSuffix(Self.told), "\(stored)")
        let back = try await sandbox.done("diff", "latest", "latest~1", "--rows").text
        #expect(
            back.contains("    ~ id=1: price 12 -> 10\n    + id=2 name='two' price=20\n    - id=7"),
            "\(back)"
        )
        let scratch = "\(sandbox.home)/.cache/belay/scratch"
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch) == [])
    }

    @Test func `tells as many rows of a table as are wanted`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try change(sandbox, live)
        let text = try await sandbox.done("diff", "--rows", "--limit", "1", "--only", "main").text
        #expect(text.contains("    and 3 other rows, shown with a larger --limit\n"), "\(text)")
        #expect(!text.contains("tasks") && !text.contains("notes.txt") && !text.contains("words"))
    }

    @Test func `gives the same as JSON`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try change(sandbox, live)
        let objects = try await sandbox.done("diff", "--json", "--rows", "--patch").objects()
        let databases = objects.filter { $0["message_type"] as? String == "database" }
        #expect(databases.map { $0["state"] as? String } == ["changed", "changed", "changed"])
        let tables = try #require(databases[0]["tables"] as? [[String: Any]])
        #expect(tables.map { $0["name"] as? String } == ["audit", "gone", "item"])
        #expect(tables[2]["rows_before"] as? Int == 3 && tables[2]["rows_after"] as? Int == 4)
        let rows = try #require(tables[2]["changed_rows"] as? [String: Any])
        #expect(rows["added"] as? Int == 2 && rows["removed"] as? Int == 1 && rows["changed"] as? Int == 1)
        let first = try #require((rows["rows"] as? [[String: Any]])?.first)
        #expect(first["change"] as? String == "changed" && first["key"] as? [String: Int] == ["id": 1])
        #expect(first["fields"] as? [String: [String: Int]] == ["price": ["before": 10, "after": 12]])
        #expect(databases[0]["schema_changed"] as? Bool == true)
        #expect((databases[0]["schema_patch"] as? String)?.contains("+CREATE TABLE audit") == true)
        let capture = try #require(objects.first { $0["message_type"] as? String == "capture" })
        #expect((capture["patch"] as? String)?.contains("-two\n+2\n") == true)
        let totals = try #require(objects.last)
        #expect(totals["changed_databases"] as? Int == 3 && totals["changed_captures"] as? Int == 1)
    }

    @Test func `shows definitions and captures beside a patch that git takes`() async throws {
        let (sandbox, live) = try await makeSandbox()
        #expect(try await sandbox.done("diff", "--patch").text.isEmpty)
        try change(sandbox, live)
        let patch = try await sandbox.done("diff", "--patch")
        for line in [
            "# +CREATE TABLE audit(id INTEGER PRIMARY KEY);", "# capture words  changed, +1 -1", "# +2",
        ] {
            #expect(patch.text.contains(line + "\n"), "\(patch.text)")
        }
        let old = "\(sandbox.folder)/old"
        try await sandbox.done("restore", "latest", "--to", old)
        let file = "\(sandbox.folder)/p.patch"
        try Data(patch.output).write(to: URL(fileURLWithPath: file))
        let applied = try await sandbox.run(["/usr/bin/git", "apply", file], directory: old)
        #expect(applied.status == 0, "\(applied.errors)")
        #expect(try String(contentsOfFile: "\(old)/words.txt", encoding: .utf8) == "one\n2\n")
    }

    @Test func `tells of databases that came and went`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try sandbox.write(
            "belay.yaml",
            "databases: { main: { sqlite: data/main.db }, fresh: { dump: 'echo x' } }\n"
        )
        let text = try await sandbox.done("diff").text
        for line in [
            "database main  sqlite, unchanged", "database tasks  json, vanished",
            "database any  command, vanished", "database fresh  command, appeared",
            "capture words  vanished, 8 B",
        ] {
            #expect(text.contains(line + "\n"), "\(line): \(text)")
        }
        try sandbox.remove("data")
        #expect(
            try await sandbox.done("diff").text.contains("database main  sqlite, vanished\n  gone  0 rows\n")
        )
        _ = live
    }

    @Test func `compares the rest if a database cannot be reached`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              main: { sqlite: data/main.db }
              tasks: { json: json, required: [none.json] }
              any: { dump: "echo half; exit 1" }

            """
        )
        try live.execute("INSERT INTO gone VALUES (1)")
        let outcome = try await sandbox.belay("diff")
        #expect(outcome.status == 3, "\(outcome.text)")
        #expect(outcome.text.contains("  gone  0 -> 1 row (+1)\n"), "\(outcome.text)")
        for words in [
            "databases/tasks was not compared: ", "'none.json' is not there", "databases/any was not",
        ] {
            #expect(outcome.errors.contains(words), "\(outcome.errors)")
        }
    }

    @Test func `compares with a snapshot of a database alone only that`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try await sandbox.backup("--only", "main")
        try change(sandbox, live)
        let alone = try await sandbox.done("diff", "latest").text
        #expect(alone.contains("database main  sqlite, changed"), "\(alone)")
        #expect(!alone.contains("notes.txt") && !alone.contains("database tasks"), "\(alone)")
        let outcome = try await sandbox.belay("diff", "latest", "--only", "tasks")
        #expect(outcome.status == 3 && outcome.errors.contains("holds only main"), "\(outcome.errors)")
        // A path above the database takes it in.
        let above = try await sandbox.done("diff", "latest~1", "--only", "data").text
        #expect(above.contains("database main  sqlite, changed") && !above.contains("words"), "\(above)")
    }
}
