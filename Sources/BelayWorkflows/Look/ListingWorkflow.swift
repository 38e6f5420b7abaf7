import BelayArchive
package import BelayCore

/// An entry of a snapshot on its way to a list.
package struct ListedEntry: Sendable {
    /// From the root of the snapshot's tree, without a slash in front.
    package var path: [UInt8]
    /// The PATH argument that means it.
    package var argument: [UInt8]
    package var node: Node
}

/// Lists what is in a snapshot.
package struct ListingWorkflow: Sendable {
    private let workspace: Workspace

    package init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// Gives the entries of a directory, or a single entry, in the order of their paths and as they are read.
    ///
    /// The snapshot is told to `begin` before the first entry. What has a name that no entry can have is told to
    /// `refused`, with the reason.
    package func run(
        _ snapshot: String,
        path: String,
        isRecursive: Bool,
        begin: (LocatedSnapshot) async throws -> Void,
        refused: (_ path: String, _ reason: String) -> Void,
        _ body: (ListedEntry) async throws -> Void
    ) async throws {
        try await SnapshotAccess.with(workspace) { access in
            let snapshot = try await access.snapshot(snapshot)
            let (path, node) = try await access.find(path, in: snapshot)
            try await begin(snapshot)
            guard node.kind == .directory else {
                return try await body(ListedEntry(path: path, argument: snapshot.argument(path), node: node))
            }
            guard let tree = node.subtree else { return }
            try await TreeListing.visit(tree, at: path, isRecursive: isRecursive, in: access.trees) {
                refused(snapshot.text($0), $1)
            } _: { path, node in
                try await body(ListedEntry(path: path, argument: snapshot.argument(path), node: node))
            }
        }
    }
}
