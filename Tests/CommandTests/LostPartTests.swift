import Foundation
import Testing

@Suite struct `A repository that has lost a part` {
    private func makeSandbox() async throws -> (Sandbox, repository: String) {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("file", "one\n")
        try await sandbox.backup()
        return (sandbox, "\(sandbox.home)/.local/share/belay/repository")
    }

    @Test func `is not offered a new beginning without its config`() async throws {
        let (sandbox, repository) = try await makeSandbox()
        try FileManager.default.removeItem(atPath: "\(repository)/config")
        let outcome = try await sandbox.belay("list")
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("restore the file `config` from a copy"), "\(outcome.errors)")
        #expect(!outcome.errors.contains("belay init"))
    }

    @Test func `asks for its key when that is damaged, not for another password`() async throws {
        let (sandbox, repository) = try await makeSandbox()
        let key = try #require(FileManager.default.contentsOfDirectory(atPath: "\(repository)/keys").first)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: "\(repository)/keys/\(key)"
        )
        try Data("{}".utf8).write(to: URL(fileURLWithPath: "\(repository)/keys/\(key)"))
        let outcome = try await sandbox.belay("list")
        #expect(outcome.status == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("restore the files in `keys` from a copy"), "\(outcome.errors)")
    }

    @Test func `does not give snapshots up while packs lack only their description`() async throws {
        let (sandbox, repository) = try await makeSandbox()
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(repository)/index") {
            try FileManager.default.removeItem(atPath: "\(repository)/index/\(name)")
        }
        let verified = try await sandbox.belay("verify")
        #expect(
            verified.text.contains("run `belay repair index`: it may hold what is missing"),
            "\(verified.text)"
        )
        #expect(!verified.text.contains("belay cleanup"), "\(verified.text)")
        let refused = try await sandbox.belay("repair", "snapshots", "--forget")
        #expect(refused.status == 1 && refused.errors.contains("run `belay repair index` first"))
        try await sandbox.done("repair", "index")
        try await sandbox.done("repair", "snapshots", "--forget")
        try await sandbox.done("verify", "--read-data")
        let listed = try await sandbox.done("list", "--json").text
        #expect(listed.contains("\"short_id\""), "the snapshot is still there: \(listed)")
    }
}
