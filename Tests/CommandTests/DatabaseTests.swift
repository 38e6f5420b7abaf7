import BelaySQLite
import Foundation
import Testing

@Suite struct `The databases of a project` {
    /// A project with a database that git ignores, in use as long as the connection lives.
    private func makeSandbox() async throws -> (sandbox: Sandbox, live: SQLiteConnection) {
        let sandbox = try Sandbox()
        try sandbox.write("data/notes.txt", "text\n")
        try sandbox.write(".gitignore", "*.db\n*.db-*\n")
        try await sandbox.run(["/usr/bin/git", "init", "-q"])
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              main: { sqlite: data/main.db }
              any: { dump: "cat data/notes.txt", restore: "cat" }
            captures:
              words: { run: "echo some words" }

            """
        )
        let live = try SQLiteConnection("\(sandbox.project)/data/main.db", .creating)
        try live.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT); "
                + "INSERT INTO item(name) VALUES ('one'), ('two')"
        )
        try await sandbox.initialize()
        return (sandbox, live)
    }

    private func count(in path: String) throws -> String? {
        let database = try SQLiteConnection(path, .immutable)
        return try database.text("SELECT count(*) || ' ' || group_concat(name) FROM item")
    }

    private func databases(_ sandbox: Sandbox) async throws -> [[String: Any]] {
        let text = try await sandbox.done("cat", "latest", "/.belay/snapshot.json").text
        let manifest = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        return try #require(manifest["databases"] as? [[String: Any]])
    }

    @Test func `come back with a restore, in the place of their files`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try await sandbox.backup()
        try live.execute("DELETE FROM item")
        let target = "\(sandbox.folder)/restored"
        try await sandbox.done("restore", "latest", "--to", target)
        #expect(try count(in: "\(target)/data/main.db") == "2 one,two")
        // Nothing of a log, which would be applied to the copy.
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(target)/data").sorted() == [
                "main.db", "notes.txt",
            ]
        )
        #expect(try await sandbox.done("cat", "latest", "/.belay/databases/any.dump").text == "text\n")
        #expect(try await sandbox.done("cat", "latest", "/.belay/captures/words.txt").text == "some words\n")
        try await sandbox.done("verify", "--read-data")
        let shown = try await sandbox.done("show").text
        for words in ["database main  sqlite 3.", "integrity: ok", "item", "capture words"] {
            #expect(shown.contains(words), "\(words): \(shown)")
        }
    }

    @Test func `that nobody has written to are not copied again`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try await sandbox.backup()
        try await sandbox.backup(at: Sandbox.now + 10)
        #expect(try await databases(sandbox)[0]["reused"] as? Bool == true)
        try live.execute("INSERT INTO item(name) VALUES ('three')")
        try await sandbox.backup(at: Sandbox.now + 20)
        #expect(try await databases(sandbox)[0]["reused"] as? Bool == false)
        let target = "\(sandbox.folder)/restored"
        try await sandbox.done("restore", "latest~1", "--to", target)
        #expect(try count(in: "\(target)/data/main.db") == "2 one,two")
    }

    @Test func `that nobody has written to are no difference, and those that were are one`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try await sandbox.backup()
        let same = try await sandbox.done("diff").text
        #expect(same.contains("database main  sqlite, unchanged") && !same.contains("main.db"), "\(same)")
        try live.execute("DELETE FROM item")
        let other = try await sandbox.done("diff").text
        #expect(other.contains("  item  2 -> 0 rows (-2)") && !other.contains("main.db"), "\(other)")
    }

    @Test func `that cannot be copied fail alone, whatever is in the way`() async throws {
        let (sandbox, live) = try await makeSandbox()
        // What lies in a journal keeps it from being read without a copy.
        try live.execute(
            "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = PERSIST; DELETE FROM item WHERE id = 1"
        )
        try FileManager.default.createDirectory(
            atPath: "\(sandbox.home)/.cache/belay",
            withIntermediateDirectories: true
        )
        try Data("no folder".utf8).write(to: URL(fileURLWithPath: "\(sandbox.home)/.cache/belay/scratch"))
        let outcome = try await sandbox.belay("backup")
        #expect(outcome.status == 3 && outcome.text.contains("part  databases/main: "), "\(outcome.errors)")
        #expect(try await databases(sandbox).map { $0["name"] as? String } == ["any"])
    }

    @Test func `that cannot be read are named, and the rest is stored`() async throws {
        let (sandbox, _) = try await makeSandbox()
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              main: { sqlite: data/notes.txt }
              any: { dump: "echo half; exit 1" }
              good: { dump: "echo whole" }

            """
        )
        let outcome = try await sandbox.belay("backup")
        #expect(outcome.status == 3, "\(outcome.errors)")
        for name in ["main", "any"] { #expect(outcome.text.contains("part  databases/\(name): ")) }
        #expect(try await databases(sandbox).map { $0["name"] as? String } == ["good"])
        #expect(try await sandbox.belay("cat", "latest", "/.belay/databases/any.dump").status != 0)
        #expect(try await sandbox.done("list").text.contains("INCOMPLETE"))
    }

    @Test func `on servers that cannot be reached are named, and their passwords are not`() async throws {
        let (sandbox, _) = try await makeSandbox()
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              shop: { mariadb: "mysql://ada:${WORD}@/shop?socket=/nowhere" }
              cache: { redis: "unix://:${WORD}@/nowhere" }
              odd: { mysql: "mysql://ada:${WORD}@host:port/" }

            """
        )
        let outcome = try await sandbox.belay("backup", environment: ["WORD": "hunter2"])
        #expect(outcome.status == 3, "\(outcome.errors)")
        for name in ["shop", "cache", "odd"] { #expect(outcome.text.contains("part  databases/\(name): ")) }
        #expect(!(outcome.text + outcome.errors).contains("hunter2"), "\(outcome.text) \(outcome.errors)")
        try sandbox.write("belay.yaml", "")
        #expect(try await !sandbox.done("cat", "latest", "/.belay/snapshot.json").text.contains("hunter2"))
    }

    @Test func `can be stored alone`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try await sandbox.backup()
        try live.execute("DELETE FROM item WHERE id = 1")
        try await sandbox.done(
            "backup",
            "--only",
            "main",
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 10)"]
        )
        let listed = try await sandbox.done("ls", "-R", "latest").text
        #expect(listed.contains(".belay/databases/main.sqlite") && !listed.contains("data/"), "\(listed)")
        try sandbox.write("belay.yaml", "databases: { any: { dump: 'exit 1' } }\n")
        let outcome = try await sandbox.belay("backup", "--only", "any")
        #expect(outcome.status == 1 && outcome.errors.contains("ended with status 1"), "\(outcome.errors)")
    }

    @Test func `count as changed until a snapshot of the whole project holds their state`() async throws {
        let sandbox = try Sandbox()
        let path = "\(sandbox.folder)/outside.db"
        let live = try SQLiteConnection(path, .creating)
        try live.execute("CREATE TABLE item(name TEXT)")
        try sandbox.write("file", "text")
        try await sandbox.initialize()
        try sandbox.write("belay.yaml", "databases: { main: { sqlite: \(path) } }\n")
        try await sandbox.backup()
        func again(_ seconds: Int64, _ arguments: [String]) async throws -> [String: Any] {
            let outcome = try await sandbox.run(
                [try Sandbox.binary(), "backup", "--json"] + arguments,
                environment: ["BELAY_TEST_NOW": "\(Sandbox.now + seconds)"]
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try #require(try outcome.objects().last)
        }
        #expect(try await again(10, ["--skip-if-unchanged"])["snapshot_id"] == nil)
        try live.execute("INSERT INTO item VALUES ('new')")
        #expect(try await again(20, ["--only", "main"])["snapshot_id"] != nil)
        let whole = try await again(30, ["--skip-if-unchanged"])
        #expect(whole["snapshot_id"] != nil && whole["unchanged"] as? Bool == false)
        #expect(try await again(40, ["--skip-if-unchanged"])["snapshot_id"] == nil)
        try sandbox.write("belay.yaml", "")
        #expect(try await again(50, ["--skip-if-unchanged"])["snapshot_id"] != nil)
    }

    @Test func `are found by what they are, not by their names`() async throws {
        let sandbox = try Sandbox()
        let live = try SQLiteConnection("\(sandbox.project)/state", .creating)
        try live.execute("CREATE TABLE a(b)")
        try sandbox.write("fake.db", "text\n")
        try await sandbox.done("init")
        let text = try String(contentsOfFile: "\(sandbox.project)/belay.yaml", encoding: .utf8)
        #expect(text.contains("{ sqlite: state }") && !text.contains("sqlite: fake.db"), "\(text)")
        try await sandbox.backup()
        #expect(try await databases(sandbox).count == 1)
    }
}
