import BelayCore
import Foundation
import Testing

@Suite struct `A wrong command line` {
    @Test(arguments: [
        (["bakcup"], "there is no command 'belay bakcup'", "did you mean 'belay backup'?"),
        (
            ["-C", "/", "--json", "snapshot"], "there is no command 'belay snapshot'",
            "did you mean 'belay snapshots'?"
        ),
        (["key", "ad"], "there is no command 'belay key ad'", "did you mean 'belay key add'?"),
        (
            ["help", "nosuch"], "there is no command 'belay nosuch'",
            "run `belay --help` to see what there is"
        ),
        (["help", "bakcup"], "there is no command 'belay bakcup'", "did you mean 'belay backup'?"),
        (["help", "key", "ad"], "there is no command 'belay key ad'", "did you mean 'belay key add'?"),
        (["debgu"], "there is no command 'belay debgu'", "run `belay --help` to see what there is"),
        (
            ["repair", "--json"], "'belay repair' needs the name of a command",
            "name one of index, packs, snapshots"
        ),
        (["backup", "--jsn"], "unknown option '--jsn'", "did you mean '--json'?"),
        (["ls"], "missing expected argument '<snap>'", "run `belay ls --help` to see what it takes"),
        (
            ["diff", "--patch", "--stat"], "--patch and --stat exclude each other",
            "run `belay diff --help` to see what it takes"
        ),
    ])
    func `is told in one form, with what to type`(
        arguments: [String],
        message: String,
        hint: String
    ) async throws {
        let sandbox = try Sandbox()
        let binary = try Sandbox.binary()
        let plain = try await sandbox.run(
            [binary] + arguments.filter { $0 != "--json" || arguments[0] == "repair" }
        )
        if arguments[0] != "repair" {
            #expect(plain.errors == "error: \(message)\nhint: \(hint)\n")
        }
        let outcome = try await sandbox.run(
            [binary] + arguments + (arguments.contains("--json") ? [] : ["--json"])
        )
        #expect(outcome.status == 2)
        #expect(outcome.text.isEmpty)
        let error = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.errors.utf8)) as? [String: Any]
        )
        #expect(error["message_type"] as? String == "exit_error")
        #expect(error["error"] as? String == "usage")
        #expect(error["message"] as? String == message)
        #expect(error["hint"] as? String == hint)
    }

    @Test func `without any command needs one, but for help and the version`() async throws {
        let sandbox = try Sandbox()
        #expect(
            try await sandbox.belay("-q").errors.hasPrefix("error: 'belay' needs the name of a command\n")
        )
        #expect(try await sandbox.done().text.hasPrefix("OVERVIEW"))
        #expect(try await sandbox.done("help", "key", "add").text.contains("USAGE: belay key add"))
        #expect(try await sandbox.done("help", "repair").text.contains("USAGE: belay repair"))
        #expect(try await sandbox.done("--json", "--help").text.hasPrefix("OVERVIEW"))
        #expect(try await sandbox.done("key", "passwd", "--help").text.contains("USAGE: belay key change"))
        for arguments in [
            ["--version", "--json"], ["--json", "--version"], ["list", "--version", "--json"],
        ] {
            let outcome = try await sandbox.run([try Sandbox.binary()] + arguments)
            #expect(outcome.status == 0)
            #expect(outcome.text == "{\"message_type\":\"version\",\"version\":\"\(Version.current)\"}\n")
        }
    }

    @Test(arguments: [
        (["--exclude", "["], "a pattern cannot be used: in '[' a bracket is not closed"),
        (["--exclude-if-present", ""], "a value of --exclude-if-present cannot be used: it names no file\n"),
        (["--tag", "belay:kind=x"], "the tag 'belay:kind=x' is one of belay's own\n"),
    ])
    func `has values that are refused in words`(arguments: [String], message: String) async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        let outcome = try await sandbox.run([try Sandbox.binary(), "backup"] + arguments)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("error: \(message)"), "\(outcome.errors)")
        #expect(outcome.errors.contains("\nhint: "))
    }

    @Test func `does not fall back to other rules of retention when it gives one of 0`() async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("belay.yaml", "retention: { keep_last: 1 }\n")
        for number in 0..<3 { try await sandbox.backup(at: Sandbox.now + Int64(number)) }
        let outcome = try await sandbox.belay("cleanup", "--keep-last", "0")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("no rule says what to keep"))
        #expect(try await sandbox.done("list", "--json").text.components(separatedBy: "short_id").count == 4)
    }
}

@Suite struct `The name of a checkpoint` {
    @Test(arguments: ["20261121", "2026-11-21", "abcdef12"])
    func `is not one that hides a time or an id`(name: String) async throws {
        let sandbox = try Sandbox()
        try await sandbox.initialize()
        try sandbox.write("a", "a")
        let outcome = try await sandbox.belay("checkpoint", name)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("use a word that is neither a time nor like an id"))
    }
}
