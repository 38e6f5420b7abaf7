import BelayArchive
import BelayCore
import BelayRepository
import BelayRules

/// What fits the patterns in and below one directory.
///
/// The same object stands for the same tree in all snapshots and in all places where the patterns fit alike, so that
/// two of them are compared by looking only where they differ.
final class MatchFolder: Sendable {
    /// Entries that fit, by name.
    let found: [Node]
    /// Directories below that hold something that fits, by name.
    let below: [(name: FileName, folder: MatchFolder)]
    /// Levels of such directories, this one included.
    let height: Int

    init(found: [Node], below: [(name: FileName, folder: MatchFolder)]) {
        self.found = found
        self.below = below
        height = 1 + (below.lazy.map(\.folder.height).max() ?? 0)
    }

    var isEmpty: Bool { found.isEmpty && below.isEmpty }
}

/// Looks through trees, each of them once for each way in which the patterns may go on there.
///
/// Memory grows with the trees of the repository and what fits in them, not with the places they are in.
struct MatchSearch {
    private struct Key: Hashable {
        var tree: BlobID
        /// For each pattern.
        var progress: [PathPattern.Progress]
    }

    /// A directory that is being looked at.
    private struct Level {
        var key: Key
        var name: FileName
        /// What is still to be looked at, in reverse order.
        var nodes: [Node]
        var found: [Node] = []
        var below: [(name: FileName, folder: MatchFolder)] = []
    }

    private let patterns: [PathPattern]
    private let kinds: Set<Node.Kind>
    private let trees: TreeReader
    private var known: [Key: MatchFolder] = [:]

    init(_ patterns: [PathPattern], kinds: Set<Node.Kind>, trees: TreeReader) {
        self.patterns = patterns
        self.kinds = kinds
        self.trees = trees
    }

    /// What fits below the project's directory.
    mutating func matches(in tree: BlobID?) async throws -> MatchFolder {
        guard let tree else { return MatchFolder(found: [], below: []) }
        let key = Key(tree: tree, progress: patterns.map(\.start))
        if let folder = known[key] { return folder }
        // Not by recursion: how deep it goes is for the repository to say.
        var levels = [try await level(key, name: FileName([]))]
        while true {
            let last = levels.count - 1
            guard let node = levels[last].nodes.popLast() else {
                let level = levels.removeLast()
                let folder = MatchFolder(found: level.found, below: level.below)
                known[level.key] = folder
                if last == 0 { return folder }
                if !folder.isEmpty { levels[last - 1].below.append((level.name, folder)) }
                continue
            }
            let key = levels[last].key
            if fits(node, key) { levels[last].found.append(node) }
            guard node.kind == .directory, let subtree = node.subtree else { continue }
            let inner = Key(
                tree: subtree,
                progress: zip(patterns, key.progress).map { $0.entering(node.name.bytes, $1) }
            )
            let folder = known[inner]
            guard levels.count + (folder?.height ?? 1) <= TreeListing.depthMaximum else {
                throw TreeListing.tooDeep(node.name.bytes)
            }
            if let folder {
                if !folder.isEmpty { levels[last].below.append((node.name, folder)) }
            } else {
                levels.append(try await level(inner, name: node.name))
            }
        }
    }

    private func level(_ key: Key, name: FileName) async throws -> Level {
        try Task.checkCancellation()
        return Level(key: key, name: name, nodes: try await trees.loadNodes(key.tree).reversed())
    }

    private func fits(_ node: Node, _ key: Key) -> Bool {
        guard kinds.isEmpty || kinds.contains(node.kind) else { return false }
        return zip(patterns, key.progress).contains { $0.matches(node.name.bytes, $1) }
    }
}
