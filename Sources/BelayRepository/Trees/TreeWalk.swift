package import BelayCore
package import BelayFormat
import BelaySystem
import Synchronization

/// The names that lead from a root tree to an entry.
///
/// A chain from the entry upwards, so that entries of a directory share everything above them.
package final class TreePath: Sendable {
    /// `nil` for a root.
    package let parent: TreePath?
    package let name: FileName
    /// The number of names.
    package let depth: Int

    /// No file system nests deeper; a chain longer than this could not be let go of safely.
    static let depthMaximum = 10_000

    package static let root = TreePath(parent: nil, name: FileName([]), depth: 0)

    private init(parent: TreePath?, name: FileName, depth: Int) {
        self.parent = parent
        self.name = name
        self.depth = depth
    }

    /// The path of an entry of this directory.
    package func appending(_ name: FileName) -> TreePath {
        TreePath(parent: self, name: name, depth: depth + 1)
    }
}

extension TreePath: CustomStringConvertible {
    /// The path for people, from `/` on.
    package var description: String {
        var names: [String] = []
        var step = self
        while let parent = step.parent {
            names.append(step.name.description)
            step = parent
        }
        return "/" + names.reversed().joined(separator: "/")
    }
}

/// A tree that a walk came by.
package struct TreeVisit: Sendable {
    /// The snapshot and the path by which the tree was found first; it may be in many more places.
    package var snapshot: SnapshotID
    package var path: TreePath
    package var id: BlobID
    package var tree: Tree
    /// What is wrong with the tree's text; only if the walk examines.
    package var irregularities: [TreeIrregularity] = []
    /// Files whose size is not that of their contents; only if the walk examines.
    package var wrongSizes: [WrongSize] = []

    /// A file node whose size is not the sum of its blobs.
    package struct WrongSize: Hashable, Sendable {
        package var name: FileName
        package var size: UInt64
        package var contentSize: UInt64
    }
}

/// A blob that a snapshot needs and that cannot be had.
package struct LostBlob: Sendable {
    package var handle: BlobHandle
    /// Where it was met first.
    package var snapshot: SnapshotID
    package var path: TreePath
    /// Why it cannot be read; `nil` if no index knows it.
    package var error: (any Error)?
}

/// Visits every tree that can be reached from snapshots, each once, on all processors.
///
/// Which blobs were met is kept as bits of the index table, so memory grows by a bit for each blob, and by the
/// directories that are found but not visited yet.
package struct TreeWalk: Sendable {
    /// What a walk found.
    package struct Result: Sendable {
        /// Every blob that was met and that the index knows.
        package var used: UsedBlobs
        /// Trees that are missing or damaged, and data blobs that are missing; each once.
        package var lost: [LostBlob]
    }

    private let reader: TreeReader
    private let isExamining: Bool
    private let progress: UpkeepProgress?

    /// A walk that looks only, or that is `examining`: it then tells of each tree what restic's check does not
    /// see, and visits even trees with names that must never be restored.
    package init(_ reader: TreeReader, examining: Bool = false, progress: UpkeepProgress? = nil) {
        self.reader = reader
        isExamining = examining
        self.progress = progress
    }

    /// Walks, calling `visit` for each tree, from several threads at once and in no order.
    ///
    /// - Throws: what the store or `visit` throws, or that the work was cancelled. Damage is a result.
    package func run(
        from snapshots: [StoredSnapshot],
        visit: @escaping @Sendable (TreeVisit) throws -> Void = { _ in }
    ) async throws -> Result {
        let run = TreeWalkRun(reader, isExamining: isExamining, progress: progress, visit: visit)
        for snapshot in snapshots.reversed() {
            run.add(snapshot.snapshot.tree, snapshot: snapshot.id, path: .root)
        }
        try await withTaskExecutorPreference(BlockingPool.processors) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<BlockingPool.processorCount { group.addTask { try await run.work() } }
                try await group.waitForAll()
            }
        }
        return Result(used: run.used, lost: run.lostBlobs)
    }
}

/// One walk: what its workers share.
private final class TreeWalkRun: Sendable {
    private struct Task: Sendable {
        var id: BlobID
        var snapshot: SnapshotID
        var path: TreePath
    }

    private struct Lost {
        var handles: Set<BlobHandle> = []
        var blobs: [LostBlob] = []
    }

    let used: UsedBlobs
    private let reader: TreeReader
    private let isExamining: Bool
    private let progress: UpkeepProgress?
    private let visit: @Sendable (TreeVisit) throws -> Void
    private let stack = WorkStack<Task>()
    private let lost = Mutex(Lost())

    init(
        _ reader: TreeReader,
        isExamining: Bool,
        progress: UpkeepProgress?,
        visit: @escaping @Sendable (TreeVisit) throws -> Void
    ) {
        self.reader = reader
        self.isExamining = isExamining
        self.progress = progress
        self.visit = visit
        used = UsedBlobs(of: reader.blobs.index)
    }

    var lostBlobs: [LostBlob] { lost.withLock { $0.blobs } }

    /// Puts a tree on the stack unless it was there before.
    func add(_ id: BlobID, snapshot: SnapshotID, path: TreePath) {
        let handle = BlobHandle(.tree, id)
        switch used.insert(handle) {
        case .new: stack.push(Task(id: id, snapshot: snapshot, path: path))
        case .known: break
        case .absent: note(LostBlob(handle: handle, snapshot: snapshot, path: path))
        }
    }

    func work() async throws {
        do {
            var isFirst = true
            while let task = try await stack.next(afterAnother: !isFirst) {
                isFirst = false
                try _Concurrency.Task.checkCancellation()
                try await process(task)
                progress?.add(1)
            }
        } catch {
            stack.fail(error)
            throw error
        }
    }

    private func process(_ task: Task) async throws {
        var visit = TreeVisit(snapshot: task.snapshot, path: task.path, id: task.id, tree: Tree(nodes: []))
        do {
            guard task.path.depth <= TreePath.depthMaximum else {
                throw FormatError.tooLarge(what: "the depth of directories", limit: TreePath.depthMaximum)
            }
            if isExamining {
                (visit.tree, visit.irregularities) = try TreeDecoding.examine(await reader.loadBytes(task.id))
            } else {
                visit.tree = try await reader.load(task.id)
            }
        } catch let error as BelayError where !error.isDamageOfOneFile {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let handle = BlobHandle(.tree, task.id)
            return note(LostBlob(handle: handle, snapshot: task.snapshot, path: task.path, error: error))
        }
        for node in visit.tree.nodes {
            if node.kind == .directory, let subtree = node.subtree {
                add(subtree, snapshot: task.snapshot, path: task.path.appending(node.name))
            } else if node.kind == .file {
                mark(node, in: &visit)
            }
        }
        try self.visit(visit)
    }

    private func mark(_ node: Node, in visit: inout TreeVisit) {
        var size: UInt64 = 0
        var isComplete = true
        for id in node.content ?? [] {
            guard let position = used.table.firstPosition(of: BlobHandle(.data, id)) else {
                isComplete = false
                note(
                    LostBlob(
                        handle: BlobHandle(.data, id),
                        snapshot: visit.snapshot,
                        path: visit.path.appending(node.name)
                    )
                )
                continue
            }
            _ = used.insert(.data, at: position)
            if isExamining {
                size &+= UInt64(used.table.location(of: .data, at: position).plainLength)
            }
        }
        if isExamining, isComplete, size != node.size {
            visit.wrongSizes.append(.init(name: node.name, size: node.size, contentSize: size))
        }
    }

    private func note(_ blob: LostBlob) {
        lost.withLock { lost in
            if lost.handles.insert(blob.handle).inserted { lost.blobs.append(blob) }
        }
    }
}

/// Work that makes more work: a stack that ends when it is empty and nobody is at it any more.
private final class WorkStack<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var active = 0
        var waiting: [CheckedContinuation<Element?, any Error>] = []
        var failure: (any Error)?
    }

    private let state = Mutex(State())

    func push(_ element: Element) {
        state.withLock { state in
            if let waiting = state.waiting.popLast() {
                state.active += 1
                waiting.resume(returning: element)
            } else {
                state.elements.append(element)
            }
        }
    }

    /// The next element; `nil` when everything is done.
    ///
    /// `afterAnother` says that the caller is done with the element it got before.
    func next(afterAnother: Bool) async throws -> Element? {
        try await withCheckedThrowingContinuation { continuation in
            state.withLock { state in
                if afterAnother { state.active -= 1 }
                if let failure = state.failure {
                    continuation.resume(throwing: failure)
                } else if let element = state.elements.popLast() {
                    state.active += 1
                    continuation.resume(returning: element)
                } else if state.active == 0 {
                    continuation.resume(returning: nil)
                    for waiting in state.waiting { waiting.resume(returning: nil) }
                    state.waiting = []
                } else {
                    state.waiting.append(continuation)
                }
            }
        }
    }

    /// Ends the work with an error for all.
    func fail(_ error: any Error) {
        state.withLock { state in
            if state.failure == nil { state.failure = error }
            for waiting in state.waiting { waiting.resume(throwing: error) }
            state.waiting = []
        }
    }
}
