import BelayArchive
import BelayCore
import BelayParts
import BelayProject
import BelayRepository

/// The state of a database in a snapshot, which is still its state if nothing was written since.
struct EarlierState: Sendable {
    var database: Manifest.Database
    /// The state itself first, then what is stored beside it.
    var files: [GeneratedFile]

    /// Whether nothing was written since, as far as that can be told in moments.
    ///
    /// - Throws: `database.unreadable`.
    func isCurrent(_ engine: any DatabaseEngine) async throws -> Bool {
        guard let fingerprint = database.fingerprint else { return false }
        return try await engine.fingerprint() == fingerprint
    }

    /// Those of the given databases whose state in a snapshot is there as a whole, by name.
    static func all(
        of databases: [DatabaseSettings],
        in snapshot: StoredSnapshot,
        _ workspace: Workspace,
        known: KnownBlobs
    ) async throws -> [String: EarlierState] {
        if databases.isEmpty { return [:] }
        var reader = ManifestReader(workspace)
        guard let stored = try await reader.readable(snapshot)?.databases else { return [:] }
        let index = try await workspace.repository.loadIndex()
        let trees = TreeReader(BlobReader(workspace.repository, index: index))
        do {
            let nodes = try await nodes(of: snapshot, in: trees).filter { node in
                (node.content ?? []).allSatisfy { known.contains(BlobHandle(.data, $0)) }
            }
            var states: [String: EarlierState] = [:]
            for database in stored where database.fingerprint != nil {
                let isSame = databases.contains {
                    $0.name == database.name && $0.source(in: workspace.project.directory) == database.source
                }
                guard isSame, let state = EarlierState(database, among: nodes) else { continue }
                states[database.name] = state
            }
            return states
        } catch let error as BelayError where error.code == .repositoryDamaged {
            // Then everything is read anew.
            workspace.repository.note("what databases held before cannot be read: \(error)")
            return [:]
        }
    }

    private init?(_ database: Manifest.Database, among nodes: [Node]) {
        func file(_ name: String) -> GeneratedFile? {
            nodes.first { $0.kind == .file && $0.name.description == name }.map { node in
                let stream = StoredStream(content: node.content ?? [], size: node.size)
                // With its own time, so that its tree, which lists all of its chunks, is the same one again.
                return GeneratedFile(
                    path: PartsCapture.path("databases", name),
                    stream: stream,
                    modified: node.modified
                )
            }
        }
        let name = database.path.split(separator: "/").last.map(String.init) ?? ""
        guard let state = file(name) else { return nil }
        self.database = database
        files = [state] + [file("\(database.name).schema.sql")].compactMap(\.self)
    }

    private static func nodes(of snapshot: StoredSnapshot, in trees: TreeReader) async throws -> [Node] {
        guard let folder = try await SnapshotPart.folder(in: snapshot, trees) else { return [] }
        return try await trees.load(folder).nodes
    }
}
