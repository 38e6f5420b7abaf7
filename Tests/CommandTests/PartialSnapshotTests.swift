import Foundation
import Testing

/// Snapshots of single parts beside those of the whole project.
@Suite struct `A snapshot of a part` {
    /// Three of a part after one of everything, in seconds after the test's time.
    private func makeSandbox() async throws -> (Sandbox, whole: String, parts: [String]) {
        let sandbox = try Sandbox()
        try sandbox.write("belay.yaml", "components: { backend: { paths: [backend] } }\n")
        try sandbox.write("backend/api.txt", "api\n")
        try sandbox.write("frontend/page.txt", "page\n")
        try await sandbox.initialize()
        let whole = try await sandbox.backup()
        var parts: [String] = []
        for second in 1...3 {
            parts.append(try await sandbox.backup("--only", "backend", at: Sandbox.now + Int64(second)))
        }
        return (sandbox, whole, parts)
    }

    private func ids(_ sandbox: Sandbox) async throws -> [String] {
        let text = try await sandbox.done("list", "--json").text
        let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        return try #require(list).compactMap { $0["id"] as? String }
    }

    @Test(arguments: [[], ["--group-by", "host,paths"], ["--group-by", ""]])
    func `never pushes out one of the whole`(grouping: [String]) async throws {
        let (sandbox, whole, parts) = try await makeSandbox()
        let outcome = try await sandbox.run([try Sandbox.binary(), "cleanup", "--keep-last", "2"] + grouping)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.text.contains("only backend"), "\(outcome.text)")
        #expect(try await ids(sandbox) == [parts[2], parts[1], whole])
        try await sandbox.done("restore", whole, "--to", "\(sandbox.folder)/restored")
        #expect(FileManager.default.fileExists(atPath: "\(sandbox.folder)/restored/frontend/page.txt"))
    }

    @Test func `is told of when a time has led to it, with the newest whole one`() async throws {
        let (sandbox, whole, parts) = try await makeSandbox()
        let target = "\(sandbox.folder)/restored"
        let restored = try await sandbox.done("restore", "latest", "--to", target)
        #expect(restored.errors.contains("holds only backend"), "\(restored.errors)")
        #expect(restored.errors.contains(whole.prefix(8)), "\(restored.errors)")
        for arguments in [["show"], ["diff"], ["ls", "latest"], ["cat", "latest", "backend/api.txt"]] {
            let outcome = try await sandbox.run([try Sandbox.binary()] + arguments)
            #expect(outcome.status == 0 && outcome.errors.contains("holds only backend"), "\(arguments)")
        }
        let shown = try #require(try await sandbox.done("show", "--json").objects().first)
        let notices = try #require(shown["notices"] as? [[String: String]])
        #expect(notices.map { $0["code"] } == ["snapshot.partial"])
        // Who names it knows which it is.
        #expect(try await sandbox.done("show", parts[2]).errors.isEmpty)
        #expect(try await sandbox.done("show", "latest~3").errors.isEmpty)
    }
}

/// Files of the repository that are damaged, seen from the commands that do not look for damage.
@Suite struct `A snapshot file that cannot be read` {
    private func makeSandbox() async throws -> (Sandbox, older: String, newest: String) {
        let sandbox = try Sandbox()
        try sandbox.write("file", "one\n")
        try await sandbox.initialize()
        let older = try await sandbox.backup()
        let newest = try await sandbox.backup(at: Sandbox.now + 10)
        try sandbox.empty("snapshots/\(newest)")
        return (sandbox, older, newest)
    }

    @Test func `makes what was chosen for its time doubtful`() async throws {
        let (sandbox, older, newest) = try await makeSandbox()
        let target = "\(sandbox.folder)/restored"
        let commands = [
            ["show"], ["diff"], ["ls", "latest"], ["cat", "latest", "file"], ["show", "1 minute ago"],
            ["restore", "latest", "--to", target], ["find", "file", "--snapshot", "latest"],
        ]
        for arguments in commands {
            let outcome = try await sandbox.run(
                [try Sandbox.binary()] + arguments,
                environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 100)"]
            )
            #expect(outcome.status == 3, "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains(newest.prefix(8)), "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains("belay verify"), "\(arguments): \(outcome.errors)")
        }
        let shown = try await sandbox.belay("show", "--json")
        #expect(shown.text.contains("\"snapshot.unreadable\""), "\(shown.text)")
        #expect(try await sandbox.done("show", older).errors.isEmpty)
    }

    @Test func `is told by a backup, which goes on`() async throws {
        let (sandbox, _, newest) = try await makeSandbox()
        let outcome = try await sandbox.done("backup")
        #expect(outcome.errors.contains(newest.prefix(8)), "\(outcome.errors)")
    }

    @Test func `keeps forget from guessing`() async throws {
        let (sandbox, older, _) = try await makeSandbox()
        let refused = try await sandbox.belay("forget", "latest")
        #expect(refused.status == 1 && refused.errors.contains("name the snapshot by its id"))
        #expect(try await sandbox.belay("list").text.contains(older.prefix(8)))
        try await sandbox.done("forget", older)
    }

    @Test func `is found by verify under any name`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "one\n")
        try await sandbox.initialize()
        let id = try await sandbox.backup()
        try await sandbox.done("verify")
        let file = "\(sandbox.repository)/snapshots/\(id)"
        try FileManager.default.copyItem(atPath: file, toPath: "\(file).bak")
        let copied = try await sandbox.done("verify")
        #expect(copied.text.contains("\(id).bak is a copy"), "\(copied.text)")
        try FileManager.default.removeItem(atPath: "\(file).bak")
        try FileManager.default.moveItem(atPath: file, toPath: "\(file).bak")
        let renamed = try await sandbox.belay("verify")
        #expect(renamed.status == 1 && renamed.text.contains("rename it to `\(id)`"), "\(renamed.text)")
    }
}

extension Sandbox {
    var repository: String { "\(home)/.local/share/belay/repository" }

    /// Takes away what is in a file of the repository.
    func empty(_ name: String) throws {
        let path = "\(repository)/\(name)"
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try Data().write(to: URL(fileURLWithPath: path))
    }
}
