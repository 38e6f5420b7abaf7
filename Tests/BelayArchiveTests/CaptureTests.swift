import BelayArchive
import BelayCore
import BelayStore
import BelaySystem
import BelayTestKit
import Foundation
import Synchronization
import Testing

@Suite struct `A capture` {
    @Test func `stores what a large file holds, in chunks`() async throws {
        let fixture = try await CaptureFixture()
        var generator = SeededGenerator(seed: 7)
        var bytes: [UInt8] = []
        // Longer than the longest chunk, whatever the repository's polynomial.
        for _ in 0..<(9 << 17) { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
        try Data(bytes).write(to: URL(fileURLWithPath: "\(fixture.project.path)/large"))
        let result = try await fixture.capture()
        let node = try #require(fixture.nodes(result)["large"])
        #expect(node.size == UInt64(bytes.count))
        #expect((node.content?.count ?? 0) > 1)
        #expect(try await fixture.content(of: node) == bytes)
    }

    /// Small files wait until large ones are taken; meanwhile one of them becomes large itself.
    @Test func `cuts into chunks what has grown since it was listed`() async throws {
        var generator = SeededGenerator(seed: 8)
        func bytes(_ words: Int) -> [UInt8] {
            var bytes: [UInt8] = []
            for _ in 0..<words { withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) } }
            return bytes
        }
        let path = Mutex("")
        let grown = bytes(9 << 17)
        let store = FaultyStore(
            MemoryStore(),
            [
                .init(
                    .call {
                        _ = FileManager.default.createFile(
                            atPath: path.withLock { $0 },
                            contents: Data(grown)
                        )
                    },
                    on: .save,
                    of: .pack,
                    turns: 0..<1
                )
            ]
        )
        let fixture = try await CaptureFixture(store: store)
        path.withLock { $0 = "\(fixture.project.path)/log" }
        try fixture.project.write("", to: "log")
        for number in 0..<8 {
            try Data(bytes(9 << 17)).write(to: URL(fileURLWithPath: "\(fixture.project.path)/\(number)"))
        }
        let result = try await fixture.capture()
        let node = try #require(fixture.nodes(result)["log"])
        #expect(result.failures.isEmpty && node.size == UInt64(grown.count))
        #expect((node.content?.count ?? 0) > 1)
        #expect(try await fixture.content(of: node) == grown)
    }

    @Test(arguments: [0, 1, 524_287, 524_288, 524_289, 8_388_608, 17_000_000])
    func `stores a file of any length as it is`(length: Int) async throws {
        let fixture = try await CaptureFixture()
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 9) }
        try Data(bytes).write(to: URL(fileURLWithPath: "\(fixture.project.path)/file"))
        let result = try await fixture.capture()
        let node = try #require(fixture.nodes(result)["file"])
        #expect(node.size == UInt64(length))
        #expect(try await fixture.content(of: node) == bytes)
    }

    @Test func `leaves out what git ignores, and keeps what git tracks`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("*.log\n/build/\n", to: ".gitignore")
        try fixture.project.write("x", to: "a.log")
        try fixture.project.write("x", to: "tracked.log")
        try fixture.project.write("x", to: "build/out.o")
        try fixture.project.write("x", to: "build/kept.txt")
        try fixture.project.write("x", to: "source.c")
        try git(["init", "-q"], in: fixture.project.path)
        try git(["add", "-f", "tracked.log", "build/kept.txt"], in: fixture.project.path)
        let result = try await fixture.capture { $0.respectsGitIgnore = true }
        let names = Set(result.rootNodes.map { "\($0.name)" })
        #expect(names == [".git", ".gitignore", "build", "source.c", "tracked.log"])
        #expect(result.counts.excluded == 2)
    }

    @Test func `stores only what is selected, and the way to it`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("x", to: "backend/api/main.py")
        try fixture.project.write("x", to: "backend/readme")
        try fixture.project.write("x", to: "frontend/index.js")
        let result = try await fixture.capture { $0.selection = [Array("backend/api".utf8)] }
        #expect(result.rootNodes.map { "\($0.name)" } == ["backend"])
        #expect(result.totals.files == 1)
    }

    @Test func `gives the same tree for the same files, whatever order they were written in`() async throws {
        let first = try await CaptureFixture()
        try first.project.write("x", to: "a/b/c")
        let one = try await first.capture(usingCache: false)
        let two = try await first.capture(usingCache: false)
        #expect(one.tree == two.tree)
    }

    @Test func `names a directory that is not there`() async throws {
        let fixture = try await CaptureFixture()
        await #expect(throws: BelayError.self) {
            try await fixture.capture { $0.root = "/no/such/place" }
        }
    }
}

/// Runs git for real, with nothing of the user's.
func git(_ arguments: [String], in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = [
        "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
}
