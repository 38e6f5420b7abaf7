import BelayCore
import BelayRepository
import BelaySystem

/// Reads the trees below a root and lists what a restore makes of them.
///
/// Several directories are read at a time; what they hold is joined by one task, so nothing is locked. Memory
/// grows with the number of entries, by somewhat more than a hundred bytes each, and not with their paths.
struct RestorePlanner: Sendable {
    /// Trees that a task reads before it hands over what it found.
    private static let batchSize = 64
    private static let generatedFolder = Array(".belay".utf8)

    let request: RestoreRequest
    let trees: TreeReader
    let entriesMaximum: Int

    /// The tables, and what of the selection cannot be restored.
    ///
    /// - Throws: `path.not-found` if a selected path is not there, `repository.damaged` if the root is not.
    func build() async throws -> (tables: RestoreTables, failures: [RestoreFailure]) {
        let selection = RestoreSelection(
            paths: request.paths,
            patterns: request.patterns,
            base: request.base
        )
        var builder = RestoreTablesBuilder(
            root: request.tree,
            selection: selection,
            entriesMaximum: entriesMaximum
        )
        try await withThrowingTaskGroup(of: PlannedPart.self) { group in
            var running = 0
            while true {
                while running < BlockingPool.processorCount, builder.waitingCount > 0 {
                    let share = max(1, builder.waitingCount / BlockingPool.processorCount)
                    let batch = builder.take(min(Self.batchSize, share))
                    group.addTask { try await read(batch) }
                    running += 1
                }
                guard let part = try await group.next() else { break }
                running -= 1
                try builder.merge(part)
            }
        }
        let missing = selection.pending.filter { !builder.found.contains($0) }
        if !missing.isEmpty {
            let paths = missing.map { String(decoding: request.paths[$0], as: UTF8.self) }
            throw BelayError(
                .pathNotFound,
                "the snapshot does not hold \(paths.joined(separator: ", "))",
                hint: "list what it holds with `belay ls`",
                subjects: paths
            )
        }
        let plan = builder.finish()
        if request.patterns?.include != nil && plan.tables.isEmpty && plan.failures.isEmpty {
            throw BelayError(
                .pathNotFound,
                "nothing in the snapshot matches --include",
                hint: "patterns are of paths in the snapshot, as `belay ls -R` lists them"
            )
        }
        return plan
    }

    private func read(_ batch: [PendingFolder]) async throws -> PlannedPart {
        var part = PlannedPart()
        for folder in batch {
            try Task.checkCancellation()
            do {
                let entries = try await trees.loadEntries(folder.tree)
                let isTop = folder.depth == 0 && request.leavesOutGenerated
                part.add(
                    entries,
                    of: folder,
                    index: trees.blobs.index,
                    leavesOut: isTop ? Self.generatedFolder : nil
                )
            } catch let error as BelayError where error.code == .repositoryDamaged && folder.depth > 0 {
                part.refuse(folder.number, nil, "\(error)")
            }
        }
        return part
    }
}
