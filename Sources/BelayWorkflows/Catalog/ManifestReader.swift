import BelayArchive
package import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem

/// Reads the manifests of snapshots, each only once: what a root tree holds never changes.
package struct ManifestReader {
    private let workspace: Workspace
    private var cache: DigestTextCache
    private var trees: TreeReader?
    /// Snapshots whose manifests were left out because they cannot be read.
    private(set) var unreadable: [SnapshotID] = []

    package init(_ workspace: Workspace) {
        self.workspace = workspace
        cache = DigestTextCache(folder: workspace.repository.cacheFolder, name: "manifests")
    }

    /// The manifest of a snapshot; `nil` if it has none, as those of other programs.
    ///
    /// - Throws: `repository.damaged` if there is one that cannot be read.
    package mutating func manifest(of snapshot: Snapshot) async throws -> Manifest? {
        guard SnapshotTags(snapshot.tags).isBelay else { return nil }
        if let text = cache.text(of: snapshot.tree.digest) { return try ManifestText.decode(text) }
        guard let text = try await load(snapshot.tree) else { return nil }
        cache.add(snapshot.tree.digest, text)
        return try ManifestText.decode(text)
    }

    /// The manifest of a snapshot; one that cannot be read is noted and left out.
    package mutating func readable(_ stored: StoredSnapshot) async throws -> Manifest? {
        do {
            return try await manifest(of: stored.snapshot)
        } catch let error as BelayError where error.code == .repositoryDamaged {
            let reason = error.cause.map { "\($0)" } ?? error.message
            unreadable.append(stored.id)
            workspace.repository.note(
                "the manifest of snapshot \(stored.id.short) cannot be read: \(reason); "
                    + "run `belay verify` to see what is affected"
            )
            return nil
        }
    }

    /// Takes in the text of a manifest that was just stored, under its root tree.
    mutating func add(_ text: [UInt8], of root: BlobID) {
        cache.add(root.digest, text)
    }

    /// Keeps what was read for the next time.
    package mutating func saveCache() {
        do throws(SystemError) {
            try cache.save()
        } catch {
            workspace.repository.note("the cache of manifests could not be written: \(error)")
        }
    }

    private mutating func load(_ root: BlobID) async throws -> [UInt8]? {
        let trees: TreeReader
        if let known = self.trees {
            trees = known
        } else {
            trees = TreeReader(
                BlobReader(workspace.repository, index: try await workspace.repository.loadIndex())
            )
            self.trees = trees
        }
        guard let folder = try await trees.load(root).node(named: GeneratedFolder.name)?.subtree,
            let file = try await trees.load(folder).node(named: GeneratedFolder.manifest),
            file.size <= UInt64(ManifestText.byteMaximum)
        else { return nil }
        var text: [UInt8] = []
        for blob in file.content ?? [] { text += try await trees.blobs.load(BlobHandle(.data, blob)) }
        return text
    }
}
