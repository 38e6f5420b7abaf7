package import BelayCore

/// Finds what differs between two directory trees.
///
/// Trees with equal ids are equal and are not read. What is held is a directory of each side for each level.
package struct TreeComparison: Sendable {
    private let old: TreeSource
    private let new: TreeSource
    /// An entry of the topmost directory that is left out, such as what belay adds to snapshots.
    private let generated: FileName?
    private let paths: [[UInt8]]
    private let limit: Int

    /// A comparison of what lies at `paths` below the compared directories; of everything if there are none.
    ///
    /// More entries than `limit` are not looked at.
    package init(
        old: TreeSource,
        new: TreeSource,
        leavingOut generated: FileName?,
        paths: [[UInt8]] = [],
        limit: Int = TreeListing.entriesMaximum
    ) {
        self.limit = limit
        self.old = old
        self.new = new
        self.generated = generated
        self.paths = paths
    }

    private struct Pair {
        var old: Node?
        var new: Node?
        var name: FileName
    }

    private struct Level {
        /// In reverse order, so that the next one is taken from the end.
        var pairs: [Pair]
        /// Bytes of the path up to and with the slash behind the directory.
        var prefix: Int
        var scope: PathScope
    }

    /// Calls `visit` for each change, in the order of paths, a directory before what is in it.
    ///
    /// Everything below a directory that one side lacks is a change of its own. Gives the numbers of the
    /// paths that neither side has.
    package func run(
        _ oldTree: BlobID?,
        _ newTree: BlobID?,
        _ visit: (TreeChange) async throws -> Void
    ) async throws -> [Int] {
        var found: Set<Int> = []
        let scope = PathScope(paths)
        // Without paths to be found, equal trees need not be read at all.
        if oldTree == newTree && scope.isWhole { return [] }
        var path: [UInt8] = []
        var pairs = try await merge(oldTree, newTree)
        if let generated { pairs.removeAll { $0.name == generated } }
        var levels = [Level(pairs: pairs, prefix: 0, scope: scope)]
        var count = 0
        while let last = levels.indices.last {
            guard let pair = levels[last].pairs.popLast() else {
                levels.removeLast()
                continue
            }
            guard let inside = levels[last].scope.inside(pair.name.bytes, found: &found) else { continue }
            try Task.checkCancellation()
            count += 1
            guard count <= limit else { throw TreeListing.tooMany(limit) }
            path.removeSubrange(levels[last].prefix...)
            path.append(contentsOf: pair.name.bytes)
            if inside.isWhole {
                let change = TreeChange(path: path, old: pair.old, new: pair.new)
                if change.isChange { try await visit(change) }
            }
            let trees = Self.subtrees(pair)
            // On the way to a path equal trees are read too: whether it is there has to be known.
            if trees.old == trees.new && inside.isWhole { continue }
            guard trees.old != nil || trees.new != nil else { continue }
            guard levels.count < TreeListing.depthMaximum else { throw TreeListing.tooDeep(path) }
            path.append(0x2F)
            levels.append(
                Level(pairs: try await merge(trees.old, trees.new), prefix: path.count, scope: inside)
            )
        }
        return scope.numbers.filter { !found.contains($0) }
    }

    private static func subtrees(_ pair: Pair) -> (old: BlobID?, new: BlobID?) {
        (
            pair.old.flatMap { $0.kind == .directory ? $0.subtree : nil },
            pair.new.flatMap { $0.kind == .directory ? $0.subtree : nil }
        )
    }

    /// The entries of both sides side by side, in reverse order.
    private func merge(_ oldTree: BlobID?, _ newTree: BlobID?) async throws -> [Pair] {
        var before: ArraySlice<Node> = []
        var after: ArraySlice<Node> = []
        if let oldTree { before = try await old.nodes(of: oldTree)[...] }
        if let newTree { after = try await new.nodes(of: newTree)[...] }
        var pairs: [Pair] = []
        pairs.reserveCapacity(max(before.count, after.count))
        // From the ends, because the next one is taken from the end.
        while let name = [before.last?.name, after.last?.name].compactMap({ $0 }).max() {
            var pair = Pair(name: name)
            if before.last?.name == name { pair.old = before.popLast() }
            if after.last?.name == name { pair.new = after.popLast() }
            pairs.append(pair)
        }
        return pairs
    }
}
