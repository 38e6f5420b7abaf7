import BelayArchive
import BelayCore
import BelayRepository
import BelayRules

/// What fits the patterns in and below one directory.
///
/// The same object stands for the same tree in all snapshots, so that two of them are compared by looking only
/// where they differ.
final class MatchFolder: Sendable {
    /// Entries that fit, by name.
    let found: [Node]
    /// Directories below that hold something that fits, by name.
    let below: [(name: FileName, folder: MatchFolder)]

    init(found: [Node], below: [(name: FileName, folder: MatchFolder)]) {
        self.found = found
        self.below = below
    }

    var isEmpty: Bool { found.isEmpty && below.isEmpty }
}

/// Looks through trees, each of them once.
struct MatchSearch {
    /// Where a tree was met: for patterns over paths it matters what leads there.
    private struct Key: Hashable {
        var tree: BlobID
        var path: [[UInt8]]
    }

    private let patterns: [PathPattern]
    private let kinds: Set<Node.Kind>
    private let trees: TreeReader
    private let looksAtPath: Bool
    private var known: [Key: MatchFolder] = [:]

    init(_ patterns: [PathPattern], kinds: Set<Node.Kind>, trees: TreeReader) {
        self.patterns = patterns
        self.kinds = kinds
        self.trees = trees
        looksAtPath = patterns.contains(where: \.looksAtPath)
    }

    /// What fits below the project's directory.
    mutating func matches(in tree: BlobID?) async throws -> MatchFolder {
        guard let tree else { return MatchFolder(found: [], below: []) }
        return try await search(tree, [])
    }

    private mutating func search(_ tree: BlobID, _ path: [[UInt8]]) async throws -> MatchFolder {
        let key = Key(tree: tree, path: looksAtPath ? path : [])
        if let folder = known[key] { return folder }
        try Task.checkCancellation()
        guard path.count < TreeListing.depthMaximum else {
            throw BelayError(.repositoryUnsupported, "a snapshot nests directories too deep to be searched")
        }
        var nodes: [Node] = []
        try await TreeListing.visit(tree, at: [], isRecursive: false, in: trees) { nodes.append($1) }
        var found: [Node] = []
        var below: [(name: FileName, folder: MatchFolder)] = []
        for node in nodes {
            let fits = kinds.isEmpty || kinds.contains(node.kind)
            if fits && patterns.contains(where: { $0.matches(node.name.bytes, in: path) }) {
                found.append(node)
            }
            guard node.kind == .directory, let subtree = node.subtree else { continue }
            let folder = try await search(subtree, path + [node.name.bytes])
            if !folder.isEmpty { below.append((node.name, folder)) }
        }
        let folder = MatchFolder(found: found, below: below)
        known[key] = folder
        return folder
    }
}
