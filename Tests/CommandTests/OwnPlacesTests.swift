import Foundation
import Testing

@Suite struct `What belay keeps for itself` {
    @Test func `is no part of a project in which it lies`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("belay.yaml", "repository: backups\n")
        try sandbox.write("backups.txt", "a file of the project")
        try await sandbox.run([try Sandbox.binary(), "init"])
        for _ in 1...2 { try await sandbox.run([try Sandbox.binary(), "backup"]) }
        let listed = try await sandbox.run([try Sandbox.binary(), "ls", "latest", "-R"])
        #expect(listed.text.contains("backups.txt"), "\(listed.errors)")
        #expect(!listed.text.contains("backups/"), "\(listed.text)")
        let differences = try await sandbox.run([try Sandbox.binary(), "diff"])
        #expect(!differences.text.contains("backups"), "\(differences.text)")
    }

    @Test func `is remembered: a snapshot that somebody else removed is told of once`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("file", "1")
        try await sandbox.initialize()
        try await sandbox.backup()
        try sandbox.write("file", "2")
        try await sandbox.backup()
        let snapshots = "\(sandbox.home)/.local/share/belay/repository/snapshots"
        let ids = try FileManager.default.contentsOfDirectory(atPath: snapshots).sorted()
        try #require(ids.count == 2)
        try await sandbox.done("list")
        try FileManager.default.removeItem(atPath: "\(snapshots)/\(ids[0])")
        let told = try await sandbox.belay("list")
        #expect(told.errors.contains("snapshot \(ids[0].prefix(8)) is gone"), "\(told.errors)")
        #expect(try await !sandbox.belay("list").errors.contains("gone"))

        // What belay itself removed is no news.
        try await sandbox.done("forget", ids[1])
        #expect(try await !sandbox.belay("list").errors.contains("gone"))
    }
}
