import Foundation
import Testing

@Suite struct `belay diff` {
    /// A project whose last snapshot differs from what is there now.
    private static func changedProject() async throws -> Sandbox {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a b.txt", "one\ntwo\nthree\n")
        try sandbox.write("gone/old.txt", "old")
        try sandbox.write("run.sh", "#!/bin/sh\n")
        try sandbox.write("picture", [1, 2, 0, 3])
        try sandbox.write("same.txt", "same\n")
        try sandbox.write("empty", "")
        try sandbox.link("link", to: "a b.txt")
        try await sandbox.backup(at: Sandbox.now - 3600)
        try sandbox.write("a b.txt", "one\n2\nthree")
        try sandbox.remove("gone")
        try sandbox.remove("empty")
        try sandbox.write("run.sh", "#!/bin/sh\n", mode: 0o755)
        try sandbox.write("picture", [1, 2, 0, 4, 5])
        try sandbox.write("new/deep.txt", "fresh\n")
        try sandbox.remove("link")
        try sandbox.link("link", to: "same.txt")
        return sandbox
    }

    private static let changes = """
        M  a b.txt  14 B -> 11 B
        -  empty  0 B
        -  gone/
        -  gone/old.txt  3 B
        M  link  a b.txt -> same.txt
        +  new/
        +  new/deep.txt  6 B
        M  picture  4 B -> 5 B

        added    1 file (6 B), 1 directory
        removed  2 files (3 B), 1 directory
        changed  2 files (18 B -> 16 B), 1 other entry

        """

    @Test func `compares the latest snapshot with the project now`() async throws {
        let sandbox = try await Self.changedProject()
        let text = try await sandbox.done("diff").text
        #expect(
            sandbox.normalized(text)
                == "from snapshot SHORT-ID (20500122_133015) to the project now\n" + Self.changes
        )
        // Nothing was stored by looking.
        #expect(
            try await sandbox.done("list", "--json").text.components(separatedBy: "\"short_id\"").count == 2
        )
    }

    @Test func `compares two snapshots alike`() async throws {
        let sandbox = try await Self.changedProject()
        try await sandbox.backup()
        let text = try await sandbox.done("diff", "latest~1", "latest").text
        #expect(
            sandbox.normalized(text)
                == "from snapshot SHORT-ID (20500122_133015) to snapshot SHORT-ID (20500122_143015)\n"
                + Self.changes
        )
        let now = try await sandbox.done("diff").text
        #expect(
            sandbox.normalized(now)
                == "from snapshot SHORT-ID (20500122_143015) to the project now\nno differences\n"
        )
    }

    @Test func `tells of metadata if asked`() async throws {
        let sandbox = try await Self.changedProject()
        let text = try await sandbox.done("diff", "--metadata", "--only", "run.sh").text
        #expect(text.contains("\nU  run.sh  -rw-r--r-- -> -rwxr-xr-x\n"))
        #expect(
            try await sandbox.done("diff", "--only", "run.sh").text.hasSuffix(
                "\nno differences in contents; 1 entry differs in mode, owner, time or attributes: "
                    + "--metadata names them\n"
            )
        )
        let totals = try #require(try await sandbox.done("diff", "--json", "--only", "run.sh").objects().last)
        #expect(totals["changed_metadata"] as? Int == 1)
    }

    @Test func `counts lines if asked`() async throws {
        let sandbox = try await Self.changedProject()
        let text = try await sandbox.done("diff", "--stat").text
        #expect(text.contains("\nM  a b.txt  +2 -2\n"))
        #expect(text.contains("\nM  picture  binary, 4 B -> 5 B\n"))
        #expect(text.contains("\nlines    4 added, 4 removed\n"))
    }

    @Test func `gives restic's letters as JSON`() async throws {
        let sandbox = try await Self.changedProject()
        let objects = try await sandbox.done("diff", "--json", "--patch").objects()
        let changes = objects.filter { $0["message_type"] as? String == "change" }
        #expect(
            changes.map { "\($0["modifier"] ?? "") \($0["path"] ?? "")" } == [
                "M /a b.txt", "- /empty", "- /gone/", "- /gone/old.txt", "M /link", "+ /new/",
                "+ /new/deep.txt",
                "M /picture", "U /run.sh",
            ]
        )
        #expect((changes[0]["patch"] as? String)?.hasSuffix("+three\n\\ No newline at end of file\n") == true)
        #expect(changes[7]["binary"] as? Bool == true)
        #expect(objects.last?["changed_files"] as? Int == 2)
    }

    @Test(arguments: [["/usr/bin/patch", "-p1", "--silent"], ["/usr/bin/git", "apply"]])
    func `makes a patch that others take`(tool: [String]) async throws {
        let sandbox = try await Self.changedProject()
        let patch = try await sandbox.done("diff", "--patch")
        #expect(patch.text.contains("# picture is binary and differs\n"))
        let old = "\(sandbox.folder)/old"
        try await sandbox.done("restore", "latest", "--to", old)
        let file = "\(sandbox.folder)/p.patch"
        try Data(patch.output).write(to: URL(fileURLWithPath: file))
        let arguments = tool[0].hasSuffix("git") ? tool + [file] : tool + ["-i", file]
        let applied = try await sandbox.run(arguments, directory: old)
        #expect(applied.status == 0, "\(applied.text) \(applied.errors)")
        // A patch cannot hold the picture, and not the time of anything.
        try Data([1, 2, 0, 4, 5]).write(to: URL(fileURLWithPath: "\(old)/picture"))
        let compared = try await sandbox.run([
            "/usr/bin/diff", "-r", "--no-dereference", old, sandbox.project,
        ])
        #expect(compared.status == 0, "\(compared.text)")
        #expect(FileManager.default.isExecutableFile(atPath: "\(old)/run.sh"))
    }

    @Test func `takes the patch between snapshots back to front`() async throws {
        let sandbox = try await Self.changedProject()
        try await sandbox.backup()
        let forward = try await sandbox.done("diff", "latest~1", "latest", "--patch").text
        let backward = try await sandbox.done("diff", "latest", "latest~1", "--patch").text
        #expect(forward.contains("-two\n") && backward.contains("+two\n"))
    }

    @Test func `honours what the project leaves out`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write(".gitignore", "*.log\n")
        try sandbox.write("a", "a")
        try await sandbox.run(["/usr/bin/git", "init", "-q"])
        try await sandbox.backup()
        try sandbox.write("noise.log", "noise")
        let text = try await sandbox.done("diff").text
        #expect(text.hasSuffix("\nno differences\n"))
    }

    @Test func `compares only what a partial snapshot holds`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write(
            "belay.yaml",
            "components:\n  back: { paths: [back] }\n  front: { paths: [front] }\n"
        )
        try sandbox.write("back/a", "a")
        try sandbox.write("front/b", "b")
        try await sandbox.initialize()
        try await sandbox.backup("--only", "back")
        try sandbox.write("back/c", "c")
        let text = try await sandbox.done("diff").text
        #expect(text.contains("\n+  back/c  1 B\n"))
        #expect(!text.contains("front"))
    }

    @Test func `says which path is nowhere`() async throws {
        let sandbox = try await Self.changedProject()
        let outcome = try await sandbox.belay("diff", "--only", "no/where")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("neither side of the comparison holds 'no/where'"))
        #expect(try await sandbox.belay("diff", "--patch", "--stat").status == 2)
    }

    @Test func `does not call removed what cannot be read`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a", "a")
        try sandbox.write("secret/b", "b")
        try await sandbox.backup(at: Sandbox.now - 3600)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0],
            ofItemAtPath: "\(sandbox.project)/secret"
        )
        defer {
            try? FileManager.default.setAttributes(
                [.posixPermissions: 0o755],
                ofItemAtPath: "\(sandbox.project)/secret"
            )
        }
        // The superuser reads everything.
        if getuid() == 0 { return }
        let outcome = try await sandbox.belay("diff")
        #expect(outcome.status == 3)
        #expect(!outcome.text.contains("secret"))
        #expect(outcome.errors.contains("secret"))
    }
}
