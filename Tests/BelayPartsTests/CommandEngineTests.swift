import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite struct `A database that a command prints` {
    private func dump(_ line: String) async throws -> Sink {
        let sink = Sink()
        let command = Command.shell(line, environment: ["PATH": "/usr/bin:/bin"])
        _ = try await CommandEngine(name: "any", command: command).dump(to: sink)
        return sink
    }

    @Test func `is what it prints, however much, and whatever it says besides`() async throws {
        let sink = try await dump("seq 1 300000; seq 1 100000 >&2")
        let expected = (1...300_000).map { "\($0)\n" }.joined()
        #expect(sink.files == ["any.dump": Data(expected.utf8)])
    }

    @Test(arguments: [
        ("echo half; echo no luck >&2; exit 3", "ended with status 3: no luck"),
        ("true", "has printed nothing"), ("echo x; kill -9 $$", "was ended by signal 9"),
        ("no-such-program", "ended with status 127"),
    ])
    func `is not stored if it fails`(line: String, reason: String) async throws {
        let error = await #expect(throws: BelayError.self) { try await dump(line) }
        #expect(error?.code == .databaseUnreadable)
        #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func `ends with all that it has started when the run is cancelled`() async throws {
        let scratch = try Scratch()
        let line = "echo $$ > \(scratch.path)/pid; echo x; sleep 100 | cat"
        let task = Task { try await dump(line) }
        let file = "\(scratch.path)/pid"
        while (FileManager.default.contents(atPath: file) ?? Data()).isEmpty { await Task.yield() }
        task.cancel()
        await #expect(throws: (any Error).self) { try await task.value }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let process = try #require(Int32(text.split(separator: "\n")[0]))
        #expect(!HostIdentity.isAlive(processID: process))
    }
}

@Suite struct `A directory of JSON documents` {
    private func engine(_ scratch: Scratch, required: [String] = []) -> JSONCollections {
        JSONCollections(
            name: "docs",
            path: scratch.path,
            place: "data",
            required: required,
            kept: "\(scratch.path)/kept"
        )
    }

    @Test func `is stored document by document, and counted`() async throws {
        let scratch = try Scratch()
        try scratch.write("[1, [2, 3], {}]", to: "list.json")
        try scratch.write(" {\"a\": 1, \"b\": [1]}\n", to: "object.json")
        try scratch.write("no JSON", to: "notes.txt")
        let sink = Sink()
        let state = try await engine(scratch, required: ["list.json"]).dump(to: sink)
        #expect(state.tables.map(\.name) == ["list", "object"])
        #expect(state.tables.map(\.rows) == [3, 2])
        #expect(sink.files.keys.sorted() == ["docs/list.json", "docs/object.json"])
        #expect(sink.files["docs/list.json"] == Data("[1, [2, 3], {}]".utf8))
        #expect(sink.standsFor["docs/list.json"] == "data/list.json")
    }

    @Test(arguments: ["{", "", "[1] x"]) func `is refused if a document is broken`(text: String) async throws
    {
        let scratch = try Scratch()
        try scratch.write(text, to: "broken.json")
        let error = await #expect(throws: BelayError.self) { try await engine(scratch).dump(to: Sink()) }
        #expect(error?.message.contains("'broken.json' is no valid JSON") == true)
    }

    @Test func `is refused if a document is missing that it needs`() async throws {
        let scratch = try Scratch()
        try scratch.write("[]", to: "a.json")
        let error = await #expect(throws: BelayError.self) {
            try await engine(scratch, required: ["b.json"]).dump(to: Sink())
        }
        #expect(error?.code == .databaseUnreadable && error?.message.contains("b.json") == true)
    }
}
