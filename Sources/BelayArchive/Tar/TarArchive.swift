package import BelayCore
package import BelayRepository

/// A directory of a snapshot as a tar archive.
package enum TarArchive {
    /// Why an entry of the snapshot is not in the archive.
    package struct Omission: Sendable {
        package var reason: String
        /// Whether the archive lacks what a restore would have to tell as missing, too.
        package var isLoss: Bool
    }

    /// Writes the directory and everything below it, in the order of paths.
    ///
    /// In the archive the directory has the name `path`; with an empty one its entries are at the top. No name
    /// leads out of it, and none is there twice: what would is told to `omitted`, as is what an archive cannot
    /// hold.
    package static func write(
        _ folder: Node,
        as path: [UInt8],
        trees: TreeReader,
        to sink: @escaping (UnsafeRawBufferPointer) throws -> Void,
        omitted: (_ path: [UInt8], _ omission: Omission) -> Void
    ) async throws {
        guard folder.kind == .directory, let tree = folder.subtree else { return }
        var writer = TarWriter(sink)
        var names = FirstNames()
        if !path.isEmpty { _ = try writer.begin(folder, at: path) }
        try await TreeListing.visit(tree, at: path, isRecursive: true, in: trees) {
            omitted($0, Omission(reason: $1, isLoss: true))
        } _: { path, node in
            if node.kind == .directory && node.subtree == nil || node.kind == .file && node.content == nil {
                let reason = "the snapshot does not tell what is in it"
                return omitted(path, Omission(reason: reason, isLoss: true))
            }
            let original = names.original(of: node, at: path)
            guard try writer.begin(node, at: path, asNameOf: original) else {
                return omitted(path, Omission(reason: "an archive cannot hold it", isLoss: false))
            }
            guard node.kind == .file, original == nil else { return }
            try await ContentReader.stream(node, blobs: trees.blobs) { try writer.write($0) }
        }
        try writer.finish()
    }

    /// The files of several names that are in the archive already.
    private struct FirstNames {
        private struct File {
            var path: [UInt8]
            var size: UInt64
            var content: [BlobID]
            var namesLeft: UInt64
        }

        private var files: [LinkKey: File] = [:]

        /// Where the file is in the archive under another name; else takes note of it.
        mutating func original(of node: Node, at path: [UInt8]) -> [UInt8]? {
            guard node.kind == .file, node.links > 1 else { return nil }
            let key = LinkKey(deviceID: node.deviceID, inode: node.inode)
            // The number of an inode alone proves nothing: see `RestoreTablesBuilder`.
            guard let file = files[key], file.size == node.size, file.content == node.content ?? [] else {
                files[key] = File(
                    path: path,
                    size: node.size,
                    content: node.content ?? [],
                    namesLeft: node.links - 1
                )
                return nil
            }
            // Nothing is kept of a file all of whose names were met.
            files[key]?.namesLeft -= 1
            if file.namesLeft == 1 { files[key] = nil }
            return file.path
        }
    }
}
