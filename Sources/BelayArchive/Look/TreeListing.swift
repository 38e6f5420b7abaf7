package import BelayCore
package import BelayRepository

/// Going through the entries below a directory of a snapshot, in the order of their paths.
package enum TreeListing {
    /// More levels than this are refused; file systems do not nest so deep by themselves.
    package static let depthMaximum = 16_384

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
    /// with `path`, which leads to the directory and is empty for the root; none has a slash in front.
    package static func visit(
        _ tree: BlobID,
        at path: [UInt8],
        isRecursive: Bool,
        in trees: TreeReader,
        _ body: (_ path: [UInt8], _ node: Node) async throws -> Void
    ) async throws {
        var current = path
        if !current.isEmpty { current.append(0x2F) }
        var levels = [Level(nodes: try await trees.loadNodes(tree).reversed(), prefix: current.count)]
        while let last = levels.indices.last {
            guard let node = levels[last].nodes.popLast() else {
                levels.removeLast()
                continue
            }
            current.removeSubrange(levels[last].prefix...)
            current.append(contentsOf: node.name.bytes)
            try Task.checkCancellation()
            try await body(current, node)
            guard isRecursive, node.kind == .directory, let below = node.subtree else { continue }
            guard levels.count < depthMaximum else { throw tooDeep(current) }
            current.append(0x2F)
            levels.append(Level(nodes: try await trees.loadNodes(below).reversed(), prefix: current.count))
        }
    }

    static func tooDeep(_ path: [UInt8]) -> BelayError {
        BelayError(
            .repositoryUnsupported,
            "the snapshot nests directories more than \(depthMaximum) levels deep",
            subjects: [String(decoding: path.prefix(200), as: UTF8.self)]
        )
    }
}
