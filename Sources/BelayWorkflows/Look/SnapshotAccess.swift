import BelayArchive
package import BelayCore
package import BelayRepository
import BelayRules
import Synchronization

/// A repository to look into: its snapshots and their trees.
package struct SnapshotAccess: Sendable {
    package let workspace: Workspace
    package let catalog: SnapshotCatalog
    package let trees: TreeReader
    private let inUse = SnapshotsInUse()

    /// Runs `body` with access, under a shared lock where one can be taken.
    package static func with<Result: Sendable>(
        _ workspace: Workspace,
        _ body: (SnapshotAccess) async throws -> Result
    ) async throws -> Result {
        try await workspace.reading {
            // The snapshots first, then the index: one that appears in between is in the index then.
            let catalog = try await SnapshotCatalog.load(workspace)
            let index = try await workspace.repository.loadIndex()
            let trees = TreeReader(BlobReader(workspace.repository, index: index))
            let access = SnapshotAccess(workspace: workspace, catalog: catalog, trees: trees)
            do {
                return try await body(access)
            } catch let error as BelayError where error.code == .repositoryDamaged {
                // Where the trees cannot be walked either, what failed first is what there is to tell.
                throw (try? await access.placed(error, in: access.inUse.all)) ?? error
            }
        }
    }

    /// What an error about a tree means for people: which directory of which of the snapshots cannot be read.
    ///
    /// Looks for it in all of their trees; any other error stays as it is.
    func placed(_ error: BelayError, in snapshots: [StoredSnapshot]) async throws -> BelayError {
        var places: [String] = []
        for stored in snapshots {
            for folder in try await trees.unreadableFolders(below: stored.snapshot.tree)
            where error.subjects.contains(folder.tree.hexadecimal) {
                places.append("directory '\(folder.path)' of snapshot \(stored.id.short)")
            }
        }
        guard let first = places.first else { return error }
        let others = places.count - 1
        return BelayError(
            .repositoryDamaged,
            "cannot read \(first)" + (others == 0 ? "" : ", and \(Count.text(others, "other place"))"),
            hint: error.hint,
            subjects: places,
            cause: error
        )
    }

    /// The snapshot that a SNAP argument means, and where the project is in it.
    ///
    /// - Throws: `snapshot.not-found`, `snapshot.ambiguous`.
    package func snapshot(_ text: String) async throws -> LocatedSnapshot {
        try await locate(try catalog.resolve(text))
    }

    /// Finds the project's directory in a snapshot.
    package func locate(_ stored: StoredSnapshot) async throws -> LocatedSnapshot {
        inUse.add(stored)
        let root = Node(name: FileName([]), kind: .directory, subtree: stored.snapshot.tree)
        let paths = stored.snapshot.paths
        // What belay stores is the project's directory itself; restic may have been given its whole path.
        if !SnapshotTags(stored.snapshot.tags).isBelay, paths.count == 1, paths[0].hasPrefix("/") {
            let base = SnapshotPath.normalized(paths[0])
            do {
                let node = try await TreeLookup.find(base, root: stored.snapshot.tree, in: trees)
                if node.kind == .directory {
                    return LocatedSnapshot(stored: stored, root: root, project: node, base: base)
                }
            } catch let error as BelayError where error.code == .pathNotFound {
                // Stored from inside the directory, as belay does.
            }
        }
        return LocatedSnapshot(stored: stored, root: root, project: root, base: [])
    }

    /// The entry that a PATH argument means.
    ///
    /// - Throws: `path.not-found` with the nearest names.
    package func find(
        _ argument: String,
        in snapshot: LocatedSnapshot
    ) async throws -> (path: [UInt8], node: Node) {
        let path = snapshot.path(argument)
        do {
            return (path, try await TreeLookup.find(path, root: snapshot.stored.snapshot.tree, in: trees))
        } catch let error as BelayError where error.code == .pathNotFound {
            if !argument.hasPrefix("/"), let hint = try await hintBelow(argument, in: snapshot) {
                throw missing(path, in: snapshot, hint: hint)
            }
            throw missing(path, in: snapshot, hint: try await hint(path, in: snapshot))
        }
    }

    private func missing(_ path: [UInt8], in snapshot: LocatedSnapshot, hint: String) -> BelayError {
        let text = snapshot.text(path)
        return BelayError(
            .pathNotFound,
            "snapshot \(snapshot.stored.id.short) does not hold '\(text)'",
            hint: hint,
            subjects: [text]
        )
    }

    /// What there is by that name in the directory of the project that the command was started in.
    private func hintBelow(_ argument: String, in snapshot: LocatedSnapshot) async throws -> String? {
        if workspace.subdirectory.isEmpty { return nil }
        let path = snapshot.path("\(workspace.subdirectory)/\(argument)")
        do {
            _ = try await TreeLookup.find(path, root: snapshot.stored.snapshot.tree, in: trees)
        } catch let error as BelayError where error.code == .pathNotFound {
            return nil
        }
        return "did you mean '\(snapshot.text(path))'? paths count from the project's directory"
    }

    /// Up to where the path leads, and what there is instead of the rest.
    private func hint(_ path: [UInt8], in snapshot: LocatedSnapshot) async throws -> String {
        let parts = path.split(separator: 0x2F).map { Array($0) }
        var folder = snapshot.root
        var depth = 0
        var names: [String] = []
        while depth < parts.count, let tree = folder.kind == .directory ? folder.subtree : nil {
            var below: [(path: [UInt8], node: Node)] = []
            try await TreeListing.visit(tree, at: [], isRecursive: false, in: trees) {
                below.append(($0, $1))
            }
            names = below.map { "\($0.node.name)" }
            guard let next = below.first(where: { $0.node.name.bytes == parts[depth] }) else { break }
            folder = next.node
            depth += 1
        }
        let above = Array(parts.prefix(depth).joined(separator: [0x2F]))
        var hint = "list what it holds with `belay ls \(snapshot.stored.id.short)"
        hint += above == snapshot.base ? "`" : " \(snapshot.text(above))`"
        if folder.kind == .directory, depth < parts.count {
            let wanted = String(decoding: parts[depth], as: UTF8.self)
            if let nearest = NearestName.suggestion(for: wanted, among: names) {
                let rest = parts.dropFirst(depth + 1)
                let whole = Array(
                    ([Array(above)] + [Array(nearest.utf8)] + rest).filter { !$0.isEmpty }.joined(separator: [
                        0x2F
                    ])
                )
                hint = "did you mean '\(snapshot.text(whole))'?"
            }
        }
        return hint
    }
}

/// The snapshots that a command has to do with, in the order in which it came to them.
private final class SnapshotsInUse: Sendable {
    private let state = Mutex<(list: [StoredSnapshot], ids: Set<SnapshotID>)>(([], []))

    var all: [StoredSnapshot] { state.withLock { $0.list } }

    func add(_ stored: StoredSnapshot) {
        state.withLock { if $0.ids.insert(stored.id).inserted { $0.list.append(stored) } }
    }
}
