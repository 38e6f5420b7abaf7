package import BelayCore
package import BelayRepository

/// Reading a single file of a snapshot, from its first byte to its last.
package enum ContentReader {
    /// Chunks that are on their way while another is being consumed.
    private static let ahead = 4

    /// Gives `sink` the contents of a file in order, a chunk at a time, each checked against its id.
    ///
    /// Holds a few chunks in memory, whatever the length of the file. Nothing is given of a file some of
    /// whose chunks are in no pack; if one is damaged in every pack, what comes before it was given already.
    ///
    /// - Throws: `path.not-found` if the node is no regular file, `repository.damaged`, or what `sink`
    ///   throws.
    package static func stream(
        _ node: Node,
        blobs: BlobReader,
        to sink: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        guard node.kind == .file, let content = node.content else {
            throw BelayError(
                .pathNotFound,
                "\(node.name) is not a regular file",
                hint: "look at it with `belay ls --long`",
                subjects: ["\(node.name)"]
            )
        }
        if let missing = content.first(where: { !blobs.index.contains(BlobHandle(.data, $0)) }) {
            throw BelayError(
                .repositoryDamaged,
                "\(node.name) cannot be read: its data \(missing.short) is not in the repository",
                hint: "run `belay verify --all` to see what is affected, then `belay repair`",
                subjects: [missing.hexadecimal]
            )
        }
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            var begun = 0
            var arrived: [Int: [UInt8]] = [:]
            for next in content.indices {
                while begun < min(content.count, next + ahead) {
                    let number = begun
                    group.addTask { (number, try await blobs.load(BlobHandle(.data, content[number]))) }
                    begun += 1
                }
                while arrived[next] == nil, let (number, bytes) = try await group.next() {
                    arrived[number] = bytes
                }
                try arrived.removeValue(forKey: next)?.withUnsafeBytes { try sink($0) }
            }
        }
    }
}
