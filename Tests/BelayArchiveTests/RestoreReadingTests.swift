import BelayArchive
import BelayCore
import BelayRepository
import BelayStore
import Testing

@Suite(.serialized) struct `Reading a file of a snapshot` {
    @Test func `finds an entry by its path`() async throws {
        let stored = try await Stored.make { writer in
            let inner = try await writer.tree([.file("c", [], size: 0), .symlink("l", "c")])
            return try await writer.tree([.folder("a", try await writer.tree([.folder("b", inner)]))])
        }
        func find(_ path: String) async throws -> Node {
            try await TreeLookup.find(Array(path.utf8), root: stored.tree, in: stored.trees)
        }
        #expect(try await find("a/b/c").kind == .file)
        #expect(try await find("/a//b/").name == "b")
        #expect(try await find("").subtree == stored.tree)
        for path in ["x", "a/x", "a/b/c/d", "a/b/l/c", "..", "a/.."] {
            await #expect("\(path)") { try await find(path) } throws: {
                ($0 as? BelayError)?.code == .pathNotFound
            }
        }
    }

    @Test(arguments: [0, 1, 3, 40])
    func `gives its contents in order`(count: Int) async throws {
        let chunks = (0..<count).map { randomBytes(1000 + $0, seed: UInt64($0 + 1)) }
        let stored = try await Stored.make(packSize: 4096) { writer in
            var content: [BlobID] = []
            for chunk in chunks { content.append(try await writer.data(chunk)) }
            return try await writer.tree([.file("f", content, size: chunks.joined().count)])
        }
        let node = try await TreeLookup.find(Array("f".utf8), root: stored.tree, in: stored.trees)
        var bytes: [UInt8] = []
        try await ContentReader.stream(node, blobs: stored.trees.blobs) { bytes.append(contentsOf: $0) }
        #expect(bytes == Array(chunks.joined()))
    }

    @Test func `gives nothing of what is not there, and no more than what can be read`() async throws {
        let store = MemoryStore()
        let stored = try await Stored.make(in: store, packSize: 64) { writer in
            let one = try await writer.data(randomBytes(100, seed: 1))
            let two = try await writer.data(randomBytes(100, seed: 2))
            let missing = BlobID(Digest(1, 2, 3, 4))
            return try await writer.tree([
                .file("damaged", [one, two], size: 200), .file("gone", [one, missing], size: 200),
                .symlink("link", "gone"),
            ])
        }
        func stream(_ path: String, _ bytes: inout [UInt8]) async throws {
            let node = try await TreeLookup.find(Array(path.utf8), root: stored.tree, in: stored.trees)
            try await ContentReader.stream(node, blobs: stored.trees.blobs) { bytes.append(contentsOf: $0) }
        }
        var bytes: [UInt8] = []
        await #expect { try await stream("gone", &bytes) } throws: {
            ($0 as? BelayError)?.code == .repositoryDamaged
        }
        await #expect { try await stream("link", &bytes) } throws: {
            ($0 as? BelayError)?.code == .pathNotFound
        }
        #expect(bytes.isEmpty)
        let node = try await TreeLookup.find(Array("damaged".utf8), root: stored.tree, in: stored.trees)
        let last = try #require(node.content?.last)
        let location = try #require(stored.index.location(of: BlobHandle(.data, last)))
        store.damage(Handle(location.pack), with: [])
        await #expect { try await stream("damaged", &bytes) } throws: {
            ($0 as? BelayError)?.code == .repositoryDamaged
        }
        #expect(bytes == randomBytes(100, seed: 1))
    }
}
