import BelayArchive
import BelayCore
import BelayRepository

extension GeneratedTree {
    /// Stores a manifest beside the project's entries; gives the root's id.
    static func store(
        _ manifest: Manifest,
        besides nodes: [Node],
        through writer: BlobWriter,
        _ repository: Repository,
        at time: Timestamp
    ) async throws -> BlobID {
        let text = try ManifestText.encode(manifest)
        return try await store(
            files: [(GeneratedFolder.manifest, text)],
            besides: nodes,
            through: writer,
            repository,
            at: time
        )
    }
}
