package import BelayArchive
import BelayCore
import BelayRepository

/// Gives the bytes of something in a snapshot.
package struct ContentWorkflow: Sendable {
    private let workspace: Workspace

    package init(_ workspace: Workspace) {
        self.workspace = workspace
    }

    /// Gives `sink` the bytes of a file, or of a tar archive of a directory, in order, each checked before.
    ///
    /// Before the first byte of an archive `mayArchive` is called, and what it throws stops the work. What is not
    /// in the archive is told to `omitted`. What has no bytes, such as a symlink, is `path.not-found`.
    package func run(
        _ snapshot: String,
        path: String,
        mayArchive: () throws -> Void,
        to sink: @escaping (UnsafeRawBufferPointer) throws -> Void,
        omitted: (_ path: String, _ omission: TarArchive.Omission) -> Void
    ) async throws {
        try await SnapshotAccess.with(workspace) { access in
            let snapshot = try await access.snapshot(snapshot)
            let (path, node) = try await access.find(path, in: snapshot)
            switch node.kind {
            case .file:
                try await ContentReader.stream(node, blobs: access.trees.blobs, to: sink)
            case .directory:
                try mayArchive()
                let isProject = path == snapshot.base || path.isEmpty
                try await TarArchive.write(
                    node,
                    as: isProject ? [] : Self.archivePath(path, snapshot),
                    trees: access.trees,
                    to: sink
                ) {
                    omitted(snapshot.text($0), $1)
                }
            default:
                throw BelayError(
                    .pathNotFound,
                    "'\(snapshot.text(path))' is a \(node.kind.word), which has no contents",
                    hint:
                        "look at it with `belay ls --long \(snapshot.stored.id.short) \(snapshot.text(path))`"
                )
            }
        }
    }

    /// Names in an archive count from the project's directory, and never from the root of a file system.
    private static func archivePath(_ path: [UInt8], _ snapshot: LocatedSnapshot) -> [UInt8] {
        Array(snapshot.argument(path).drop { $0 == 0x2F })
    }
}
