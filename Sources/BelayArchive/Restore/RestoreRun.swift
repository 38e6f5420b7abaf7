import BelayCore
import BelayRepository
import BelaySystem
import Synchronization

/// One run of a restore: what its workers share.
final class RestoreRun: Sendable {
    private struct State {
        var error: (any Error)?
        var counts = RestoreCounts()
        var failures: [RestoreFailure] = []
        var warnings: [RestoreWarning.Kind: RestoreWarning] = [:]
        /// Files whose failure was told.
        var lostFiles: Set<UInt32> = []
        /// Directories that could not be made, and those below them.
        var lostFolders: Set<UInt32> = []
        /// Directories that were there before.
        var mergedFolders: Set<UInt32> = []
        /// Reads in a row that the store did not answer.
        var silence = 0
    }

    /// Workers wait here for their next use, with the directories that they have open.
    private struct Idle: @unchecked Sendable {
        // `@unchecked Sendable`: a worker is in this list or with exactly one task.
        var workers: [RestoreWorker] = []
    }

    /// After so many reads in a row without an answer the store counts as gone.
    private static let silenceMaximum = 32

    let repository: Repository
    let index: IndexTable
    let plan: RestorePlan
    let root: Folder
    let partials = PartialFiles()
    let progress: RestoreProgress
    let temporaryNames = TemporaryNames()
    private let state = Mutex(State())
    private let idle = Mutex(Idle())
    private let isStopped = Atomic<Bool>(false)

    init(
        _ plan: RestorePlan,
        repository: Repository,
        index: IndexTable,
        root: Folder,
        progress: RestoreProgress
    ) {
        self.plan = plan
        self.repository = repository
        self.index = index
        self.root = root
        self.progress = progress
    }

    var tables: RestoreTables { plan.tables }

    /// Whether the run was cancelled or has failed, so that a worker should stop.
    var isOver: Bool { isStopped.load(ordering: .relaxed) }

    /// Ends the run; the first error stays.
    func stop(_ error: any Error) {
        state.withLock { if $0.error == nil { $0.error = error } }
        isStopped.store(true, ordering: .relaxed)
    }

    /// What came of it so far.
    var report: RestoreReport {
        state.withLock { state in
            RestoreReport(
                counts: state.counts,
                failures: (plan.failures + state.failures).sorted { $0.path < $1.path },
                warnings: RestoreWarning.Kind.allCases.compactMap { state.warnings[$0] }
            )
        }
    }

    func add(_ counts: RestoreCounts) {
        state.withLock { $0.counts += counts }
    }
}

// What goes wrong.
extension RestoreRun {
    /// Says that an entry is not restored.
    func fail(_ folder: UInt32, _ name: UInt32, _ reason: String) {
        let path = tables.displayPath(folder, named: name)
        state.withLock { $0.failures.append(RestoreFailure(path: path, reason: reason)) }
    }

    /// Says that a file is not restored; once for each file.
    func lose(_ file: UInt32, _ reason: String) {
        guard state.withLock({ $0.lostFiles.insert(file).inserted }) else { return }
        let record = tables.files[Int(file)]
        fail(record.folder, record.name, reason)
    }

    func isLost(file: UInt32) -> Bool { state.withLock { $0.lostFiles.contains(file) } }

    /// Gives up a directory and so all below it; the reason is told unless that of one above was.
    func lose(folder: UInt32, _ reason: String?) {
        state.withLock { _ = $0.lostFolders.insert(folder) }
        guard let reason else { return }
        let path = tables.displayPath(folder, nil)
        state.withLock { $0.failures.append(RestoreFailure(path: path, reason: reason)) }
    }

    func isLost(folder: UInt32) -> Bool { state.withLock { $0.lostFolders.contains(folder) } }

    /// Notes that a directory was there before.
    func merge(folder: UInt32) {
        state.withLock { _ = $0.mergedFolders.insert(folder) }
    }

    func isMerged(folder: UInt32) -> Bool { state.withLock { $0.mergedFolders.contains(folder) } }

    /// Says that something about a restored entry could not be set.
    func warn(_ kind: RestoreWarning.Kind, _ folder: UInt32, _ name: UInt32?, _ error: SystemError) {
        warn(kind, folder, name, because: error.reason)
    }

    func warn(_ kind: RestoreWarning.Kind, _ folder: UInt32, _ name: UInt32?, because reason: String) {
        let isKnown = state.withLock { state in
            state.warnings[kind]?.count += 1
            return state.warnings[kind] != nil
        }
        if isKnown { return }
        let path = name.map { tables.displayPath(folder, named: $0) } ?? tables.displayPath(folder, nil)
        state.withLock { state in
            var warning =
                state.warnings[kind] ?? RestoreWarning(kind: kind, count: 0, path: path, reason: reason)
            warning.count += 1
            state.warnings[kind] = warning
        }
    }

    /// Notes whether the store answers; throws once it has not for long.
    func heard(_ error: (any Error)?) throws {
        guard let error else { return state.withLock { $0.silence = 0 } }
        if error is CancellationError { throw error }
        guard let error = error as? BelayError, error.code != .repositoryDamaged else { return }
        let silence = state.withLock { state in
            state.silence += 1
            return state.silence
        }
        if error.code == .cancelled || silence > Self.silenceMaximum { throw error }
    }
}

// Sharing of work.
extension RestoreRun {
    /// Gives numbers below `count` to as many workers as there are processors until none is left.
    ///
    /// - Throws: what stopped the run.
    func share(
        _ count: Int,
        by size: Int,
        _ body: @Sendable @escaping (RestoreWorker, _ next: () -> Range<Int>?) async throws -> Void
    ) async throws {
        if count == 0 { return }
        let width = min(BlockingPool.processorCount, (count + size - 1) / size)
        let shares = WorkShares(count, workers: width, size: size)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<width {
                group.addTask {
                    let worker = self.takeWorker()
                    do {
                        try await body(worker) { self.isOver ? nil : shares.next(for: number) }
                    } catch {
                        self.stop(error)
                    }
                    self.giveBack(worker)
                }
            }
        }
        if let error = state.withLock({ $0.error }) { throw error }
    }

    private func takeWorker() -> RestoreWorker {
        idle.withLock { idle in
            nonisolated(unsafe) let worker = idle.workers.popLast()
            return worker
        } ?? RestoreWorker(self)
    }

    private func giveBack(_ worker: RestoreWorker) {
        add(worker.counts)
        worker.counts = RestoreCounts()
        nonisolated(unsafe) let worker = worker
        idle.withLock { $0.workers.append(worker) }
    }

    /// Lets go of all workers, which hold the run.
    func dismissWorkers() {
        idle.withLock { $0.workers = [] }
    }
}
