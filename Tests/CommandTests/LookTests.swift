import Foundation
import Testing

/// A project with a history of two snapshots, an hour apart.
private struct History {
    let sandbox: Sandbox
    let first: String
    let second: String

    init() async throws {
        sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("README.md", "# Demo\n")
        try sandbox.write("src/main.c", "int main() {\n    return 1;\n}\n")
        try sandbox.write("src/run.sh", "#!/bin/sh\n", mode: 0o755)
        try sandbox.write("logo.png", [0x89, 0x50, 0, 1])
        try sandbox.link("src/link", to: "main.c")
        first = try await sandbox.backup("-m", "before", at: Sandbox.now - 3600)
        try sandbox.write("src/main.c", "int main() {\n    return 0;\n}\n")
        try sandbox.write("docs/guide.md", "new\n")
        try sandbox.remove("README.md")
        second = try await sandbox.backup("-m", "after")
    }
}

@Suite struct `belay ls` {
    @Test func `lists the project's directory, and what is below if asked`() async throws {
        let history = try await History()
        let top = try await history.sandbox.done("ls", "latest")
        #expect(top.text == ".belay/\ndocs/\nlogo.png\nsrc/\n")
        let all = try await history.sandbox.done("ls", "latest", "-R", "src")
        #expect(all.text == "src/link\nsrc/main.c\nsrc/run.sh\n")
        let one = try await history.sandbox.done("ls", "latest", "src/main.c")
        #expect(one.text == "src/main.c\n")
        let before = try await history.sandbox.done("ls", "latest~1", "/")
        #expect(before.text == ".belay/\nREADME.md\nlogo.png\nsrc/\n")
    }

    @Test func `shows mode, size, time and target in the long form`() async throws {
        let history = try await History()
        let lines = try await history.sandbox.done("ls", "-l", "latest", "src").text.split(separator: "\n")
        #expect(lines[0].hasPrefix("lrwxrwxrwx  ") && lines[0].hasSuffix("  src/link -> main.c"))
        #expect(
            lines[1].hasPrefix("-rw-r--r--  ") && lines[1].hasSuffix("  29  2050-01-21 14:30:15  src/main.c")
        )
        #expect(lines[2].hasPrefix("-rwxr-xr-x  "))
    }

    @Test func `gives restic's fields as JSON`() async throws {
        let history = try await History()
        let objects = try await history.sandbox.done("ls", "latest", "src", "--json").objects()
        #expect(objects[0]["message_type"] as? String == "snapshot")
        #expect(objects[0]["id"] as? String == history.second)
        #expect(objects.count == 4)
        #expect(objects[2]["path"] as? String == "/src/main.c")
        #expect(objects[2]["permissions"] as? String == "-rw-r--r--")
        #expect(objects[2]["mtime"] as? String == "2050-01-21T14:30:15Z")
        #expect(objects[2]["size"] as? Int == 29)
    }

    @Test func `suggests a path where one is missing`() async throws {
        let history = try await History()
        let outcome = try await history.sandbox.belay("ls", "latest", "src/mian.c")
        #expect(outcome.status == 1)
        #expect(outcome.text.isEmpty)
        #expect(outcome.errors.contains("does not hold 'src/mian.c'"))
        #expect(outcome.errors.contains("hint: did you mean 'src/main.c'?"))
        let far = try await history.sandbox.belay("ls", "latest", "src/zzzzzzzz", "--json")
        #expect(far.errors.contains("\"error\":\"path.not-found\""))
        #expect(far.errors.contains("belay ls \(history.second.prefix(8)) src"))
    }

    @Test func `ends well when nobody reads on`() async throws {
        let history = try await History()
        let long = String(repeating: "n", count: 200)
        for number in 0..<1500 { try history.sandbox.write("many/\(number)-\(long)", "") }
        try await history.sandbox.backup(at: Sandbox.now + 60)
        let command = "\"$0\" ls latest -R | head -n 1; echo ${PIPESTATUS[0]}"
        let outcome = try await history.sandbox.run(["/bin/bash", "-c", command, try Sandbox.binary()])
        #expect(outcome.text == ".belay/\n0\n")
        #expect(outcome.errors.isEmpty)
    }

    @Test(arguments: ["ls latest", "cat latest logo.png", "diff"])
    func `fails when the result cannot be written`(command: String) async throws {
        let history = try await History()
        let outcome = try await history.sandbox.run(
            ["/bin/sh", "-c", "\"$0\" \(command) > /dev/full", try Sandbox.binary()])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("cannot write the result: no space left on device"))
    }
}

@Suite struct `belay cat` {
    @Test func `prints the bytes of a file`() async throws {
        let history = try await History()
        let outcome = try await history.sandbox.done("cat", "latest", "logo.png")
        #expect(outcome.output == [0x89, 0x50, 0, 1])
        #expect(try await history.sandbox.done("dump", history.first, "/README.md").text == "# Demo\n")
    }

    /// Bytes that no compression makes fewer.
    private func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 42
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    @Test func `prints a large file whole`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        let bytes = noise(5_000_000)
        try sandbox.write("large.bin", bytes)
        try await sandbox.backup()
        let isSame = try await sandbox.done("cat", "latest", "large.bin").output == bytes
        #expect(isSame)
    }

    @Test func `prints a directory as an archive`() async throws {
        let history = try await History()
        let archive = try await history.sandbox.done("cat", "latest", "src")
        let path = "\(history.sandbox.folder)/a.tar"
        try Data(archive.output).write(to: URL(fileURLWithPath: path))
        let names = try await history.sandbox.run(["/usr/bin/tar", "-tf", path])
        #expect(names.text == "src/\nsrc/link\nsrc/main.c\nsrc/run.sh\n")
        let target = "\(history.sandbox.folder)/out"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try await history.sandbox.run(["/usr/bin/tar", "-xf", path, "-C", target])
        let compared = try await history.sandbox.run(
            ["/usr/bin/diff", "-r", "--no-dereference", "\(target)/src", "\(history.sandbox.project)/src"])
        #expect(compared.status == 0, "\(compared.text)")
    }

    @Test func `prints nothing that is not what was stored`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("one.bin", noise(200_000))
        try await sandbox.backup()
        let data = "\(sandbox.home)/.local/share/belay/repository/data"
        var damaged = 0
        for name in try #require(FileManager.default.enumerator(atPath: data)).compactMap({ $0 as? String }) {
            let url = URL(fileURLWithPath: "\(data)/\(name)")
            guard name.count > 60, var bytes = try? Data(contentsOf: url), bytes.count > 200_000 else {
                continue
            }
            bytes[100_000] ^= 1
            try bytes.write(to: url)
            damaged += 1
        }
        #expect(damaged == 1)
        let outcome = try await sandbox.belay("cat", "latest", "one.bin")
        #expect(outcome.status == 1)
        #expect(outcome.output.count == 0)
        #expect(outcome.errors.contains("cannot be read from any pack"))
    }

    @Test func `says what has no contents`() async throws {
        let history = try await History()
        let outcome = try await history.sandbox.belay("cat", "latest", "src/link")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("'src/link' is a symlink, which has no contents"))
    }
}

@Suite struct `belay find` {
    @Test func `tells in which snapshots a path is, and where it changed`() async throws {
        let history = try await History()
        let text = try await history.sandbox.done("find", "main.c", "*.md").text
        #expect(
            history.sandbox.normalized(text) == """
                README.md
                  SHORT-ID 20500122_133015    1 snapshot  7 B  modified 2050-01-21 14:30:15
                docs/guide.md
                  SHORT-ID 20500122_143015    1 snapshot  4 B  modified 2050-01-21 14:30:15
                src/main.c
                  SHORT-ID 20500122_143015    1 snapshot  29 B  modified 2050-01-21 14:30:15
                  SHORT-ID 20500122_133015    1 snapshot  29 B  modified 2050-01-21 14:30:15

                """
        )
    }

    @Test func `puts snapshots with the same contents together`() async throws {
        let history = try await History()
        try await history.sandbox.backup(at: Sandbox.now + 60)
        try history.sandbox.remove("logo.png")
        try await history.sandbox.backup(at: Sandbox.now + 120)
        try history.sandbox.write("logo.png", [0x89, 0x50, 0, 1])
        let last = try await history.sandbox.backup(at: Sandbox.now + 180)
        let text = try await history.sandbox.done("find", "/logo.png").text
        #expect(
            history.sandbox.normalized(text) == """
                logo.png
                  SHORT-ID 20500122_143315                                  1 snapshot   4 B  modified 2050-01-21 14:30:15
                  SHORT-ID 20500122_143115  since SHORT-ID 20500122_133015  3 snapshots  4 B  modified 2050-01-21 14:30:15

                """
        )
        let output = try await history.sandbox.done("find", "logo.png", "--newest", "--json").output
        let matches = try #require(JSONSerialization.jsonObject(with: Data(output)) as? [[String: Any]])
        let runs = try #require(matches.first?["runs"] as? [[String: Any]])
        #expect(matches.count == 1 && runs.count == 1)
        #expect((runs[0]["last"] as? [String: Any])?["id"] as? String == last)
    }

    @Test func `looks for kinds, in given snapshots, whatever the case`() async throws {
        let history = try await History()
        let sandbox = history.sandbox
        #expect(
            try await sandbox.done("find", "*", "--type", "d", "--snapshot", history.first).text.contains(
                "src/\n"
            )
        )
        #expect(try await sandbox.done("find", "*", "--type", "l").text.hasPrefix("src/link\n"))
        #expect(try await sandbox.done("find", "readme*").text == "nothing found in 2 snapshots\n")
        #expect(try await sandbox.done("find", "-i", "readme*").text.hasPrefix("README.md\n"))
        #expect(try await sandbox.belay("find", "[").status == 2)
    }

    @Test func `looks in other projects if asked`() async throws {
        let history = try await History()
        let other = "\(history.sandbox.folder)/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try Data("x".utf8).write(to: URL(fileURLWithPath: "\(other)/main.c"))
        let stored = try await history.sandbox.belay("backup", directory: other)
        #expect(stored.status == 0, "\(stored.errors)")
        let text = try await history.sandbox.done("find", "main.c", "--all-projects").text
        #expect(text.hasPrefix("project other\nmain.c\n"))
        #expect(text.contains("\nproject project\nsrc/main.c\n"))
    }
}

@Suite struct `belay show` {
    @Test func `shows everything about a snapshot`() async throws {
        let history = try await History()
        let user = NSUserName()
        let text = try await history.sandbox.done("show").text
        #expect(
            history.sandbox.normalized(text).replacingOccurrences(of: "user \(user)", with: "user USER")
                == """
                snapshot   ID  LATEST
                time       2050-01-22 14:30:15  (just now, 20500122_143015)
                kind       backup
                message    after
                project    project
                host       mill, user USER
                paths      SANDBOX/project
                parent     SHORT-ID
                program    belay 0.1.0
                contents   4 files, 2 directories, 1 other entry, 47 B
                files      1 new, 1 changed, 2 unmodified
                added      ADDED

                TYPE  FILES  SIZE
                .c        1  29 B
                .sh       1  10 B
                .md       1   4 B
                .png      1   4 B

                """.replacingOccurrences(of: "ADDED", with: Self.added(text))
        )
    }

    /// What compression makes of it depends on the library.
    private static func added(_ text: String) -> String {
        let line = text.split(separator: "\n").first { $0.hasPrefix("added") } ?? ""
        return String(line.dropFirst(11))
    }

    @Test func `gives the manifest as JSON`() async throws {
        let history = try await History()
        let output = try await history.sandbox.done("show", "--json", "latest~1").output
        let object = try #require(JSONSerialization.jsonObject(with: Data(output)) as? [String: Any])
        #expect(object["id"] as? String == history.first)
        #expect(object["message"] as? String == "before")
        #expect((object["manifest"] as? [String: Any])?["project"] as? String == "project")
        let types = (object["contents"] as? [String: Any])?["types"] as? [[String: Any]]
        #expect(types?.compactMap { $0["extension"] as? String } == ["c", "sh", "md", "png"])
    }
}
