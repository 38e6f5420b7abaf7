import Foundation
import Testing

@Suite struct `The completion for bash` {
    /// What is offered for the last of the words.
    private func offers(_ words: String..., in sandbox: Sandbox) async throws -> Set<String> {
        let line = (["belay"] + words).joined(separator: " ")
        let quoted = (["belay"] + words).map { "'\($0)'" }.joined(separator: " ")
        let script = """
            . "$1"
            COMP_WORDS=(\(quoted)); COMP_CWORD=\(words.count); COMP_LINE='\(line)'; COMP_POINT=${#COMP_LINE}
            _belay belay "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$((COMP_CWORD - 1))]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        var file = URL(filePath: #filePath)
        for _ in 0..<3 { file.deleteLastPathComponent() }
        let path = file.appending(path: "share/completions/bash/belay").path
        let outcome = try await sandbox.run(["/bin/bash", "-c", script, "bash", path])
        #expect(outcome.errors.isEmpty, "\(outcome.errors)")
        return Set(outcome.text.split(separator: "\n").map(String.init))
    }

    @Test func `offers paths, values, aliases, and commands behind help`() async throws {
        let sandbox = try Sandbox()
        try sandbox.write("below/file", "a")
        for flag in ["-C", "--repo"] {
            #expect(try await offers(flag, "", in: sandbox) == ["below"])
            #expect(try await offers("list", flag, "be", in: sandbox) == ["below"])
        }
        #expect(try await offers("restore", "latest", "--to", "", in: sandbox) == ["below"])
        #expect(try await offers("list", "--password-file", "below/f", in: sandbox) == ["below/file"])
        #expect(
            try await offers("backup", "--compression", "", in: sandbox)
                == ["off", "fastest", "auto", "better", "max"]
        )
        #expect(try await offers("restore", "--overwrite", "if", in: sandbox) == ["if-changed", "if-newer"])
        #expect(try await offers("snap", in: sandbox) == ["snapshots"])
        #expect(try await offers("snapshots", "--all", in: sandbox) == ["--all-projects"])
        #expect(try await offers("key", "pass", in: sandbox) == ["passwd"])
        #expect(try await offers("key", "passwd", "--new", in: sandbox) == ["--new-password-file"])
        #expect(try await offers("help", "back", in: sandbox) == ["backup"])
        #expect(try await offers("-C", "below", "back", in: sandbox) == ["backup"])
    }
}
