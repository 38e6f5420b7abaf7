import BelayArchive
import BelayCore
import BelayProject
import BelayRepository

/// The state of a database in the last snapshot, to be taken over if nothing was written since.
struct EarlierState: Sendable {
    var database: Manifest.Database
    var files: [GeneratedFile]
}

extension PartsCapture {
    /// Those of the chosen databases whose stored state is still there as a whole, by name.
    func earlierStates(_ selection: PartSelection) async throws -> [String: EarlierState] {
        guard let last, !selection.databases.isEmpty else { return [:] }
        var reader = ManifestReader(workspace)
        guard let manifest = try await reader.readable(last), let databases = manifest.databases else {
            return [:]
        }
        let trees = TreeReader(
            BlobReader(workspace.repository, index: try await workspace.repository.loadIndex())
        )
        var states: [String: EarlierState] = [:]
        do {
            guard
                let folder = try await trees.load(last.snapshot.tree).node(named: GeneratedFolder.name)?
                    .subtree,
                let tree = try await trees.load(folder).node(named: "databases")?.subtree
            else { return [:] }
            let nodes = try await trees.load(tree).nodes
            for database in databases where database.fingerprint != nil {
                let name = database.path.split(separator: "/").last.map(String.init) ?? ""
                guard let settings = selection.databases.first(where: { $0.name == database.name }),
                    settings.source(in: workspace.project.directory) == database.source
                else { continue }
                let files = nodes.filter {
                    $0.name.description == name || $0.name.description == "\(database.name).schema.sql"
                }
                .filter { $0.kind == .file && isKnown($0) }
                .map {
                    GeneratedFile(
                        path: ["databases", $0.name],
                        stream: StoredStream(content: $0.content ?? [], size: $0.size)
                    )
                }
                .sorted { left, _ in left.path.last?.description == name }
                guard files.first?.path.last?.description == name else { continue }
                states[database.name] = EarlierState(database: database, files: files)
            }
        } catch let error as BelayError where error.code == .repositoryDamaged {
            // Then everything is stored anew.
            repository.note("what databases held before cannot be read: \(error)")
            return [:]
        }
        return states
    }

    private func isKnown(_ node: Node) -> Bool {
        (node.content ?? []).allSatisfy { known.contains(BlobHandle(.data, $0)) }
    }
}
