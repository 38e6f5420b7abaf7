package import BelayCore
import BelayFormat
package import BelayRepository
import BelaySystem

/// Makes the cache of the unchanged from a snapshot's trees, where there is none of our own: on a machine that lost
/// it, or after another program wrote the last snapshot.
///
/// What a tree says of a file is what the cache says of it; only the ignore rules in force are not known, so they are
/// asked again. Costs the reading of all trees, which is little beside the reading of all files.
struct CacheFromSnapshot {
    /// Deeper directories are read anew.
    private static let depthMaximum = 4096
    /// Clocks of file systems are this coarse at worst.
    private static let margin: Int64 = 2

    private let trees: TreeReader
    private let writer: UnchangedCacheWriter
    private let started: Timestamp
    private let accounts = AccountTable()
    private let damaged: (BelayError) -> Void

    /// Reads with `trees`, writes to `writer`.
    ///
    /// `started` is when the snapshot was begun: what was changed no sooner may have been changed after it was read.
    /// `damaged` is called for each tree that cannot be read.
    init(
        _ trees: TreeReader,
        _ writer: UnchangedCacheWriter,
        started: Timestamp,
        damaged: @escaping (BelayError) -> Void
    ) {
        self.damaged = damaged
        self.trees = trees
        self.writer = writer
        self.started = started
    }

    /// What one directory came to.
    private struct Made {
        var place: UInt64
        var totals: FolderTotals
    }

    /// Writes the blocks of the project's root directory and all below; gives the root's place and its tree's id.
    ///
    /// - Throws: `repository.damaged` if the root tree cannot be read. A directory below whose tree cannot be is
    ///   left out, and so read anew.
    func write(root: BlobID) async throws -> (place: UInt64, tree: BlobID) {
        let nodes = try await trees.load(root).nodes.filter { $0.name != GeneratedFolder.name }
        let tree = BlobID(BlobHasher.digest(TreeEncoding.encode(nodes)))
        return (try await write(nodes, tree: tree, depth: 0).place, tree)
    }

    private func write(_ nodes: [Node], tree: BlobID, depth: Int) async throws -> Made {
        var builder = CachedFolderBuilder(entries: nodes.count)
        var totals = FolderTotals()
        for node in nodes {
            try Task.checkCancellation()
            var payload = node.kind == .file ? node.size : node.device
            if node.kind == .directory {
                let below = try await writeBelow(node, depth: depth + 1)
                payload = below?.place ?? 0
                totals += below?.totals ?? FolderTotals()
                totals.folders += 1
            } else if node.kind == .file {
                totals.files += 1
                totals.bytes += node.size
            }
            builder.add(
                node,
                posixMode: FileKindBits.bits(of: node.kind) | node.mode.posixPermissions,
                payload: payload,
                mustRead: mustRead(node)
            )
        }
        let block = builder.build(tree: tree, rulesFingerprint: 0, totals: totals)
        return Made(place: block.withUnsafeBytes { writer.append($0) }, totals: totals)
    }

    private func writeBelow(_ node: Node, depth: Int) async throws -> Made? {
        guard let tree = node.subtree, depth < Self.depthMaximum else { return nil }
        let nodes: [Node]
        do {
            nodes = try await trees.load(tree).nodes
        } catch let error as BelayError where error.code == .repositoryDamaged {
            damaged(error)
            return nil
        }
        return try await write(nodes, tree: tree, depth: depth)
    }

    /// Whether the entry must be read whatever its times say.
    private func mustRead(_ node: Node) -> Bool {
        let latest = max(node.changed.seconds, node.modified.seconds)
        if latest.addingReportingOverflow(Self.margin).partialValue >= started.seconds { return true }
        if node.kind == .file && node.content == nil { return true }
        // A stored name that is not the account's any more must be stored anew.
        return node.user != accounts.user(node.userID) || node.group != accounts.group(node.groupID)
    }
}

extension Archiver {
    /// Makes a cache from the trees below `root` of a snapshot that was begun at `started`.
    ///
    /// What it names must be looked up in the index before it is believed: nobody promises that another program's
    /// snapshot is whole. `damaged` is called for each tree below the root that cannot be read. One that is not `kept`
    /// leaves nothing behind. `nil` if no cache can be made; then
    /// everything is read.
    package func makeCache(
        from snapshot: SnapshotID,
        root: BlobID,
        started: Timestamp,
        index: IndexTable,
        kept: Bool,
        damaged: @escaping (BelayError) -> Void
    ) async throws -> UnchangedCache? {
        guard let cacheFolder, let writer = makeCacheWriter(nil) else { return nil }
        do {
            let trees = TreeReader(BlobReader(repository, index: index))
            let made = try await CacheFromSnapshot(trees, writer, started: started, damaged: damaged)
                .write(root: root)
            let generation = UInt64.random(in: 1...UInt64.max)
            try writer.finish(root: made.place, generation: generation)
            let path = UnchangedCache.treePath(cacheFolder, generation)
            try Paths.rename(writer.path, to: path)
            let head = UnchangedCache.Head(
                repository: repository.config.id,
                snapshot: snapshot,
                tree: made.tree,
                generation: generation,
                accounts: [],
                indexes: []
            )
            let cache = try UnchangedCache.opened(head, path: path)
            // What is mapped stays as long as it is used.
            if !kept { try Paths.remove(path) }
            return cache
        } catch let error where !(error is CancellationError) {
            writer.abandon()
            repository.note("what has not changed is read again: \(error)")
            return nil
        }
    }
}
