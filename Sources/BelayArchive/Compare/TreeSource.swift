import BelayCore
package import BelayRepository

/// Where the trees of one side of a comparison come from.
package struct TreeSource: Sendable {
    private let readers: [TreeReader]

    /// Trees of the repository.
    package init(_ trees: TreeReader) {
        readers = [trees]
    }

    /// Trees that were made just now, and those that the repository had already.
    package init(fresh: TreeReader, stored: TreeReader) {
        readers = [fresh, stored]
    }

    /// The entries of a tree, sorted by name.
    ///
    /// - Throws: `repository.damaged`.
    func nodes(of id: BlobID) async throws -> [Node] {
        let handle = BlobHandle(.tree, id)
        let reader = readers.first { $0.blobs.index.contains(handle) } ?? readers[readers.count - 1]
        return try await reader.loadNodes(id)
    }
}
