import Foundation
import Testing

@Suite struct `A snapshot that lacks something` {
    @Test func `is said to when it is restored`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "text")
        try await sandbox.initialize()
        try sandbox.write("belay.yaml", "databases: { any: { dump: 'exit 1' } }\n")
        #expect(try await sandbox.belay("backup").status == 3)
        let outcome = try await sandbox.done("restore", "latest", "--to", "\(sandbox.folder)/restored")
        #expect(outcome.errors.contains("is incomplete: 1 item"), "\(outcome.errors)")
    }

    @Test func `is forgotten once, however often it is named`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "text")
        try await sandbox.initialize()
        try await sandbox.backup()
        let outcome = try await sandbox.belay("forget", "latest", "latest", "-n", "--json")
        let object = try #require(try outcome.objects().last)
        #expect((object["removed_snapshots"] as? [Any])?.count == 1, "\(outcome.text) \(outcome.errors)")
    }

    /// What cannot be read of the last one may be what the next one needs.
    @Test func `because of damage is told of by the backup that finds it`() async throws {
        let sandbox = try Sandbox()
        let repository = "\(sandbox.folder)/repository"
        for number in 0..<20 { try sandbox.write("sub/\(number)", "text \(number)") }
        try await sandbox.done("init", "--repository-only", "--repo", repository)
        try await sandbox.done("backup", "--repo", repository)
        func packs() throws -> Set<String> {
            let names = FileManager.default.enumerator(atPath: "\(repository)/data")?.allObjects as? [String]
            return Set((names ?? []).filter { $0.count > 60 })
        }
        let before = try packs()
        try sandbox.write("sub/new", "new")
        let later = ["BELAY_TEST_NOW": "\(Sandbox.now + 60)"]
        try await sandbox.done("backup", "--repo", repository, environment: later)
        for pack in try packs().subtracting(before) {
            let path = "\(repository)/data/\(pack)"
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes[3] ^= 1
            try bytes.write(to: URL(fileURLWithPath: path))
        }
        // With a cache of its own it reads no tree of the last one.
        try FileManager.default.removeItem(atPath: "\(sandbox.home)/.cache")
        let outcome = try await sandbox.belay(
            "backup",
            "--repo",
            repository,
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 120)"]
        )
        #expect(outcome.status == 3, "\(outcome.errors)")
        #expect(
            outcome.errors.contains("is damaged") && outcome.errors.contains("belay verify"),
            "\(outcome.errors)"
        )
    }
}
