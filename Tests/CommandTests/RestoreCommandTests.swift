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
        let outcome = try await sandbox.done("restore", "latest", "--to", "\(sandbox.project)/before/it")
        #expect(try text("\(sandbox.project)/before/it/app/main.c") == "old\n")
        #expect(outcome.errors.contains("stores what was restored once more"), "\(outcome.errors)")
    }

    @Test(arguments: [(".gitignore", "/before/\n"), ("belay.yaml", "exclude: [\"/before/it\"]\n")])
    func `does not warn of a directory that no backup stores`(file: String, rules: String) async throws {
        let sandbox = try await makeSandbox()
        try sandbox.write(file, rules)
        let outcome = try await sandbox.done("restore", "latest", "--to", "\(sandbox.project)/before/it")
        #expect(try text("\(sandbox.project)/before/it/app/main.c") == "old\n")
        #expect(!outcome.errors.contains("once more"), "\(outcome.errors)")
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

@Suite struct `belay restore with patterns` {
    private func restored(_ flags: String...) async throws -> [String] {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        for name in ["a.c", "src/b.c", "src/b.h", "src/deep/Read.ME", "docs/guide.md", "docs/old/x.c"] {
            try sandbox.write(name, name)
        }
        try FileManager.default.createDirectory(
            atPath: "\(sandbox.project)/empty/below",
            withIntermediateDirectories: true
        )
        try await sandbox.backup()
        let target = "\(sandbox.folder)/restored"
        let outcome = try await sandbox.run(
            [try Sandbox.binary(), "restore", "latest", "--to", target] + flags
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try FileManager.default.subpathsOfDirectory(atPath: target).sorted()
    }

    @Test func `makes only what matches, and the way to it`() async throws {
        #expect(
            try await restored("--include", "*.c") == [
                "a.c", "docs", "docs/old", "docs/old/x.c", "src", "src/b.c",
            ]
        )
        #expect(try await restored("-i", "/src/deep") == ["src", "src/deep", "src/deep/Read.ME"])
        #expect(try await restored("--iinclude", "read.*") == ["src", "src/deep", "src/deep/Read.ME"])
        #expect(try await restored("--include", "below") == ["empty", "empty/below"])
    }

    @Test func `leaves out what matches, and what is below`() async throws {
        #expect(
            try await restored("--exclude", "src", "-e", "*.md", "--iexclude", "EMPTY") == [
                "a.c", "docs", "docs/old", "docs/old/x.c",
            ]
        )
        #expect(try await restored("--include", "*.c", "--exclude", "/docs") == ["a.c", "src", "src/b.c"])
    }

    @Test func `says so when nothing matches`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a.c", "x")
        try await sandbox.backup()
        let outcome = try await sandbox.belay(
            "restore",
            "latest",
            "--to",
            "\(sandbox.folder)/restored",
            "--include",
            "*.swift"
        )
        #expect(outcome.status == 1 && outcome.errors.contains("nothing in the snapshot matches"))
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/restored"))
    }
}
