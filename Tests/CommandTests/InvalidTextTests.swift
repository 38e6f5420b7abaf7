import Foundation
import Testing

@Suite struct `Bytes that are not UTF-8` {
    /// A shell, because `Process` cannot pass such arguments on.
    private func shell(_ sandbox: Sandbox, _ script: String) async throws -> Sandbox.Outcome {
        try await sandbox.run(["/bin/bash", "-c", script, "sh", try Sandbox.binary()])
    }

    @Test func `in an argument are refused instead of meaning another file`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("a.txt", "a")
        try await sandbox.done("init", "--repository-only")
        try await sandbox.done("backup")
        for arguments in [#"restore latest --to $'../out\xffx'"#, #"backup --exclude $'\xff*'"#] {
            let outcome = try await shell(sandbox, "\"$1\" \(arguments)")
            #expect(outcome.status == 2, "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains("not valid UTF-8"), "\(outcome.errors)")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder)
        #expect(!names.contains { $0.hasPrefix("out") }, "nothing was made under another name")
    }

    @Test func `in the name of the directory are refused`() async throws {
        let sandbox = try Sandbox()
        let outcome = try await shell(sandbox, #"mkdir $'b\xffd' && cd $'b\xffd' && "$1" backup"#)
        #expect(outcome.status == 2 && outcome.errors.contains("not valid UTF-8"), "\(outcome.errors)")
    }
}
