package import BelayCore
import BelayFormat
package import BelayRepository
import BelaySystem

/// The root tree of a snapshot: the project's own entries and the folder that belay adds.
package enum GeneratedTree {
    /// Stores the added files and the root tree; gives the root's id.
    package static func store(
        files: [(name: FileName, bytes: [UInt8])],
        besides nodes: [Node],
        through writer: BlobWriter,
        _ repository: Repository,
        at time: Timestamp
    ) async throws -> BlobID {
        let encoder = BlobEncoder(repository, level: .auto)
        var added: [Node] = []
        for file in files {
            let id = try await store(file.bytes, .data, writer, encoder)
            var node = Self.node(file.name, .file, 0o100644, repository, time)
            node.size = UInt64(file.bytes.count)
            node.links = 1
            node.content = [id]
            added.append(node)
        }
        added.sort { $0.name < $1.name }
        var folder = node(GeneratedFolder.name, .directory, 0o040755, repository, time)
        folder.subtree = try await store(TreeEncoding.encode(added), .tree, writer, encoder)
        var root = nodes.filter { $0.name != GeneratedFolder.name }
        root.append(folder)
        root.sort { $0.name < $1.name }
        return try await store(TreeEncoding.encode(root), .tree, writer, encoder)
    }

    private static func store(
        _ bytes: [UInt8],
        _ type: BlobType,
        _ writer: BlobWriter,
        _ encoder: BlobEncoder
    ) async throws -> BlobID {
        let handle = BlobHandle(type, BlobID(BlobHasher.digest(bytes)))
        guard writer.claim(handle) else { return handle.id }
        let sealed = try bytes.withUnsafeBytes { try encoder.encode($0, type: type) }
        try await writer.append(handle, sealed, plainLength: bytes.count)
        return handle.id
    }

    private static func node(
        _ name: FileName,
        _ kind: Node.Kind,
        _ mode: UInt32,
        _ repository: Repository,
        _ time: Timestamp
    ) -> Node {
        Node(
            name: name,
            kind: kind,
            mode: FileMode(posix: mode),
            modified: time,
            accessed: time,
            changed: time,
            userID: repository.host.userID,
            groupID: repository.host.groupID,
            user: repository.host.username
        )
    }
}
