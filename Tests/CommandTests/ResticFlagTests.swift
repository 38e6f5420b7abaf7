import Foundation
import Testing

/// Flags that hands know from restic.
@Suite struct `Flags of restic` {
    @Test func `leave out by files of patterns and by size`() async throws {
        let sandbox = try Sandbox()
        for name in ["a.log", "B.TMP", "keep.txt"] { try sandbox.write(name, "text\n") }
        try sandbox.write("large", [UInt8](repeating: 7, count: 3000))
        try sandbox.write("just", [UInt8](repeating: 7, count: 2048))
        try await sandbox.initialize()
        try Data("# logs\n\n  $ENDING  \n".utf8).write(to: URL(fileURLWithPath: "\(sandbox.folder)/patterns"))
        try Data("*.tmp\n".utf8).write(to: URL(fileURLWithPath: "\(sandbox.folder)/any-case"))
        // First with everything, so that the cache knows what is then left out.
        try await sandbox.done("backup")
        try await sandbox.done(
            "backup",
            "--exclude-file",
            "../patterns",
            "--iexclude-file",
            "../any-case",
            "--exclude-larger-than",
            "2k",
            environment: ["ENDING": "*.log", "BELAY_TEST_NOW": "\(Sandbox.now + 10)"]
        )
        #expect(try await sandbox.done("ls", "latest").text == ".belay/\njust\nkeep.txt\n")
        let shown = try await sandbox.done("show", "--json").text
        #expect(shown.contains("\"fileSizeMaximum\":2048") && shown.contains("\"*.log\""), "\(shown)")
        let missing = try await sandbox.belay("backup", "--exclude-file", "nowhere")
        #expect(missing.status == 2 && missing.errors.contains("--exclude-file"), "\(missing.errors)")
        #expect(try await sandbox.belay("backup", "--exclude-larger-than", "x").status == 2)
    }

    @Test func `say what to keep in one letter, and without limit`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "one\n")
        try await sandbox.initialize()
        for day in 0..<4 { try await sandbox.backup(at: Sandbox.now + Int64(day) * 86_400) }
        func kept(_ flags: String...) async throws -> Int {
            let outcome = try await sandbox.run([try Sandbox.binary(), "cleanup", "-n"] + flags)
            #expect(outcome.status == 0, "\(flags): \(outcome.errors)")
            return outcome.text.components(separatedBy: "\nkeep ").count
                - (outcome.text.hasPrefix("keep ") ? 0 : 1)
        }
        #expect(try await kept("-l", "2") == 2)
        #expect(try await kept("-d", "3", "-H", "1") == 3)
        #expect(try await kept("-y", "1", "-m", "1", "-w", "1") == 1)
        #expect(try await kept("--keep-last", "unlimited") == 4)
    }

    @Test(
        .enabled(if: Sandbox.restic != nil, "set BELAY_TEST_RESTIC to the path of restic 0.18"),
        arguments: [
            ["--keep-last", "-1"], ["-d=-1"], ["--keep-last", "-2"], ["--keep-last", "0"],
            ["--keep-within", "-1d"],
            ["--keep-last", "x"],
        ]
    )
    func `refuse the counts that restic refuses`(flags: [String]) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "one\n")
        try await sandbox.initialize()
        try await sandbox.backup()
        let repository = "\(sandbox.home)/.local/share/belay/repository"
        let keys = "\(sandbox.home)/.config/belay/keys"
        let key = try #require(FileManager.default.contentsOfDirectory(atPath: keys).first)
        let verdict = try await sandbox.run(
            [try #require(Sandbox.restic), "forget", "-n", "-r", repository, "-p", "\(keys)/\(key)"] + flags
        )
        #expect(verdict.status != 0, "\(verdict.text)")
        let outcome = try await sandbox.run([try Sandbox.binary(), "cleanup", "-n"] + flags)
        #expect(outcome.status == 2 && outcome.errors.contains("\nhint: "), "\(outcome.errors)")
    }

    @Test(arguments: [
        ["cleanup", "--max-per-day", "-1"], ["cleanup", "--max-per-day", "0"], ["list", "--latest", "-1"],
        ["diff", "--limit", "-1"], ["backup", "--pack-size", "-1"],
    ])
    func `refuse other counts that make no sense`(arguments: [String]) async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        let outcome = try await sandbox.run([try Sandbox.binary()] + arguments)
        #expect(outcome.status == 2, "\(outcome.errors)")
        #expect(!outcome.errors.contains("missing value"), "\(outcome.errors)")
    }

    @Test func `list only some`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "one\n")
        try await sandbox.initialize()
        let ids = [try await sandbox.backup(), try await sandbox.backup(at: Sandbox.now + 10)]
        let other = try await sandbox.belay(
            "backup",
            "--json",
            environment: ["BELAY_TEST_HOST": "boat", "BELAY_TEST_NOW": "\(Sandbox.now + 20)"]
        )
        let boat = try #require(try other.objects().last?["snapshot_id"] as? String)
        func listed(_ flags: String...) async throws -> [String] {
            let text = try await sandbox.run([try Sandbox.binary(), "list", "--json"] + flags).text
            let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
            return try #require(list).compactMap { $0["id"] as? String }
        }
        #expect(try await listed("--host", "boat") == [boat])
        #expect(try await listed("-H", "boat", "-H", "mill").count == 3)
        #expect(try await listed("--path", sandbox.project).count == 3)
        #expect(try await listed("--path", "/nowhere").isEmpty)
        #expect(try await listed("--latest", "1") == [boat, ids[1]])
        #expect(try await sandbox.belay("list", "--latest", "0").status == 2)
    }

    @Test func `limit how fast a repository is read and written`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "one\n")
        try await sandbox.initialize()
        // A limit that takes no time here; that it is kept to is tested with the store.
        try await sandbox.done("--limit-upload", "1000000", "backup", "--limit-download=1000000")
        try await sandbox.done("verify", "--read-data", "--limit-download", "1000000")
        #expect(try await sandbox.belay("list", "--limit-upload", "-1").status == 2)
    }
}
