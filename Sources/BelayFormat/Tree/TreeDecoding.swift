package import BelayCore

/// Reads trees: leniently, as restic does, but never a name that could lead out of a directory.
package enum TreeDecoding {
    /// The tree in `bytes`, its nodes in order.
    ///
    /// Key order, space, unknown and missing fields do not matter. Nodes out of order are put in order, and
    /// a name that is there twice stays twice. An invalid name makes the whole tree malformed.
    package static func decode(_ bytes: [UInt8]) throws(FormatError) -> Tree {
        try bytes.withBytes { (bytes) throws(FormatError) in try decode(bytes) }
    }

    /// The tree in `bytes`, its nodes in order.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> Tree {
        var nodes = try TreeReader.nodes(in: bytes)
        for node in nodes where !node.name.isValid {
            throw .malformed(what: "tree", detail: "the name '\(node.name)' is not valid")
        }
        if zip(nodes, nodes.dropFirst()).contains(where: { $1.name < $0.name }) {
            nodes.sort { $0.name < $1.name }
        }
        return Tree(nodes: nodes)
    }

    /// The tree in `bytes` for an examination: with its nodes as they stand, and with what is wrong about
    /// them.
    ///
    /// Names may be invalid here, so the result must never be restored.
    package static func examine(
        _ bytes: [UInt8]
    ) throws(FormatError) -> (tree: Tree, irregularities: [TreeIrregularity]) {
        let nodes = try bytes.withBytes { (bytes) throws(FormatError) in try TreeReader.nodes(in: bytes) }
        var irregularities: [TreeIrregularity] = []
        var names: Set<FileName> = []
        for (index, node) in nodes.enumerated() {
            if !node.name.isValid { irregularities.append(.invalidName(node.name)) }
            if !names.insert(node.name).inserted {
                irregularities.append(.duplicateName(node.name))
            } else if index > 0, node.name < nodes[index - 1].name {
                irregularities.append(.notInOrder(node.name))
            }
            if node.kind == .file, node.content == nil { irregularities.append(.missingContent(node.name)) }
            if node.kind == .directory, node.subtree == nil {
                irregularities.append(.missingSubtree(node.name))
            }
        }
        var canonical: [UInt8] = []
        TreeEncoding.appendAsTheyAre(nodes, to: &canonical)
        if canonical != bytes { irregularities.append(.notCanonical) }
        return (Tree(nodes: nodes), irregularities)
    }

    /// The node in `bytes`.
    package static func node(_ bytes: [UInt8]) throws(FormatError) -> Node {
        try bytes.withBytes { (bytes) throws(FormatError) in
            var reader = JSONReader(bytes, of: "node")
            var strings = TreeReader.RecentStrings()
            let node = try TreeReader.node(&reader, &strings)
            try reader.finish()
            return node
        }
    }
}
