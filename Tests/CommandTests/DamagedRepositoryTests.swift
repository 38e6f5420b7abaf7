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
