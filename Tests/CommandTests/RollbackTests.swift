import BelaySQLite
import Foundation
import Testing

@Suite struct `A rollback of databases` {
    private func makeSandbox() async throws -> (sandbox: Sandbox, live: SQLiteConnection) {
        let sandbox = try Sandbox()
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              main: { sqlite: main.db }
              notes: { json: notes }
              any: { dump: "echo words" }

            """
        )
        try sandbox.write("notes/tasks.json", "[1, 2, 3]")
        let live = try SQLiteConnection("\(sandbox.project)/main.db", .creating)
        try live.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT); "
                + "INSERT INTO item(name) VALUES ('one'), ('two')"
        )
        try await sandbox.initialize()
        try await sandbox.backup()
        return (sandbox, live)
    }

    private func read(_ sandbox: Sandbox, _ file: String) throws -> String {
        try String(contentsOfFile: "\(sandbox.project)/\(file)", encoding: .utf8)
    }

    private func names(_ live: SQLiteConnection) throws -> String? {
        try live.text("SELECT group_concat(name) FROM item")
    }

    @Test func `brings them back under those who have them open, and can itself be taken back`() async throws
    {
        let (sandbox, live) = try await makeSandbox()
        try live.execute("DELETE FROM item; INSERT INTO item(name) VALUES ('wrong')")
        let later = ["BELAY_TEST_NOW": "\(Sandbox.now + 60)"]

        let plan = try await sandbox.done("rollback", "latest", "--only", "main", "-n", environment: later)
            .text
        #expect(plan.contains("replace  main") && plan.contains("1 table, 2 rows"), "\(plan)")
        #expect(try names(live) == "wrong")

        let outcome = try await sandbox.done(
            "rollback",
            "latest",
            "--only",
            "main",
            "--yes",
            environment: later
        ).text
        #expect(try names(live) == "one,two")
        let kept = try #require(outcome.firstMatch(of: /what it replaced: (.*)/)?.1)
        #expect(try names(try SQLiteConnection(String(kept), .immutable)) == "wrong")
        let undo = try #require(outcome.firstMatch(of: /undo +belay (.*)/)?.1).split(separator: " ").map(
            String.init
        )
        #expect(try await sandbox.done("list").text.contains(#/ safety +main /#))

        let environment = ["BELAY_TEST_NOW": "\(Sandbox.now + 120)"]
        try await sandbox.run([try Sandbox.binary()] + undo + ["-y"], environment: environment)
        #expect(try names(live) == "wrong")
        let again = try await sandbox.done(
            "rollback",
            "latest~1",
            "--only",
            "main",
            "-y",
            environment: environment
        )
        #expect(try names(live) == "wrong", "\(again.text)")
    }

    @Test func `makes one anew that is gone`() async throws {
        let (sandbox, live) = try await makeSandbox()
        _ = live
        try sandbox.remove("main.db")
        let outcome = try await sandbox.done("rollback", "latest", "--only", "main", "--yes").text
        #expect(outcome.contains("create   main") && !outcome.contains("undo "), "\(outcome)")
        #expect(try names(try SQLiteConnection("\(sandbox.project)/main.db", .reading)) == "one,two")
    }

    @Test func `is refused before anything changes`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try live.execute("DELETE FROM item")
        for (arguments, status, words) in [
            (["--only", "main"], 2, "nobody to ask"), ([], 2, "no part is named"),
            (["--only", "none", "--yes"], 2, "holds no database or capture 'none'"),
            (["--only", "any", "--yes"], 2, "no `restore` command for the database 'any'"),
        ] {
            let outcome = try await sandbox.run(
                [try Sandbox.binary(), "rollback", "latest"] + arguments,
                environment: [:],
                directory: sandbox.project
            )
            #expect(Int(outcome.status) == status && outcome.errors.contains(words), "\(outcome.errors)")
        }
        #expect(try names(live) == nil)
        #expect(try await sandbox.done("list").text.contains("safety") == false)
    }

    @Test func `brings back what is broken if that is wanted, and keeps the broken one`() async throws {
        let (sandbox, live) = try await makeSandbox()
        _ = live
        for file in ["main.db-wal", "main.db-shm"] { try sandbox.remove(file) }
        try sandbox.write("main.db", "no database any more")
        try sandbox.write("notes/tasks.json", "[1, 2")
        let later = ["BELAY_TEST_NOW": "\(Sandbox.now + 60)"]
        let arguments = ["rollback", "latest", "--only", "main", "--only", "notes", "--yes"]
        let refused = try await sandbox.run([try Sandbox.binary()] + arguments, environment: later)
        #expect(refused.status == 3 && refused.errors.contains("--force"), "\(refused.errors)")
        #expect(try read(sandbox, "main.db") == "no database any more")

        let forced = try await sandbox.run(
            [try Sandbox.binary()] + arguments + ["--force"],
            environment: later
        )
        #expect(forced.status == 0, "\(forced.errors)")
        #expect(forced.text.contains("what main was is kept, and in no snapshot"), "\(forced.text)")
        #expect(!forced.text.contains("undo "))
        #expect(try names(try SQLiteConnection("\(sandbox.project)/main.db", .reading)) == "one,two")
        #expect(try read(sandbox, "notes/tasks.json") == "[1, 2, 3]")
        let kept = forced.text.matches(of: /what it replaced: (.*)/).map { String($0.1) }
        try #require(kept.count == 2)
        #expect(try String(contentsOfFile: kept[0], encoding: .utf8) == "no database any more")
        #expect(try String(contentsOfFile: "\(kept[1])/tasks.json", encoding: .utf8) == "[1, 2")
    }

    @Test func `is refused to a state that was stored damaged, unless that is wanted`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try live.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
                + "INSERT INTO item(name) SELECT 'a name that takes some room ' || i FROM n; "
                + "PRAGMA wal_checkpoint(TRUNCATE)"
        )
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(sandbox.project)/main.db"))
        try file.seek(toOffset: 3 * 4096)
        try file.write(contentsOf: Data(repeating: 0x5A, count: 4096))
        try file.close()
        let later = ["BELAY_TEST_NOW": "\(Sandbox.now + 60)"]
        let backup = try await sandbox.belay("backup", environment: later)
        #expect(backup.status == 3, "\(backup.errors)")
        let arguments = [try Sandbox.binary(), "rollback", "latest", "--only", "main", "--yes"]
        let refused = try await sandbox.run(arguments, environment: later)
        #expect(refused.status != 0 && refused.errors.contains("damaged"), "\(refused.errors)")
        #expect(refused.errors.contains("an earlier snapshot may hold it sound"))
        #expect(try await !sandbox.done("list").text.contains("safety"))
        let forced = try await sandbox.run(
            arguments + ["--force"],
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 90)"]
        )
        #expect(forced.status == 0 || forced.status == 3, "\(forced.errors)")
    }

    @Test func `tells programs what it did`() async throws {
        let (sandbox, live) = try await makeSandbox()
        try live.execute("DELETE FROM item")
        let objects = try await sandbox.done(
            "rollback",
            "latest",
            "--only",
            "main",
            "--yes",
            "--json",
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 60)"]
        ).objects()
        #expect(objects.map { $0["message_type"] as? String } == ["plan", "summary"])
        #expect((objects.last?["undo"] as? String)?.hasPrefix("belay rollback ") == true)
    }
}

@Suite struct `A rollback by commands` {
    private func makeSandbox(restore: String) async throws -> Sandbox {
        let sandbox = try Sandbox()
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              any: { dump: "cat state", restore: "\(restore)" }
              notes: { json: notes }
            captures:
              tools: { run: "cat tools", restore: "cat {file} > tools" }

            """
        )
        try sandbox.write("state", String(repeating: "a line of it\n", count: 100_000))
        try sandbox.write("tools", "one\n")
        try sandbox.write("notes/tasks.json", "[1]")
        try await sandbox.initialize()
        try await sandbox.backup()
        try sandbox.write("state", "other")
        try sandbox.write("tools", "two\n")
        try sandbox.write("notes/tasks.json", "[2]")
        return sandbox
    }

    private func read(_ sandbox: Sandbox, _ file: String) throws -> String {
        try String(contentsOfFile: "\(sandbox.project)/\(file)", encoding: .utf8)
    }

    private func done(_ sandbox: Sandbox, _ arguments: [String]) async throws -> String {
        let outcome = try await sandbox.run([try Sandbox.binary()] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.text
    }

    @Test func `hands them what was stored, and can itself be taken back`() async throws {
        let sandbox = try await makeSandbox(restore: "cat > state")
        let all = ["--only", "any", "--only", "tools", "--only", "notes"]
        let plan = try await done(sandbox, ["rollback", "latest", "-n"] + all)
        #expect(plan.contains("restore  any  command: by its command"), "\(plan)")
        #expect(try read(sandbox, "state") == "other")

        let outcome = try await done(sandbox, ["rollback", "latest", "--yes"] + all)
        #expect(try read(sandbox, "state").utf8.count == 1_300_000)
        #expect(try read(sandbox, "tools") == "one\n")
        #expect(try read(sandbox, "notes/tasks.json") == "[1]")
        #expect(outcome.contains("what it did was not looked at"), "\(outcome)")

        let undo = try #require(outcome.firstMatch(of: /undo +belay (.*)/)?.1).split(separator: " ").map(
            String.init
        )
        #expect(undo.filter { $0 == "--only" }.count == 3)
        _ = try await done(sandbox, undo + ["-y"])
        #expect(try read(sandbox, "state") == "other")
        #expect(try read(sandbox, "tools") == "two\n")
    }

    @Test func `of what cannot be stored says that nothing keeps it`() async throws {
        let sandbox = try await makeSandbox(restore: "cat > state")
        try sandbox.remove("state")
        let arguments = [try Sandbox.binary(), "rollback", "latest", "--only", "any", "--yes"]
        let refused = try await sandbox.run(arguments)
        #expect(refused.status == 3, "\(refused.errors)")
        #expect(refused.errors.contains("of any, which a command brings back, nothing is kept then"))
        let forced = try await sandbox.run(arguments + ["--force"])
        #expect(forced.status == 0, "\(forced.errors)")
        #expect(forced.text.contains("what any was is neither kept nor in a snapshot"), "\(forced.text)")
        #expect(!forced.text.contains("undo "))
        #expect(try read(sandbox, "state").utf8.count == 1_300_000)
    }

    @Test func `that is interrupted tells how what was there comes back`() async throws {
        let sandbox = try await makeSandbox(restore: "cat > state; kill -INT $PPID; sleep 20")
        let outcome = try await sandbox.belay("rollback", "latest", "--yes", "--only", "any")
        #expect(outcome.status == 130, "\(outcome.errors)")
        #expect(outcome.errors.contains("may have done a part of its work"), "\(outcome.errors)")
        #expect(outcome.errors.contains(/what was there: belay rollback [0-9a-f]{8} --only any/))
    }

    @Test func `that fail says what was there, and takes back what was not done by one`() async throws {
        let sandbox = try await makeSandbox(restore: "echo no such thing >&2; exit 4")
        let outcome = try await sandbox.belay(
            "rollback",
            "latest",
            "--yes",
            "--only",
            "any",
            "--only",
            "notes"
        )
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("ended with status 4: no such thing"), "\(outcome.errors)")
        #expect(outcome.errors.contains(/what was there: belay rollback [0-9a-f]{8} --only any/))
        #expect(try read(sandbox, "notes/tasks.json") == "[2]", "it was exchanged, and taken back")
    }
}

@Suite struct `A deep verification` {
    @Test func `loads databases and compares them with what was counted`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "belay.yaml",
            "databases: { main: { sqlite: main.db }, notes: { json: notes }, any: { dump: 'echo words' } }\n"
        )
        try sandbox.write("notes/tasks.json", "[1, 2, 3]")
        let live = try SQLiteConnection("\(sandbox.project)/main.db", .creating)
        try live.execute("CREATE TABLE item(name TEXT); INSERT INTO item VALUES ('one'), ('two')")
        try await sandbox.initialize()
        try await sandbox.backup()
        let outcome = try await sandbox.belay("verify", "--deep")
        #expect(outcome.status == 3, "\(outcome.errors)")
        #expect(outcome.text.contains("loaded, and compared with what was stored: 1 table, 2 rows"))
        #expect(outcome.text.contains("1 table, 3 rows"))
        #expect(outcome.text.contains("not loaded: belay cannot load a database of the engine 'command'"))
        let object = try await sandbox.belay("verify", "--deep", "--json").objects()[0]
        let databases = try #require(object["databases"] as? [[String: Any]])
        #expect(databases.map { $0["outcome"] as? String } == ["same", "same", "untried"])
    }
}
