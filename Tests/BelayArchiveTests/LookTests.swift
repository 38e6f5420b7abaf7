import BelayArchive
import BelayCore
import BelayRepository
import Foundation
import Testing

@Suite struct `A listing of a tree` {
    @Test func `gives a directory before what is in it, by the bytes of names`() async throws {
        let fixture = try await CaptureFixture()
        for name in ["a/z", "a-b", "a.c", "B/x/y"] { try fixture.project.write("x", to: name) }
        let tree = try await fixture.capture().tree
        let trees = TreeReader(
            BlobReader(fixture.repository, index: try await fixture.repository.loadIndex())
        )
        var all: [String] = []
        try await TreeListing.visit(tree, at: [], isRecursive: true, in: trees) { path, _ in
            all.append(String(decoding: path, as: UTF8.self))
        }
        #expect(all == ["B", "B/x", "B/x/y", "a", "a/z", "a-b", "a.c"])
        var top: [String] = []
        try await TreeListing.visit(tree, at: Array("home/ada".utf8), isRecursive: false, in: trees) {
            path,
            _ in
            top.append(String(decoding: path, as: UTF8.self))
        }
        #expect(top == ["home/ada/B", "home/ada/a", "home/ada/a-b", "home/ada/a.c"])
    }

    @Test func `ends at a limit, since a few trees can stand for any number of entries`() async throws {
        let stored = try await Stored.makeBomb()
        var count = 0
        let error = await #expect(throws: BelayError.self) {
            try await TreeListing.visit(stored.tree, at: [], isRecursive: true, in: stored.trees, limit: 500)
            {
                _,
                _ in
                count += 1
            }
        }
        #expect(error?.code == .repositoryUnsupported)
        #expect(error?.message.contains("limit of 500") == true)
        #expect(count == 500)
        let comparison = TreeComparison(
            old: TreeSource(stored.trees),
            new: TreeSource(stored.trees),
            leavingOut: nil,
            limit: 500
        )
        await #expect(throws: BelayError.self) { _ = try await comparison.run(stored.tree, nil) { _ in } }
    }

    @Test func `can be counted by the endings of names`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("12345", to: "a/one.TXT")
        try fixture.project.write("123", to: "b/two.txt")
        try fixture.project.write("1", to: "Makefile")
        try fixture.project.write("12", to: ".bashrc")
        try fixture.project.write("12", to: ".belay/left-out")
        try FileManager.default.createSymbolicLink(
            atPath: "\(fixture.project.path)/l",
            withDestinationPath: "a"
        )
        let tree = try await fixture.capture().tree
        let trees = TreeReader(
            BlobReader(fixture.repository, index: try await fixture.repository.loadIndex())
        )
        let statistics = try await TreeStatistics.of(tree, leavingOut: GeneratedFolder.name, in: trees)
        #expect(
            statistics.files == 4 && statistics.folders == 2 && statistics.others == 1
                && statistics.bytes == 11
        )
        #expect(statistics.types.map(\.ending) == ["txt", ""])
        #expect(statistics.types.map(\.files) == [2, 2])
        #expect(statistics.types.map(\.bytes) == [8, 3])
    }

    @Test(arguments: [
        ("a.txt", "txt"), ("a.TXT", "txt"), ("a", ""), (".a", ""), ("a.", ""), ("a.tar.gz", "gz"),
        ("a.b c", ""),
        ("a.averyveryverylongending", ""),
    ])
    func `knows the ending of a name`(name: String, ending: String) {
        #expect(TreeStatistics.ending(of: FileName(name)) == ending)
        #expect(TreeStatistics.ending(of: FileName([0x61, 0x2E, 0xFF])).isEmpty)
    }
}
