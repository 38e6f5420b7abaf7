import Foundation
import Testing

/// Whether belay and restic say the same; needs `BELAY_TEST_RESTIC`.
@Suite(.enabled(if: Sandbox.restic != nil)) struct `Looking beside restic` {
    private static func project() async throws -> Sandbox {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a/x.txt", "hello\n", mode: 0o4755)
        try sandbox.write("a/deep/größe.md", "text")
        try sandbox.write("empty", "")
        try sandbox.write("b", "b\n")
        try sandbox.link("a/link", to: "x.txt")
        try await sandbox.run(["/usr/bin/mkfifo", "fifo"])
        try await sandbox.run(["/bin/sh", "-c", "printf w > \"$(printf 'we\\377ird')\""])
        return sandbox
    }

    /// The keys that both have, as text.
    private func common(_ object: [String: Any], with other: [String: Any]) -> [String: String] {
        object.filter { other[$0.key] != nil }.mapValues { "\($0)" }
    }

    @Test func `lists the same entries`() async throws {
        let sandbox = try await Self.project()
        let id = try await sandbox.backup()
        let ours = try await sandbox.done("ls", id, "-R", "--json").objects()
        let theirs = try await sandbox.restic("ls", id, "--json").objects()
        #expect(ours.count == theirs.count)
        for (our, their) in zip(ours, theirs) {
            let missing = Set(their.keys).subtracting(our.keys)
            // Of the snapshot restic repeats the summary, of which `belay show` tells.
            #expect(missing.subtracting(["summary", "uid", "gid"]).isEmpty, "\(missing)")
            #expect(common(our, with: their) == common(their, with: our))
        }
    }

    @Test func `prints the same bytes`() async throws {
        let sandbox = try await Self.project()
        let id = try await sandbox.backup()
        let ours = try await sandbox.done("cat", id, "a/x.txt").output
        #expect(try await sandbox.restic("dump", id, "/a/x.txt").output == ours)
        try Data(try await sandbox.done("cat", id, "a").output).write(
            to: URL(fileURLWithPath: "\(sandbox.folder)/1.tar")
        )
        try Data(try await sandbox.restic("dump", id, "/a").output).write(
            to: URL(fileURLWithPath: "\(sandbox.folder)/2.tar")
        )
        var lists: [[String]] = []
        for number in [1, 2] {
            let list = try await sandbox.run(
                ["/usr/bin/tar", "--full-time", "--utc", "-tvf", "\(sandbox.folder)/\(number).tar"])
            // restic leaves out the directory itself, and what is less than a second.
            lists.append(
                list.text.split(separator: "\n").filter { !$0.hasSuffix(" a/") }.map { line in
                    let fields = line.split(separator: " ")
                    return (fields.prefix(3) + fields.dropFirst(5)).joined(separator: " ")
                }
            )
        }
        #expect(lists[0] == lists[1])
    }

    @Test func `finds the same changes`() async throws {
        let sandbox = try await Self.project()
        let first = try await sandbox.backup(at: Sandbox.now - 3600)
        try sandbox.write("a/x.txt", "other\n", mode: 0o4755)
        try sandbox.remove("a/deep")
        try sandbox.write("new/file", "new")
        try sandbox.remove("b")
        try sandbox.write("b/inner", "b")
        let second = try await sandbox.backup()
        let ours = try await sandbox.done("diff", first, second, "--json").objects()
            .filter { $0["message_type"] as? String == "change" }.map {
                "\($0["modifier"] ?? "") \($0["path"] ?? "")"
            }
        let theirs = try await sandbox.restic("diff", first, second, "--json").objects()
            .filter { $0["message_type"] as? String == "change" }.map {
                "\($0["modifier"] ?? "") \($0["path"] ?? "")"
            }
            .filter { !$0.contains("/.belay") }
        // restic does not look into a directory that was a file before.
        #expect(ours.filter { $0 != "+ /b/inner" } == theirs)
        #expect(ours.contains("T /b/"))
    }

    @Test func `addresses what restic stored under its whole path`() async throws {
        let sandbox = try await Self.project()
        try await sandbox.restic("backup", sandbox.project)
        let list = try await sandbox.done("ls", "latest", "a")
        #expect(list.text == "a/deep/\na/link\na/x.txt\n")
        #expect(try await sandbox.done("cat", "latest", "a/x.txt").text == "hello\n")
        #expect(try await sandbox.done("cat", "latest", "\(sandbox.project)/a/x.txt").text == "hello\n")
        let root = try await sandbox.done("ls", "latest", "/").text
        #expect(root == "/\(sandbox.project.split(separator: "/").first ?? "")/\n")
        #expect(try await sandbox.done("find", "x.txt").text.hasPrefix("a/x.txt\n"))
        #expect(try await sandbox.done("diff").text.hasSuffix("\nno differences\n"))
        let show = try await sandbox.done("show", "latest").text
        #expect(show.contains("\nkind       foreign\n") && show.contains("\nprogram    restic "))
        let archive = try await sandbox.done("cat", "latest", "a").output
        try Data(archive).write(to: URL(fileURLWithPath: "\(sandbox.folder)/a.tar"))
        let names = try await sandbox.run(["/usr/bin/tar", "-tf", "\(sandbox.folder)/a.tar"])
        #expect(names.text.hasPrefix("a/\na/deep/\n"))
    }

    @Test func `finds a path through snapshots of both`() async throws {
        let sandbox = try await Self.project()
        try await sandbox.backup(at: Sandbox.now - 3600)
        try await sandbox.restic("backup", sandbox.project)
        let text = try await sandbox.done("find", "/a/x.txt").text
        #expect(text.contains("2 snapshots"))
    }
}
