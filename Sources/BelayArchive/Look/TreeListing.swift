package import BelayCore
package import BelayRepository

/// Going through the entries below a directory of a snapshot, in the order of their paths.
package enum TreeListing {
    /// More levels than this are refused; file systems do not nest so deep by themselves.
    package static let depthMaximum = 16_384
    /// More entries than this are refused: a few small trees can stand for any number of them.
    package static let entriesMaximum = 100_000_000

    /// What is left to visit of one directory.
    private struct Level {
        /// In reverse order, so that the next one is taken from the end.
        var nodes: [Node]
        /// Bytes of the path up to and with the slash behind the directory.
        var prefix: Int
    }

    /// Calls `body` for each entry of a directory, a directory before what is in it.
    ///
    /// Holds the entries of one directory for each level, never the whole tree. Paths given to `body` begin
    /// with `path`, which leads to the directory and is empty for the root; none has a slash in front. What has
    /// a name that no entry can have, or that is taken, is told to `refused` instead, and nothing below it is
    /// visited: its path is for people alone.
    package static func visit(
        _ tree: BlobID,
        at path: [UInt8],
        isRecursive: Bool,
        in trees: TreeReader,
        limit: Int = entriesMaximum,
        refused: (_ path: [UInt8], _ reason: String) -> Void,
        _ body: (_ path: [UInt8], _ node: Node) async throws -> Void
    ) async throws {
        var current = path
        if !current.isEmpty { current.append(0x2F) }
        var levels = [try await level(tree, current, trees, refused)]
        var count = 0
        while let last = levels.indices.last {
            guard let node = levels[last].nodes.popLast() else {
                levels.removeLast()
                continue
            }
            current.removeSubrange(levels[last].prefix...)
            current.append(contentsOf: node.name.bytes)
            try Task.checkCancellation()
            count += 1
            guard count <= limit else { throw tooMany(limit) }
            try await body(current, node)
            guard isRecursive, node.kind == .directory, let below = node.subtree else { continue }
            guard levels.count < depthMaximum else { throw tooDeep(current) }
            current.append(0x2F)
            levels.append(try await level(below, current, trees, refused))
        }
    }

    /// Does the same where what cannot be used is only to be noted.
    package static func visit(
        _ tree: BlobID,
        at path: [UInt8],
        isRecursive: Bool,
        in trees: TreeReader,
        limit: Int = entriesMaximum,
        _ body: (_ path: [UInt8], _ node: Node) async throws -> Void
    ) async throws {
        try await visit(tree, at: path, isRecursive: isRecursive, in: trees, limit: limit) { path, reason in
            let text = String(decoding: path, as: UTF8.self)
            trees.blobs.repository.note("'\(text)' is left out: \(reason)")
        } _: { path, node in
            try await body(path, node)
        }
    }

    /// The entries of a directory, whose path with a slash behind it is `path`.
    private static func level(
        _ tree: BlobID,
        _ path: [UInt8],
        _ trees: TreeReader,
        _ refused: (_ path: [UInt8], _ reason: String) -> Void
    ) async throws -> Level {
        let entries = try await trees.loadEntries(tree)
        for refusal in entries.refusals { refused(path + refusal.node.name.bytes, refusal.reason) }
        return Level(nodes: entries.nodes.reversed(), prefix: path.count)
    }

    /// Directories nest deeper than ``depthMaximum`` at a path.
    package static func tooDeep(_ path: [UInt8]) -> BelayError {
        BelayError(
            .repositoryUnsupported,
            "the snapshot nests directories deeper than the limit of \(depthMaximum) levels",
            hint: "name a directory further down",
            subjects: [String(decoding: path.prefix(200), as: UTF8.self)]
        )
    }

    /// There are more entries than `limit`.
    package static func tooMany(_ limit: Int = entriesMaximum) -> BelayError {
        BelayError(
            .repositoryUnsupported,
            "there are more entries than the limit of \(Count.text(limit))",
            hint: "name a directory in it"
        )
    }
}
