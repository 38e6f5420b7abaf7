import Foundation
import Testing

/// What a backup says of the project without storing it, or while it does.
@Suite struct `A dry run of a backup` {
    private func makeSandbox() async throws -> Sandbox {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        for name in ["same.txt", "changed.txt", "gone.txt", "old/a", "old/b"] {
            try sandbox.write(name, name)
        }
        try sandbox.link("link", to: "same.txt")
        try await sandbox.backup()
        return sandbox
    }

    private func change(_ sandbox: Sandbox) throws {
        try sandbox.write("changed.txt", "changed, and longer")
        try sandbox.write("new/file", "new")
        try sandbox.remove("gone.txt")
        try sandbox.remove("old")
        try sandbox.remove("link")
        try sandbox.link("link", to: "changed.txt")
    }

    /// What lies in the repository and in the cache of the unchanged.
    private func files(_ sandbox: Sandbox) -> [String] {
        [".local", ".cache/belay/projects"].flatMap {
            FileManager.default.subpaths(atPath: "\(sandbox.home)/\($0)")?.sorted() ?? []
        }
    }

    @Test(arguments: [["backup", "-n"], ["checkpoint", "-n", "name"]])
    func `counts as the backup would, and leaves the cache alone`(command: [String]) async throws {
        let sandbox = try await makeSandbox()
        let before = files(sandbox)
        let binary = try Sandbox.binary()
        let same = try await sandbox.run([binary] + command + ["--json"]).objects()
        #expect(same.last?["files_unmodified"] as? Int == 5, "\(same)")
        #expect(same.last?["files_new"] as? Int == 0 && same.last?["unchanged"] as? Bool == true, "\(same)")
        #expect(files(sandbox) == before, "something was written")
        try change(sandbox)
        let text = try await sandbox.run([binary] + command).text
        #expect(text.contains("1 new, 1 changed, 1 unmodified"), "\(text)")
        #expect(files(sandbox) == before, "something was written")
        // Without the cache, what the last snapshot says counts.
        try FileManager.default.removeItem(atPath: "\(sandbox.home)/.cache/belay/projects")
        let again = try await sandbox.run([binary] + command).text
        #expect(again.contains("1 new, 1 changed, 1 unmodified"), "\(again)")
    }

    @Test(arguments: [true, false]) func `names what has changed where that is asked for`(
        isDryRun: Bool
    ) async throws {
        let sandbox = try await makeSandbox()
        try change(sandbox)
        let flags = isDryRun ? ["--dry-run"] : []
        let run = [try Sandbox.binary(), "backup", "--verbose"] + flags
        let lines = try await sandbox.run([run[0], "backup", "-n", "-v", "--json"]).objects()
            .filter { $0["message_type"] as? String == "verbose_status" }
        let text = try await sandbox.run(run).text
        let expected = [
            "modified  changed.txt", "removed   gone.txt", "modified  link", "new       new/",
            "new       new/file", "removed   old/",
        ]
        #expect(
            Array(text.split(separator: "\n").map(String.init).prefix(expected.count)) == expected,
            "\(text)"
        )
        #expect(lines.map { $0["item"] as? String } == expected.map { String($0.dropFirst(10)) })
        #expect(lines.map { $0["action"] as? String }.first == "modified")
        let quiet = try await sandbox.run([run[0], "backup", "-n"]).text
        #expect(!quiet.contains("new/file"), "\(quiet)")
    }
}
