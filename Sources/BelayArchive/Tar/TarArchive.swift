package import BelayCore
package import BelayRepository

/// A directory of a snapshot as a tar archive.
package enum TarArchive {
    /// Writes the directory and everything below it, in the order of paths.
    ///
    /// In the archive the directory has the name `path`; with an empty one its entries are at the top. Paths
    /// of what an archive cannot hold are told to `skipped`.
    package static func write(
        _ folder: Node,
        as path: [UInt8],
        trees: TreeReader,
        to sink: @escaping (UnsafeRawBufferPointer) throws -> Void,
        skipped: (_ path: [UInt8]) -> Void
    ) async throws {
        guard folder.kind == .directory, let tree = folder.subtree else { return }
        var writer = TarWriter(sink)
        if !path.isEmpty { _ = try writer.begin(folder, at: path) }
        try await TreeListing.visit(tree, at: path, isRecursive: true, in: trees) { path, node in
            guard node.name.isValid else { return skipped(path) }
            guard try writer.begin(node, at: path) else { return skipped(path) }
            guard node.kind == .file else { return }
            try await ContentReader.stream(node, blobs: trees.blobs) { try writer.write($0) }
        }
        try writer.finish()
    }
}
