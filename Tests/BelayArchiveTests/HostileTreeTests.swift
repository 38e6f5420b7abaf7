import BelayArchive
import BelayCore
import BelayRepository
import Testing

/// Trees that no directory can be, as somebody with the key could store them.
@Suite struct `A tree with names that no directory has` {
    /// A directory called `..`, and one called as a symlink before it.
    private func makeStored() async throws -> Stored {
        try await Stored.make { writer in
            let data = try await writer.data("evil")
            let inner = try await writer.tree([.file("pwned", [data], size: 4)])
            return try await writer.tree(asGiven: [
                .folder("..", inner), .file("ok", [data], size: 4), .symlink("x", "/outside"),
                .folder("x", inner), .file("a/../../b", [data], size: 4), .folder("good", inner),
            ])
        }
    }

    private final class Written {
        var bytes: [UInt8] = []

        /// The headers that are no records about another; pax records hold nothing that is asked for here.
        var headers: [(name: String, kind: String, target: String)] {
            var headers: [(name: String, kind: String, target: String)] = []
            var offset = 0
            while offset < bytes.count, bytes[offset] != 0 {
                let kind = text(offset + 156, 1)
                if kind != "x" { headers.append((text(offset, 100), kind, text(offset + 157, 100))) }
                let size = Int(text(offset + 124, 12), radix: 8) ?? 0
                offset += 512 + (size + 511) / 512 * 512
            }
            return headers
        }

        var names: [String] { headers.map(\.name) }

        private func text(_ offset: Int, _ length: Int) -> String {
            String(decoding: bytes[offset..<(offset + length)].prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private func archive(_ stored: Stored) async throws -> (Written, omitted: [String: Bool]) {
        let written = Written()
        var omitted: [String: Bool] = [:]
        let root = Node(name: FileName([]), kind: .directory, subtree: stored.tree)
        try await TarArchive.write(root, as: [], trees: stored.trees) {
            written.bytes.append(contentsOf: $0)
        } omitted: { path, omission in
            omitted[String(decoding: path, as: UTF8.self)] = omission.isLoss
        }
        return (written, omitted)
    }

    @Test func `makes no archive that leads out of where it is unpacked`() async throws {
        let (written, omitted) = try await archive(try await makeStored())
        #expect(written.names == ["good/", "good/pwned", "ok", "x"])
        #expect(omitted == ["..": true, "x": true, "a/../../b": true])
    }

    @Test func `is listed and compared without them`() async throws {
        let stored = try await makeStored()
        var listed: [String] = []
        var refused: [String] = []
        try await TreeListing.visit(stored.tree, at: [], isRecursive: true, in: stored.trees) { path, _ in
            refused.append(String(decoding: path, as: UTF8.self))
        } _: { path, _ in
            listed.append(String(decoding: path, as: UTF8.self))
        }
        #expect(listed == ["good", "good/pwned", "ok", "x"])
        #expect(refused == ["..", "a/../../b", "x"])
        var compared: [String] = []
        let source = TreeSource(stored.trees)
        _ = try await TreeComparison(old: source, new: source, leavingOut: nil).run(nil, stored.tree) {
            compared.append(String(decoding: $0.path, as: UTF8.self))
        }
        #expect(compared == listed)
        #expect(stored.repository.notes.contains { $0.hasPrefix("'..' in tree") })
    }

    @Test func `keeps names of one file in an archive hard links`() async throws {
        let stored = try await Stored.make { writer in
            let (data, other) = (try await writer.data("text"), try await writer.data("else"))
            func file(_ name: String, _ content: BlobID, inode: UInt64 = 7) -> Node {
                var node = Node.file(name, [content], size: 4)
                (node.inode, node.deviceID, node.links) = (inode, 1, 3)
                return node
            }
            let inner = try await writer.tree([file("stray", other), file("third", data, inode: 8)])
            return try await writer.tree([
                file("first", data), file("other", data, inode: 8), file("second", data), .folder("z", inner),
            ])
        }
        let (written, omitted) = try await archive(stored)
        #expect(omitted.isEmpty)
        // `stray` cannot be the same file, whatever its inode.
        #expect(
            written.headers.map { "\($0.kind) \($0.name) \($0.target)" } == [
                "0 first ", "0 other ", "1 second first", "5 z/ ", "0 z/stray ", "1 z/third other",
            ]
        )
    }
}
