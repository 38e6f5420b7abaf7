import BelayCore
import BelayRepository
import BelaySystem

/// Reads the trees below a root and lists what a restore makes of them.
///
/// Several directories are read at a time; what they hold is joined by one task, so nothing is locked. Memory
/// grows with the number of entries, by somewhat more than a hundred bytes each, and not with their paths.
struct RestorePlanner {
    /// More entries than this are refused: a few small trees can stand for any number of directories.
    private static let entriesMaximum = 50_000_000
    /// Trees that a task reads before it hands over what it found.
    private static let batchSize = 64

    let request: RestoreRequest
    let trees: TreeReader

    private var tables = RestoreTables()
    private var names: [UInt8] = []
    private var refusals: [PlannedPart.Refusal] = []
    private var found: Set<Int> = []
    private var firstNames: [LinkKey: UInt32] = [:]

    init(_ request: RestoreRequest, trees: TreeReader) {
        self.request = request
        self.trees = trees
    }

    /// The tables, and what of the selection cannot be restored.
    ///
    /// - Throws: `path.not-found` if a selected path is not there, `repository.damaged` if the root is not.
    consuming func build() async throws -> (tables: RestoreTables, failures: [RestoreFailure]) {
        let selection = RestoreSelection(paths: request.paths)
        let root = PendingFolder(number: 0, tree: request.tree, selection: selection, depth: 0)
        tables.folders.append(
            FolderRecord(
                metadata: EntryMetadata(Node(name: "", kind: .directory), attributes: 0), parent: 0, name: 0,
                depth: 0))
        names.append(0)
        try merge(try await read([root]))
        try await readAll(take(0))
        let missing = selection.pending.filter { !found.contains($0) }
        if !missing.isEmpty {
            let paths = missing.map { String(decoding: request.paths[$0], as: UTF8.self) }
            throw BelayError(
                .pathNotFound, "the snapshot does not hold \(paths.joined(separator: ", "))",
                hint: "list what it holds with `belay ls`", subjects: paths)
        }
        tables.names = NameBlock(names)
        let finished = tables
        let failures = refusals.map { refusal in
            RestoreFailure(path: finished.displayPath(refusal.folder, refusal.name), reason: refusal.reason)
        }
        return (finished, failures)
    }

    /// Directories that were merged and not yet read.
    private var waiting: [PendingFolder] = []

    private mutating func take(_ count: Int) -> [PendingFolder] {
        let taken = Array(waiting.suffix(count))
        waiting.removeLast(taken.count)
        return taken
    }

    private mutating func readAll(_ none: [PendingFolder]) async throws {
        let width = BlockingPool.processorCount
        var running = 0
        // What was found last is read first: so little waits, and trees are read about as they lie.
        let reader = Reader(request: request, trees: trees)
        var planner = self
        try await withThrowingTaskGroup(of: PlannedPart.self) { group in
            while true {
                while running < width, !planner.waiting.isEmpty {
                    let batch = planner.take(min(Self.batchSize, max(1, planner.waiting.count / width)))
                    group.addTask { try await reader.read(batch) }
                    running += 1
                }
                guard let part = try await group.next() else { break }
                running -= 1
                try planner.merge(part)
            }
        }
        self = planner
    }
}
