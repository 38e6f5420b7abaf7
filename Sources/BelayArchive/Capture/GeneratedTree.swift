package import BelayCore
import BelayFormat
package import BelayRepository
import BelaySystem

/// A file that belay adds to a snapshot.
package struct GeneratedFile: Hashable, Sendable {
    /// Below the folder that belay adds; never empty.
    package var path: [FileName]
    package var stream: StoredStream
    /// When it was made; `nil` for the snapshot's own time.
    package var modified: Timestamp?

    package init(path: [FileName], stream: StoredStream, modified: Timestamp? = nil) {
        self.path = path
        self.stream = stream
        self.modified = modified
    }
}

/// The root tree of a snapshot: the project's own entries and the folder that belay adds.
package struct GeneratedTree {
    private let writer: BlobWriter
    private let repository: Repository
    private let encoder: BlobEncoder
    private let time: Timestamp

    /// Stores through `writer`; what is added has `time` for its times.
    package init(_ repository: Repository, through writer: BlobWriter, at time: Timestamp) {
        self.repository = repository
        self.writer = writer
        self.time = time
        encoder = BlobEncoder(repository, level: .auto)
    }

    /// Stores short contents.
    package func store(_ bytes: [UInt8]) async throws -> StoredStream {
        if bytes.isEmpty { return StoredStream(content: [], size: 0) }
        return StoredStream(content: [try await store(bytes, .data)], size: UInt64(bytes.count))
    }

    /// Stores the added folder and the root tree; gives the root's id.
    package func store(_ files: [GeneratedFile], besides nodes: [Node]) async throws -> BlobID {
        var folder = node(GeneratedFolder.name, .directory, 0o040755)
        folder.subtree = try await tree(files[...], depth: 0)
        var root = nodes.filter { $0.name != GeneratedFolder.name }
        root.append(folder)
        root.sort { $0.name < $1.name }
        return try await store(TreeEncoding.encode(root), .tree)
    }

    /// The tree of the files whose paths have `depth` names in common.
    private func tree(_ files: ArraySlice<GeneratedFile>, depth: Int) async throws -> BlobID {
        let sorted = files.sorted { $0.path[depth] < $1.path[depth] }
        var nodes: [Node] = []
        var rest = sorted[...]
        while let first = rest.first {
            let name = first.path[depth]
            let same = rest.prefix { $0.path[depth] == name }
            rest = rest.dropFirst(same.count)
            if first.path.count == depth + 1 {
                // What databases hold is their owner's alone.
                var file = node(name, .file, depth == 0 ? 0o100644 : 0o100600, first.modified)
                file.size = first.stream.size
                file.links = 1
                file.content = first.stream.content
                nodes.append(file)
            } else {
                var folder = node(name, .directory, 0o040700)
                folder.subtree = try await tree(same, depth: depth + 1)
                nodes.append(folder)
            }
        }
        return try await store(TreeEncoding.encode(nodes), .tree)
    }

    private func store(_ bytes: [UInt8], _ type: BlobType) async throws -> BlobID {
        let handle = BlobHandle(type, BlobID(BlobHasher.digest(bytes)))
        guard writer.claim(handle) else { return handle.id }
        let sealed = try bytes.withUnsafeBytes { try encoder.encode($0, type: type) }
        try await writer.append(handle, sealed, plainLength: bytes.count)
        return handle.id
    }

    private func node(
        _ name: FileName,
        _ kind: Node.Kind,
        _ mode: UInt32,
        _ modified: Timestamp? = nil
    ) -> Node {
        let time = modified ?? time
        return Node(
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
