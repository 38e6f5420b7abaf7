import BelayArchive
import BelayCore
import BelayParts
import BelayRepository

/// What a snapshot holds of one database, or of a capture.
struct SnapshotPart: PartSource {
    let files: [String: UInt64]
    private let nodes: [String: Node]
    private let folder: BlobID
    private let repository: Repository
    private let trees: TreeReader
    private let progress: PartProgress

    /// - Throws: `repository.damaged` if the snapshot does not hold what its manifest tells of.
    init(
        _ database: Manifest.Database,
        in snapshot: LocatedSnapshot,
        _ access: SnapshotAccess,
        _ progress: PartProgress
    ) async throws {
        self.progress = progress
        repository = access.workspace.repository
        trees = access.trees
        let kind = database.engine == "capture" ? "captures" : "databases"
        guard let folder = try await Self.folder(in: snapshot.stored, trees, of: kind) else {
            throw Self.missing(database, snapshot)
        }
        self.folder = folder
        var nodes: [String: Node] = [:]
        for node in try await trees.load(folder).nodes {
            let name = node.name.description
            if node.kind == .file, name.hasPrefix("\(database.name).") { nodes[name] = node }
            guard node.kind == .directory, name == database.name, let tree = node.subtree else { continue }
            for document in try await trees.load(tree).nodes where document.kind == .file {
                nodes["\(name)/\(document.name)"] = document
            }
        }
        if nodes.isEmpty { throw Self.missing(database, snapshot) }
        self.nodes = nodes
        files = nodes.mapValues(\.size)
    }

    /// The tree of all databases, or of all captures, in a snapshot; `nil` if it holds none.
    static func folder(
        in snapshot: StoredSnapshot,
        _ trees: TreeReader,
        of kind: String = "databases"
    ) async throws -> BlobID? {
        let root = try await trees.load(snapshot.snapshot.tree)
        guard let folder = root.node(named: GeneratedFolder.name)?.subtree else { return nil }
        return try await trees.load(folder).node(named: FileName(kind))?.subtree
    }

    private static func missing(_ database: Manifest.Database, _ snapshot: LocatedSnapshot) -> BelayError {
        BelayError(
            .repositoryDamaged,
            "snapshot \(snapshot.stored.id.short) does not hold the database '\(database.name)' of its manifest",
            hint:
                "another program may have rewritten it: look at it with `belay ls \(snapshot.stored.id.short) .belay`"
        )
    }

    func read(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) async throws {
        try await ContentReader.stream(try node(name), blobs: trees.blobs) { bytes in
            try body(bytes)
            progress.add(bytes.count)
        }
    }

    func place(_ name: String, in target: String) async throws -> String {
        _ = try node(name)
        var request = RestoreRequest(tree: folder, target: target)
        request.paths = [Array(name.utf8)]
        let restorer = Restorer(repository: repository, index: trees.blobs.index)
        let plan = try await restorer.plan(request)
        let report = try await restorer.restore(plan, progress: RestoreProgress())
        progress.add(Int(clamping: plan.bytesNeeded))
        if let failure = report.failures.first {
            throw BelayError(
                .restoreIncomplete,
                "'\(name)' cannot be taken from the snapshot: \(failure.reason)",
                hint: "check the repository with `belay verify --read-data`, and the space in \(target)"
            )
        }
        return "\(target)/\(name)"
    }

    private func node(_ name: String) throws(BelayError) -> Node {
        if let node = nodes[name] { return node }
        throw BelayError(
            .repositoryDamaged,
            "the snapshot does not hold '\(name)'",
            hint: "another program may have rewritten it"
        )
    }
}
