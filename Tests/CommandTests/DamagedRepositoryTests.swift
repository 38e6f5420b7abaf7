import Foundation
import Testing

@Suite struct `A repository that has lost something` {
    private func makeSandbox() async throws -> (sandbox: Sandbox, ids: [String]) {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        var ids: [String] = []
        for number in 0..<2 {
            try sandbox.write("file\(number).txt", "text \(number)\n")
            ids.append(try await sandbox.backup(at: Sandbox.now + Int64(number) * 60))
        }
        return (sandbox, ids)
    }

    private func repository(_ sandbox: Sandbox) -> String { "\(sandbox.home)/.local/share/belay/repository" }

    private func overwrite(_ path: String, _ bytes: Data) throws {
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    @Test func `is searched as far as it can be read, and the rest is told`() async throws {
        let (sandbox, ids) = try await makeSandbox()
        try overwrite("\(repository(sandbox))/snapshots/\(ids[1])", Data("short".utf8))
        let outcome = try await sandbox.belay("find", "file*.txt")
        #expect(outcome.status == 3 && outcome.text.contains("file0.txt"), "\(outcome.text)")
        #expect(outcome.errors.contains("nothing was looked for in them"), "\(outcome.errors)")
        let listed = try await sandbox.belay("list", "--tag", "none")
        #expect(listed.text == "no snapshot fits\n")
    }

    /// Two snapshots, whose directory `sub` and the root of the first lie in a pack that is gone.
    private func makeTreeless() async throws -> (sandbox: Sandbox, ids: [String]) {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("sub/file", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) })
        var ids = [try await sandbox.backup()]
        let folder = "\(repository(sandbox))/data"
        let packs = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.count > 60 }
        let sizes = try packs.map { pack in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(pack)")
            return (pack: pack, size: try #require(attributes[.size] as? Int))
        }
        #expect(sizes.count == 2)
        try sandbox.write("top", "text\n")
        ids.append(try await sandbox.backup(at: Sandbox.now + 60))
        let trees = try #require(sizes.min { $0.size < $1.size }).pack
        try FileManager.default.removeItem(atPath: "\(folder)/\(trees)")
        try FileManager.default.removeItem(atPath: "\(sandbox.home)/.cache")
        return (sandbox, ids)
    }

    @Test func `names the directory that cannot be read, and of which snapshot`() async throws {
        let (sandbox, ids) = try await makeTreeless()
        let (old, new) = (String(ids[0].prefix(8)), String(ids[1].prefix(8)))
        let root = "cannot read directory '/' of snapshot \(old)"
        let sub = "cannot read directory '/sub' of snapshot \(new)"
        for (arguments, message) in [
            (["ls", "-R", new], sub), (["ls", old], root), (["cat", new, "sub/file"], sub),
            (["cat", new, "sub"], sub), (["show", new], sub), (["diff", old, new], root),
            (["restore", old, "--to", "\(sandbox.folder)/out"], root),
        ] {
            let outcome = try await sandbox.run([try Sandbox.binary()] + arguments)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("error: \(message)\n"), "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains("\nhint: run `belay verify`"), "\(outcome.errors)")
        }
        let found = try await sandbox.belay("find", "file")
        #expect(found.status == 3)
        for (id, message) in [(old, root), (new, sub)] {
            #expect(
                found.errors.contains("nothing was looked for in snapshot \(id): \(message);"),
                "\(found.errors)"
            )
        }
    }

    @Test func `lists what there is, and ends with 3 if a manifest cannot be read`() async throws {
        let (sandbox, ids) = try await makeTreeless()
        let outcome = try await sandbox.belay("list")
        #expect(outcome.status == 3)
        for id in ids { #expect(outcome.text.contains("\n\(id.prefix(8))"), "\(outcome.text)") }
        #expect(
            outcome.errors.contains("the manifest of snapshot \(ids[0].prefix(8)) cannot be read"),
            "\(outcome.errors)"
        )
    }

    @Test func `says so at the next backup if an index is gone`() async throws {
        let (sandbox, _) = try await makeSandbox()
        let folder = "\(repository(sandbox))/index"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        let outcome = try await sandbox.belay(
            "backup",
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 200)"]
        )
        #expect(outcome.status == 3 && outcome.errors.contains("belay repair index"), "\(outcome.errors)")
        let unchanged = try await sandbox.belay(
            "backup",
            "--skip-if-unchanged",
            "--json",
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 250)"]
        )
        let summary = try #require(try unchanged.objects().last)
        #expect(summary["snapshot_id"] != nil && summary["lost_snapshots"] as? Int ?? 0 > 0, "\(summary)")
        try await sandbox.done("repair", "index")
        try await sandbox.done("verify", "--read-data")
        try await sandbox.done("backup", environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 300)"])
    }

    @Test func `stores nothing where nothing has changed and that was asked for`() async throws {
        let (sandbox, _) = try await makeSandbox()
        let outcome = try await sandbox.done(
            "backup",
            "--skip-if-unchanged",
            "--json",
            environment: ["BELAY_TEST_NOW": "\(Sandbox.now + 300)"]
        )
        let summary = try #require(try outcome.objects().last)
        #expect(summary["unchanged"] as? Bool == true && summary["snapshot_id"] == nil)
        #expect(summary["data_added"] as? Int == 0, "\(outcome.text)")
    }

    @Test(.enabled(if: geteuid() == 0, "needs another account"))
    func `is not begun for a project that cannot be set up`() async throws {
        let sandbox = try Sandbox()
        let home = "\(sandbox.folder)/other"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        try await sandbox.run(["/bin/chown", "nobody", home])
        try await sandbox.run(["/bin/chmod", "755", sandbox.folder, sandbox.project])
        let outcome = try await sandbox.run(
            ["/usr/bin/setpriv", "--reuid=nobody", "--clear-groups", "--", try Sandbox.binary(), "init"],
            environment: ["HOME": home]
        )
        #expect(outcome.status == 1 && outcome.errors.contains("--repository-only"), "\(outcome.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: home).isEmpty)
    }
}
