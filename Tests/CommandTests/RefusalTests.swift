import Foundation
import Testing

@Suite struct `belay restore` {
    private func makeSandbox() async throws -> Sandbox {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("app/main.c", "old\n")
        try await sandbox.backup()
        try sandbox.write("app/main.c", "new\n")
        return sandbox
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test(arguments: ["project", "project/app", "."])
    func `does not overwrite what is in the project`(target: String) async throws {
        let sandbox = try await makeSandbox()
        let outcome = try await sandbox.belay(
            "restore",
            "latest",
            "app/main.c",
            "--to",
            "\(sandbox.folder)/\(target)",
            "--overwrite",
            "always"
        )
        #expect(
            outcome.status == 1 && outcome.errors.contains("a restore never touches"),
            "\(outcome.errors)"
        )
        #expect(try text("\(sandbox.project)/app/main.c") == "new\n")
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/app"))
    }

    @Test func `does not follow a link back into the project`() async throws {
        let sandbox = try await makeSandbox()
        let link = "\(sandbox.folder)/elsewhere"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: sandbox.project)
        let outcome = try await sandbox.belay(
            "restore",
            "latest",
            "--to",
            "\(link)/app/",
            "--overwrite",
            "always"
        )
        #expect(
            outcome.status == 1 && outcome.errors.contains("a restore never touches"),
            "\(outcome.errors)"
        )
        #expect(try text("\(sandbox.project)/app/main.c") == "new\n")
    }

    @Test func `makes a new directory inside the project`() async throws {
        let sandbox = try await makeSandbox()
        try await sandbox.done("restore", "latest", "--to", "\(sandbox.project)/before/it")
        #expect(try text("\(sandbox.project)/before/it/app/main.c") == "old\n")
    }

    @Test func `does not write into the repository`() async throws {
        let sandbox = try await makeSandbox()
        let repository = "\(sandbox.home)/.local/share/belay/repository"
        for place in ["", "/data", "/new"] {
            let outcome = try await sandbox.belay(
                "restore",
                "latest",
                "--to",
                repository + place,
                "--overwrite",
                "always"
            )
            #expect(
                outcome.status == 1 && outcome.errors.contains("is in the repository"),
                "\(outcome.errors)"
            )
        }
        try await sandbox.done("verify", "--read-data")
    }
}

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
