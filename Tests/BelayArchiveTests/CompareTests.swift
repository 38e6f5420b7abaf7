import BelayArchive
import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem
import Foundation
import Testing

@Suite struct `A comparison of trees` {
    /// What a comparison found, as `letter path`.
    private func compare(
        _ fixture: CaptureFixture,
        _ old: BlobID?,
        _ new: BlobID?,
        paths: [String] = [],
        metadata: Bool = false
    ) async throws -> (changes: [String], missing: [Int]) {
        let trees = TreeReader(
            BlobReader(fixture.repository, index: try await fixture.repository.loadIndex())
        )
        let comparison = TreeComparison(
            old: TreeSource(trees),
            new: TreeSource(trees),
            leavingOut: GeneratedFolder.name,
            paths: paths.map { Array($0.utf8) }
        )
        var changes: [String] = []
        let missing = try await comparison.run(old, new) { change in
            if change.isMetadataOnly && !metadata { return }
            changes.append("\(Self.letter(change)) \(String(decoding: change.path, as: UTF8.self))")
        }
        return (changes, missing)
    }

    private static func letter(_ change: TreeChange) -> String {
        if change.old == nil { return "+" }
        if change.new == nil { return "-" }
        if change.differences.contains(.kind) { return "T" }
        if change.differences.contains(.content) {
            return change.differences.contains(.unexplained) ? "M?" : "M"
        }
        return "U"
    }

    private func remove(_ name: String, in fixture: CaptureFixture) throws {
        try FileManager.default.removeItem(atPath: "\(fixture.project.path)/\(name)")
    }

    @Test func `tells what was added, removed and changed, in the order of paths`() async throws {
        let fixture = try await CaptureFixture()
        for name in ["a/one", "a/two", "b.txt", "gone/x/y", "same/z", "zz"] {
            try fixture.project.write(name, to: name)
        }
        let old = try await fixture.capture().tree
        try fixture.project.write("changed", to: "a/one")
        try remove("a/two", in: fixture)
        try remove("gone", in: fixture)
        try fixture.project.write("new", to: "fresh/deep/file")
        try fixture.project.write("new", to: "a-b")
        let new = try await fixture.capture().tree
        let result = try await compare(fixture, old, new)
        #expect(
            result.changes == [
                "M a/one", "- a/two", "+ a-b", "+ fresh", "+ fresh/deep", "+ fresh/deep/file", "- gone",
                "- gone/x",
                "- gone/x/y",
            ]
        )
        #expect(try await compare(fixture, new, new).changes.isEmpty)
        #expect(try await compare(fixture, nil, new).changes.count == 10)
    }

    @Test func `lists what is inside where a directory and a file change places`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("x", to: "was-file")
        try fixture.project.write("x", to: "was-folder/inner")
        let old = try await fixture.capture().tree
        try remove("was-file", in: fixture)
        try remove("was-folder", in: fixture)
        try fixture.project.write("x", to: "was-file/inner")
        try fixture.project.write("x", to: "was-folder")
        let new = try await fixture.capture().tree
        #expect(
            try await compare(fixture, old, new).changes == [
                "T was-file", "+ was-file/inner", "T was-folder", "- was-folder/inner",
            ]
        )
    }

    @Test func `tells metadata apart from contents`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("x", to: "f")
        try FileManager.default.createSymbolicLink(
            atPath: "\(fixture.project.path)/link",
            withDestinationPath: "here"
        )
        let old = try await fixture.capture().tree
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600],
            ofItemAtPath: "\(fixture.project.path)/f"
        )
        try remove("link", in: fixture)
        try FileManager.default.createSymbolicLink(
            atPath: "\(fixture.project.path)/link",
            withDestinationPath: "there"
        )
        let new = try await fixture.capture().tree
        #expect(try await compare(fixture, old, new).changes == ["M link"])
        #expect(try await compare(fixture, old, new, metadata: true).changes == ["U f", "M link"])
    }

    @Test func `suspects a disk where contents differ and nothing else does`() {
        let time = Timestamp(seconds: 1)
        var old = Node(name: "f", kind: .file, modified: time, changed: time, inode: 7, size: 1)
        old.content = [BlobID(Digest(1, 2, 3, 4))]
        var new = old
        new.content = [BlobID(Digest(5, 6, 7, 8))]
        #expect(TreeChange(path: [], old: old, new: new).differences == [.content, .unexplained])
        new.changed = Timestamp(seconds: 2)
        #expect(TreeChange(path: [], old: old, new: new).differences == .content)
    }

    @Test func `looks only at the paths that are asked for, and tells which are nowhere`() async throws {
        let fixture = try await CaptureFixture()
        for name in ["a/one", "a/two", "b/one", "c"] { try fixture.project.write("old", to: name) }
        let old = try await fixture.capture().tree
        for name in ["a/one", "a/two", "b/one", "c"] { try fixture.project.write("newer", to: name) }
        let new = try await fixture.capture().tree
        let result = try await compare(
            fixture,
            old,
            new,
            paths: ["a/two", "b", "b/one", "nowhere", "c/below"]
        )
        #expect(result.changes == ["M a/two", "M b/one"])
        #expect(result.missing == [3, 4])
        #expect(try await compare(fixture, new, new, paths: ["a/two"]).missing.isEmpty)
        #expect(try await compare(fixture, old, new, paths: [""]).changes.count == 4)
    }

    @Test func `leaves out what belay adds, at the top alone`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("x", to: "sub/.belay/file")
        let new = try await fixture.capture().tree
        #expect(
            try await compare(fixture, nil, new).changes == ["+ sub", "+ sub/.belay", "+ sub/.belay/file"]
        )
    }

    /// The changes that follow from listing both sides whole.
    private func expected(_ before: [String: String], _ after: [String: String]) -> [String] {
        Set(before.keys).union(after.keys).compactMap { name in
            if before[name] == after[name] { return nil }
            return before[name] == nil ? "+ \(name)" : after[name] == nil ? "- \(name)" : "M \(name)"
        }.sorted()
    }

    @Test(arguments: 1...8)
    func `finds what listing both sides finds`(seed: Int) async throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let fixture = try await CaptureFixture()
        func name() -> String {
            let letters = ["a", "b", "c"]
            return (0..<3).map { _ in letters.randomElement(using: &random) ?? "" }.joined(separator: "/")
                + "/f"
                + "\(Int.random(in: 0..<3, using: &random))"
        }
        var files: [String: String] = [:]
        for _ in 0..<40 { files[name()] = "\(Int.random(in: 0..<3, using: &random))" }
        for (name, text) in files { try fixture.project.write(text, to: name) }
        let old = try await fixture.capture().tree
        let before = files
        for _ in 0..<10 {
            if let gone = files.keys.sorted().randomElement(using: &random) {
                files[gone] = nil
                try remove(gone, in: fixture)
            }
            let fresh = name()
            files[fresh] = "\(Int.random(in: 0..<9, using: &random)) longer"
            try fixture.project.write(files[fresh] ?? "", to: fresh)
        }
        let new = try await fixture.capture(usingCache: false).tree
        let found = try await compare(fixture, old, new).changes.filter { $0.contains("/f") }
        #expect(found.sorted() == expected(before, files), "seed \(seed)")
    }
}

@Suite struct `A rehearsal for comparing` {
    private func rehearse(
        _ fixture: CaptureFixture,
        byteMaximum: Int = 512 << 20
    ) async throws -> (BlobID, TreeRehearsal) {
        let rehearsal = TreeRehearsal(fixture.repository, byteMaximum: byteMaximum)
        var settings = ArchiveSettings(root: fixture.project.path, started: SystemClock().now())
        settings.respectsGitIgnore = false
        settings.compression = .off
        let archiver = Archiver(repository: rehearsal.repository, settings: settings, cacheFolder: nil)
        let known = try await fixture.repository.loadKnownBlobs()
        let result = try await BlobWriter.with(rehearsal.repository, known: known, packSize: 4 << 20) {
            writer in
            try await archiver.store(
                through: writer,
                cache: nil,
                verifyingAgainst: nil,
                progress: CaptureProgress()
            )
        }.result
        return (result.tree, rehearsal)
    }

    @Test func `gives the trees that a backup would store, and stores nothing`() async throws {
        let fixture = try await CaptureFixture()
        for name in ["a/b/c", "same/x", "d"] { try fixture.project.write(name, to: name) }
        let old = try await fixture.capture().tree
        try fixture.project.write("more", to: "a/b/new")
        let before = try await fixture.repository.list(.pack).count
        let (tree, rehearsal) = try await rehearse(fixture)
        let after = try await fixture.repository.list(.pack).count
        #expect(before == after)
        let stored = TreeReader(
            BlobReader(fixture.repository, index: try await fixture.repository.loadIndex())
        )
        let comparison = TreeComparison(
            old: TreeSource(stored),
            new: TreeSource(fresh: try await rehearsal.trees(), stored: stored),
            leavingOut: nil
        )
        var changes: [String] = []
        _ = try await comparison.run(old, tree) { change in
            if !change.isMetadataOnly { changes.append(String(decoding: change.path, as: UTF8.self)) }
        }
        #expect(changes == ["a/b/new"])
        let captured = try await fixture.capture(usingCache: false).tree
        #expect(captured == tree)
    }

    @Test func `refuses to compare what it could not keep`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("x", to: "a/b/c")
        let (_, rehearsal) = try await rehearse(fixture, byteMaximum: 100)
        await #expect(throws: BelayError.self) { try await rehearsal.trees() }
    }
}
