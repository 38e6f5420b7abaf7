import Foundation
import Testing

@Suite struct `belay, however it is started` {
    @Test func `acts with -C as if it had been started there`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("a", "a")
        let place = ["-C", "project", "-r", "../repository", "-p", "../password"]
        try Data("secret".utf8).write(to: URL(fileURLWithPath: "\(sandbox.folder)/password"))
        for arguments in [
            ["init", "--repository-only"], ["backup"], ["restore", "latest", "--to", "../out"],
        ] {
            let outcome = try await sandbox.run(
                [try Sandbox.binary()] + arguments + place,
                directory: sandbox.folder
            )
            #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        }
        let files = FileManager.default
        #expect(files.fileExists(atPath: "\(sandbox.folder)/repository/config"))
        #expect(files.fileExists(atPath: "\(sandbox.folder)/out/a"))
        // Also what a command is asked for is asked for there.
        let outcome = try await sandbox.run(
            [try Sandbox.binary(), "list", "-C", "project", "-r", "../repository"]
                + ["--password-command", "cat ../password"],
            directory: sandbox.folder
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            try await sandbox.belay("list", "-C", "nowhere").errors.contains("nowhere is not a directory")
        )
    }

    @Test func `takes no file for a standard stream that is closed`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("a", "a")
        try await sandbox.initialize()
        let binary = try Sandbox.binary()
        let script = "exec \"$0\" backup <&- >&- 2>&-"
        let outcome = try await sandbox.run(["/bin/sh", "-c", script, binary])
        // The result could not be told.
        #expect(outcome.status == 1)
        #expect(try await sandbox.done("verify", "--read-data").text.contains("1 snapshot"))
    }

    @Test(arguments: [">/dev/full", ">&-"])
    func `keeps no recovery key that nobody has seen`(redirection: String) async throws {
        let sandbox = try Sandbox()
        try sandbox.write("a", "a")
        try await sandbox.initialize()
        let before = try await sandbox.done("key", "list", "--json").text
        let script = "exec \"$0\" key recovery --new \(redirection)"
        let outcome = try await sandbox.run(["/bin/sh", "-c", script, try Sandbox.binary()])
        #expect(outcome.status == 1)
        #expect(try await sandbox.done("key", "list", "--json").text == before)
    }
}
