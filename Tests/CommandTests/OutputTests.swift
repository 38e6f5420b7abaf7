import Foundation
import Testing

@Suite struct `What commands print` {
    @Test func `is nothing with --quiet when all went well, and the document with --json`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("a.txt", "a")
        for arguments in [
            ["init"], ["backup"], ["checkpoint", "one"],
            ["restore", "latest", "--to", "\(sandbox.folder)/out"],
            ["release", "one"], ["verify"], ["cleanup", "--keep-last", "1"], ["repair", "index"], ["unlock"],
        ] {
            let outcome = try await sandbox.run([try Sandbox.binary()] + arguments + ["--quiet"])
            #expect(outcome.status == 0)
            #expect(outcome.text.isEmpty, "\(arguments): \(outcome.text)")
            #expect(outcome.errors.isEmpty, "\(arguments): \(outcome.errors)")
        }
        #expect(try await sandbox.done("backup", "-q", "--json").objects().count == 1)
        #expect(try await sandbox.done("list", "-q").text.hasPrefix("SNAPSHOT"))
        #expect(
            try await sandbox.done("cleanup", "-q", "-n", "--keep-last", "1").text.contains("would remove")
        )
    }

    @Test func `is with --quiet what could not be stored`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a.txt", "a")
        try sandbox.write("belay.yaml", "databases: { main: { sqlite: main.db } }\n")
        let outcome = try await sandbox.belay("backup", "-q")
        #expect(outcome.status == 3)
        #expect(outcome.text.hasPrefix("part  databases/main: "))
        #expect(outcome.text.hasSuffix("incomplete: 1 item named above is not stored, or not as a whole\n"))
    }

    @Test func `has times that programs can read`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a.txt", "a")
        try await sandbox.done("checkpoint", "one", "-m", "why")
        let zone = ["TZ": "Europe/Berlin"]
        func first(_ arguments: String...) async throws -> [String: Any] {
            let outcome = try await sandbox.run(
                [try Sandbox.binary()] + arguments + ["--json"],
                environment: zone
            )
            let document = try JSONSerialization.jsonObject(with: Data(outcome.output))
            return try #require((document as? [[String: Any]])?.first ?? document as? [String: Any])
        }
        let listed = try await first("list")
        #expect(listed["time"] as? String == "2050-01-22T14:30:15Z")
        #expect(listed["timestamp"] as? String == "20500122_153015")
        #expect(try await first("show")["time"] as? String == "2050-01-22T14:30:15Z")
        #expect(
            (try await first("key", "list")["created"] as? String)?.hasPrefix("2050-01-22T14:30:15") == true
        )
        let plan = try await first("cleanup", "-n", "--keep-last", "1")
        let decision = try #require(
            ((plan["groups"] as? [[String: Any]])?.first?["snapshots"] as? [[String: Any]])?.first
        )
        #expect(decision["time"] as? String == "2050-01-22T14:30:15Z")
        #expect(decision["timestamp"] as? String == "20500122_153015")

        let released = try #require(try await first("release", "one")["snapshot"] as? [String: Any])
        for key in ["total_files_processed", "total_bytes_processed"] {
            #expect(released[key] as? Int == listed[key] as? Int)
        }
        #expect(released["message"] as? String == "why")
        #expect(released["latest"] as? Bool == true)
    }

    @Test func `names the sections of belay.yaml that do nothing yet`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write(
            "belay.yaml",
            "schedule: { backup: every 15m }\nchecks: { smoke: { run: \"true\" } }\n"
        )
        let outcome = try await sandbox.done("backup")
        #expect(
            outcome.text.contains(
                "\nunused  checks, schedule in belay.yaml: this version of belay does nothing with them\n"
            )
        )
        let document = try #require(try await sandbox.done("backup", "--json").objects().last)
        #expect(document["unused_sections"] as? [String] == ["checks", "schedule"])
        try sandbox.write("belay.yaml", "project: demo\n")
        #expect(!(try await sandbox.done("backup").text.contains("unused")))
    }

    @Test(arguments: [[], ["verify"], ["cleanup"], ["restore"], ["repair"], ["find"]])
    func `is help that flows, broken only where a line is full`(command: [String]) async throws {
        let sandbox = try Sandbox()
        let outcome = try await sandbox.run([try Sandbox.binary()] + command + ["--help"])
        let overview = outcome.text.prefix(
            upTo: try #require(outcome.text.range(of: "\n\nUSAGE:")).lowerBound
        )
        for paragraph in overview.components(separatedBy: "\n\n") {
            let lines = paragraph.split(separator: "\n")
            for (line, next) in zip(lines, lines.dropFirst()) where !line.hasPrefix("  ") {
                let word = next.prefix { $0 != " " }
                #expect(line.count <= 80 && line.count + 1 + word.count >= 80, "\(line)")
            }
        }
    }

    @Test(arguments: [
        ["list", "-p", "/nonexistent"], ["list", "-p", "/"], ["list", "-p", "/dev/null"],
        ["list", "--password-command", "false"], ["list", "--password-command", "nonexistent"],
        ["list", "--password-command", "true"], ["list", "--password-command", "a'b"],
        ["list", "-p", "x", "--password-command", "true"],
        ["key", "add", "--new-password-file", "/nonexistent"],
        ["list", "-r", "/nonexistent"], ["list", "-r", ""], ["list", "-C", "/nonexistent"],
        ["backup", "-C", "/dev/null"],
    ])
    func `is of every common mistake what to do about it`(arguments: [String]) async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        let outcome = try await sandbox.run([try Sandbox.binary()] + arguments)
        #expect(outcome.status != 0 && outcome.errors.hasPrefix("error: "), "\(outcome.errors)")
        #expect(outcome.errors.contains("\nhint: "), "\(outcome.errors)")
    }

    @Test func `tells a cache that cannot be written once`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a.txt", "a")
        let cache = "\(sandbox.folder)/cache"
        try FileManager.default.createDirectory(atPath: "\(cache)/belay", withIntermediateDirectories: true)
        for name in ["projects", "repositories"] {
            try Data().write(to: URL(fileURLWithPath: "\(cache)/belay/\(name)"))
        }
        let zone = ["XDG_CACHE_HOME": cache]
        for _ in 0..<3 { try await sandbox.done("backup", environment: zone) }
        let lines = try await sandbox.done("list", environment: zone).errors.split(separator: "\n")
        #expect(!lines.isEmpty && Set(lines).count == lines.count)
    }

    @Test func `suggests the path in the directory where one is`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("belay.yaml", "project: demo\n")
        try sandbox.write("backend/app.py", "a")
        try await sandbox.backup()
        for arguments in [
            ["cat", "latest", "app.py"], ["restore", "latest", "app.py", "--to", "\(sandbox.folder)/out"],
        ] {
            let outcome = try await sandbox.run(
                [try Sandbox.binary()] + arguments,
                directory: "\(sandbox.project)/backend"
            )
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("does not hold 'app.py'"))
            #expect(
                outcome.errors.contains(
                    "hint: did you mean 'backend/app.py'? paths count from the project's directory"
                )
            )
        }
    }

    @Test func `never steers the terminal by a file's name`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("one\n\u{1B}[31mtwo", "a")
        try await sandbox.backup()
        let outcome = try await sandbox.belay("cat", "latest", "one\n\u{1B}[31mtwi")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("hint: did you mean 'one\\x0a\\x1b[31mtwo'?\n"))
        #expect(!outcome.errors.contains("\u{1B}"))
    }

    @Test func `lies below the account's home where HOME is not set`() async throws {
        let sandbox = try Sandbox()
        let outcome = try await sandbox.done("cache", "list", "--json", environment: ["HOME": ""])
        let home = try #require(NSHomeDirectoryForUser(NSUserName()))
        #expect(outcome.text.contains("\"folder\":\"\(home)/.cache/belay\""))
    }
}
