import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite struct `JSON documents that are brought back` {
    private let moment = Timestamp(seconds: 1_795_000_000)

    private func engine(_ scratch: Scratch, kept: String? = nil) -> JSONCollections {
        JSONCollections(
            name: "docs",
            path: "\(scratch.path)/data",
            place: "data",
            required: [],
            kept: kept ?? "\(scratch.path)/kept"
        )
    }

    private func makeDocuments(_ scratch: Scratch) async throws -> (Manifest.Database, StoredPart) {
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/data/other",
            withIntermediateDirectories: true
        )
        for (name, text) in [
            ("tasks.json", "[1, 2, 3]"), ("settings.json", "{\"a\": 1}"), ("README", "text"),
            ("other/file", "text"),
        ] {
            try scratch.write(text, to: "data/\(name)")
        }
        let sink = Sink()
        let state = try await engine(scratch).dump(to: sink)
        let database = Manifest.Database(
            name: "docs",
            engine: "json",
            path: ".belay/databases/docs",
            tables: state.tables
        )
        return (database, StoredPart(sink))
    }

    private func read(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    @Test func `change places with what is there, and leave other files alone`() async throws {
        let scratch = try Scratch()
        let (database, source) = try await makeDocuments(scratch)
        try scratch.write("[9]", to: "data/tasks.json")
        try scratch.write("[]", to: "data/new.json")
        try FileManager.default.removeItem(atPath: "\(scratch.path)/data/settings.json")
        let engine = engine(scratch)
        let staged = try await engine.stage(database, from: source)
        #expect(DatabaseComparison.differences(database.tables, try await staged.survey().tables).isEmpty)
        #expect(try read("\(scratch.path)/data/tasks.json") == "[9]")
        let kept = try #require(try await staged.swap(at: moment))
        try await staged.discard()
        #expect(try names("\(scratch.path)/data") == ["README", "other", "settings.json", "tasks.json"])
        #expect(try read("\(scratch.path)/data/tasks.json") == "[1, 2, 3]")
        #expect(try read("\(scratch.path)/data/other/file") == "text")
        #expect(try names(kept.place) == ["new.json", "tasks.json"])
        #expect(try await engine.kept() == [kept])

        let second = try #require(try await engine.takeBack(kept, at: moment))
        #expect(try names("\(scratch.path)/data") == ["README", "new.json", "other", "tasks.json"])
        #expect(try names(second.place) == ["settings.json", "tasks.json"])
        try await engine.drop(kept)
        #expect(try await engine.kept() == [second])
        #expect(try names(scratch.path) == ["data", "kept"], "nothing is left beside them")
    }

    @Test func `stay as they are where something in their folder cannot follow`() async throws {
        let scratch = try Scratch()
        let (database, source) = try await makeDocuments(scratch)
        let engine = engine(scratch)
        let staged = try await engine.stage(database, from: source)
        try scratch.write("[9]", to: "data/tasks.json")
        // What is called like that cannot be moved over it.
        let stage = try #require(try names(scratch.path).first { $0.hasPrefix(".belay-") })
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/\(stage)/other/deep",
            withIntermediateDirectories: true
        )
        await #expect(throws: BelayError.self) { try await staged.swap(at: moment) }
        #expect(try names("\(scratch.path)/data") == ["README", "other", "settings.json", "tasks.json"])
        #expect(try read("\(scratch.path)/data/tasks.json") == "[9]")
        #expect(try read("\(scratch.path)/data/other/file") == "text")
        try await staged.discard()
        #expect(try names(scratch.path).filter { $0 != "kept" } == ["data"])
    }

    @Test(.enabled(if: OtherFileSystem.isThere))
    func `are kept beside the live ones where there is no room elsewhere`() async throws {
        let scratch = try Scratch()
        let elsewhere = try OtherFileSystem()
        let (database, source) = try await makeDocuments(scratch)
        let engine = engine(scratch, kept: elsewhere.path)
        let staged = try await engine.stage(database, from: source)
        try scratch.write("[9]", to: "data/tasks.json")
        // A document that cannot be read as a whole cannot be copied.
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/data/strange.json",
            withIntermediateDirectories: true
        )
        let kept = try #require(try await staged.swap(at: moment))
        try await staged.discard()
        #expect(try read("\(scratch.path)/data/tasks.json") == "[1, 2, 3]")
        #expect(try read("\(kept.place)/tasks.json") == "[9]")
        #expect(try names(kept.place) == ["settings.json", "strange.json", "tasks.json"])
        #expect(try await engine.kept() == [kept])
        #expect(try names(elsewhere.path).isEmpty, "no half copy is left")
    }

    @Test(.enabled(if: OtherFileSystem.isThere))
    func `are kept on another file system, and come back from there`() async throws {
        let scratch = try Scratch()
        let elsewhere = try OtherFileSystem()
        let (database, source) = try await makeDocuments(scratch)
        try scratch.write("[9]", to: "data/tasks.json")
        let engine = engine(scratch, kept: elsewhere.path)
        let kept = try #require(try await engine.stage(database, from: source).swap(at: moment))
        #expect(try names(kept.place) == ["settings.json", "tasks.json"])
        #expect(kept.place.hasPrefix(elsewhere.path))
        #expect(try names(scratch.path) == ["data"], "nothing is left beside them")
        let second = try #require(try await engine.takeBack(kept, at: moment))
        #expect(try read("\(scratch.path)/data/tasks.json") == "[9]")
        #expect(try read("\(second.place)/tasks.json") == "[1, 2, 3]")
    }

    @Test func `are kept whole: who has the folder open goes on in it`() async throws {
        let scratch = try Scratch()
        let (database, source) = try await makeDocuments(scratch)
        let engine = engine(scratch)
        let open = try Folder.open(path: "\(scratch.path)/data")
        let kept = try #require(try await engine.stage(database, from: source).swap(at: moment))
        try Array("[]".utf8).withUnsafeBytes { try OpenFile.creating("late.json", in: open).write($0) }
        #expect(try names(kept.place) == ["late.json", "settings.json", "tasks.json"])
        #expect(try await engine.kept() == [kept])
    }

    @Test func `of one database are no collection of another`() async throws {
        let scratch = try Scratch()
        let (database, source) = try await makeDocuments(scratch)
        let tasks = engine(scratch).collection("tasks")
        _ = try #require(try await tasks.stage(database, from: source).swap(at: moment))
        let other = JSONCollections(
            name: "docs.tasks",
            path: "\(scratch.path)/elsewhere",
            place: nil,
            required: [],
            kept: "\(scratch.path)/kept"
        )
        #expect(try await other.kept().isEmpty)
        #expect(try await engine(scratch).kept().count == 1)
    }

    @Test func `come back one by one`() async throws {
        let scratch = try Scratch()
        let (database, source) = try await makeDocuments(scratch)
        try scratch.write("[9]", to: "data/tasks.json")
        try scratch.write("{}", to: "data/settings.json")
        let engine = engine(scratch)
        let tasks = engine.collection("tasks")
        let staged = try await tasks.stage(database, from: source)
        #expect(try await staged.survey().tables == database.tables.filter { $0.name == "tasks" })
        let kept = try #require(try await staged.swap(at: moment))
        try await staged.discard()
        #expect(try read("\(scratch.path)/data/tasks.json") == "[1, 2, 3]")
        #expect(try read("\(scratch.path)/data/settings.json") == "{}", "only the one that was named")
        #expect(try names("\(scratch.path)/data") == ["README", "other", "settings.json", "tasks.json"])
        #expect(try await engine.kept() == [kept])
        // Also by the engine of all of them, which must not take one document for the whole.
        let second = try #require(try await engine.takeBack(kept, at: moment))
        #expect(try read("\(scratch.path)/data/tasks.json") == "[9]")
        #expect(try read("\(scratch.path)/data/settings.json") == "{}")
        for state in [kept, second] { try await engine.drop(state) }
        #expect(try await engine.kept().isEmpty)
        await #expect(throws: BelayError.self) {
            try await engine.collection("none").stage(database, from: source)
        }
    }

    @Test func `come where there are none, and are gone without a trace if they are not wanted`() async throws
    {
        let scratch = try Scratch()
        let (database, source) = try await makeDocuments(scratch)
        try FileManager.default.removeItem(atPath: "\(scratch.path)/data")
        let engine = engine(scratch)
        try await engine.stage(database, from: source).discard()
        #expect(try names(scratch.path).isEmpty)
        let staged = try await engine.stage(database, from: source)
        #expect(try await staged.swap(at: moment) == nil)
        try await staged.discard()
        #expect(try names("\(scratch.path)/data") == ["settings.json", "tasks.json"])
    }

    @Test func `are tried out, and told if they are none`() async throws {
        let scratch = try Scratch()
        var (database, source) = try await makeDocuments(scratch)
        let state = try await engine(scratch).rehearse(database, from: source)
        #expect(DatabaseComparison.differences(database.tables, state.tables).isEmpty)
        source.contents["docs/tasks.json"] = Data("[1, 2".utf8)
        database.name = "docs"
        await #expect(throws: BelayError.self) {
            try await engine(scratch).rehearse(database, from: source)
        }
    }
}

/// A folder on another file system than the scratch folders, where the machine has one.
private final class OtherFileSystem {
    let path = "/dev/shm/belay-test-\(UInt32.random(in: 0...UInt32.max))"

    /// Whether there is one at `/dev/shm`, for the tests to write to.
    static var isThere: Bool {
        guard let here = try? Paths.status(FileManager.default.temporaryDirectory.path),
            let there = try? Paths.status("/dev/shm")
        else { return false }
        return here.deviceID != there.deviceID && FileManager.default.isWritableFile(atPath: "/dev/shm")
    }

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    // What is left in memory is gone with the next start of the machine.
    deinit { try? FileManager.default.removeItem(atPath: path) }
}
