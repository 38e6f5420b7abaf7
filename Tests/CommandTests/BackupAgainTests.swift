import Foundation
import Testing

/// What a backup reads again when the cache of the last one is not there.
@Suite struct `A backup without its cache` {
    private func makeSandbox() async throws -> Sandbox {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a.txt", "one\n")
        try sandbox.write("folder/b.txt", "two\n")
        try sandbox.write("folder/deep/c.txt", "three\n")
        try sandbox.link("folder/link", to: "b.txt")
        return sandbox
    }

    private func forget(_ sandbox: Sandbox) throws {
        try FileManager.default.removeItem(atPath: "\(sandbox.home)/.cache/belay")
    }

    private func summary(
        _ sandbox: Sandbox,
        _ flags: String...,
        after seconds: Int64 = 0
    ) async throws -> [String: Any] {
        let outcome = try await sandbox.run(
            [try Sandbox.binary(), "backup", "--json"] + flags,
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + seconds)"]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try #require(try outcome.objects().last)
    }

    @Test func `goes by the last snapshot's trees`() async throws {
        let sandbox = try await makeSandbox()
        try await sandbox.backup()
        try forget(sandbox)
        let same = try await summary(sandbox, after: 10)
        #expect(same["files_unmodified"] as? Int == 3 && same["unchanged"] as? Bool == true, "\(same)")
        try forget(sandbox)
        try sandbox.write("folder/b.txt", "TWO\n")
        try sandbox.remove("a.txt")
        let changed = try await summary(sandbox, after: 20)
        #expect(
            changed["files_unmodified"] as? Int == 1 && changed["files_changed"] as? Int == 1,
            "\(changed)"
        )
        // The cache that was made on the way serves the next one.
        let again = try await summary(sandbox, after: 30)
        #expect(again["files_unmodified"] as? Int == 2 && again["unchanged"] as? Bool == true, "\(again)")
        try await sandbox.done("restore", "latest", "--to", "\(sandbox.folder)/restored")
        #expect(
            try String(contentsOfFile: "\(sandbox.folder)/restored/folder/b.txt", encoding: .utf8) == "TWO\n"
        )
        try await sandbox.done("verify", "--read-data")
    }

    @Test func `reads everything again if it is told to`() async throws {
        let sandbox = try await makeSandbox()
        try await sandbox.backup()
        try forget(sandbox)
        let summary = try await summary(sandbox, "--force")
        #expect(summary["files_new"] as? Int == 3, "\(summary)")
    }

    @Test func `reads what a damaged tree does not tell`() async throws {
        let sandbox = try await makeSandbox()
        try await sandbox.backup()
        try forget(sandbox)
        let data = "\(sandbox.home)/.local/share/belay/repository/data"
        for name in try FileManager.default.subpathsOfDirectory(atPath: data) where name.count > 10 {
            try FileManager.default.removeItem(atPath: "\(data)/\(name)")
        }
        let outcome = try await sandbox.belay("backup", "--json")
        // The packs that are gone are told; what they held is stored again.
        #expect(outcome.status == 3 && outcome.errors.contains("gone or cut short"), "\(outcome.errors)")
        let summary = try #require(try outcome.objects().last)
        #expect(summary["files_unmodified"] as? Int == 0, "\(summary)")
    }

    @Test(.enabled(if: Sandbox.restic != nil)) func `goes by what restic stored`() async throws {
        let sandbox = try await makeSandbox()
        try await sandbox.restic(
            "backup",
            sandbox.project,
            "--host",
            "mill",
            "--time",
            "2050-01-22 14:00:00"
        )
        let same = try await summary(sandbox)
        #expect(same["files_unmodified"] as? Int == 3, "\(same)")
        try await sandbox.restic("check", "--read-data")
        let diff = try await sandbox.done("diff", "latest~1", "latest")
        #expect(!diff.text.contains("b.txt"), "\(diff.text)")
    }
}
