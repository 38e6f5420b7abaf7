package import BelayCore
package import BelayRepository

/// Finding one entry of a snapshot by its path.
package enum TreeLookup {
    /// The entry at `path` below the tree `root`; the root itself, as a directory without a name, for no
    /// path.
    ///
    /// Reads one tree for each part of the path. Slashes at the ends and doubled ones do not matter.
    ///
    /// - Throws: `path.not-found`, or `repository.damaged`.
    package static func find(_ path: [UInt8], root: BlobID, in trees: TreeReader) async throws -> Node {
        var node = Node(name: FileName([]), kind: .directory, subtree: root)
        for part in path.split(separator: 0x2F) {
            guard node.kind == .directory, let tree = node.subtree else { throw missing(path) }
            let name = FileName(Array(part))
            let nodes = try await trees.loadEntries(tree).nodes
            guard name.isValid, let next = nodes.first(where: { $0.name == name }) else {
                throw missing(path)
            }
            node = next
        }
        return node
    }

    private static func missing(_ path: [UInt8]) -> BelayError {
        let text = String(decoding: path, as: UTF8.self)
        return BelayError(
            .pathNotFound,
            "the snapshot does not hold \(text)",
            hint: "list what it holds with `belay ls`",
            subjects: [text]
        )
    }
}
