import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem
import Synchronization

/// One run of storing a project: what its workers share.
final class Capture: Sendable {
    let repository: Repository
    let writer: BlobWriter
    let settings: ArchiveSettings
    let chunker: Chunker
    let cache: UnchangedCache?
    /// Whether every blob that the cache names must be looked up before it is believed.
    let distrustsCache: Bool
    let index: KnownBlobs?
    let cacheWriter: UnchangedCacheWriter?
    let accounts: AccountTable
    let board: CaptureBoard
    let progress: CaptureProgress
    let segments = SegmentPool()
    private let failures = Mutex<[SourceFailure]>([])
    private let changes = Mutex<[CaptureChange]>([])
    private let counts = Mutex(CaptureCounts())
    private let stopsGit = Atomic<Bool>(false)
    private let error = Mutex<(any Error)?>(nil)

    init(
        repository: Repository,
        writer: BlobWriter,
        settings: ArchiveSettings,
        chunker: Chunker,
        cache: UnchangedCache?,
        distrustsCache: Bool,
        index: KnownBlobs?,
        cacheWriter: UnchangedCacheWriter?,
        accounts: AccountTable,
        root: FolderTask,
        progress: CaptureProgress
    ) {
        self.repository = repository
        self.writer = writer
        self.settings = settings
        self.chunker = chunker
        self.cache = cache
        self.distrustsCache = distrustsCache
        self.index = index
        self.cacheWriter = cacheWriter
        self.accounts = accounts
        self.board = CaptureBoard(root: root)
        self.progress = progress
    }

    /// Runs as many workers as there are processors until everything is stored.
    func run() async throws {
        let count = BlockingPool.processorCount
        await withTaskExecutorPreference(BlockingPool.processors) {
            await withTaskCancellationHandler {
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<count { group.addTask { await self.work() } }
                }
            } onCancel: {
                self.fail(CancellationError())
            }
        }
        if let error = error.withLock({ $0 }) { throw error }
    }

    private func work() async {
        let worker = CaptureWorker(self)
        do {
            try await worker.run()
        } catch {
            fail(error)
        }
        counts.withLock { $0 += worker.counts }
    }

    private func fail(_ failure: any Error) {
        error.withLock { if $0 == nil { $0 = failure } }
        board.giveUp()
    }

    /// Whether the run was cancelled or has failed, so that a worker should stop.
    var isOver: Bool { error.withLock { $0 != nil } }

    func report(_ failure: SourceFailure) {
        failures.withLock { $0.append(failure) }
    }

    /// Reports what is missing of an entry that is stored all the same.
    ///
    /// A later run reads the entry again, changed or not: otherwise it would call complete what lacks the same.
    func report(_ failure: SourceFailure, everyRunFor box: NodeBox) {
        box.mustRead = true
        report(failure)
    }

    /// Notes a change, if changes are to be named.
    func note(_ kind: CaptureChange.Kind, _ path: () -> [UInt8]) {
        guard settings.namesChanges else { return }
        let change = CaptureChange(kind: kind, path: path())
        changes.withLock { $0.append(change) }
    }

    /// Notes that git must not be asked about the project.
    func noteGitStopped() { stopsGit.store(true, ordering: .relaxed) }

    var isGitStopped: Bool { stopsGit.load(ordering: .relaxed) }
    var allChanges: [CaptureChange] {
        changes.withLock { $0.sorted { $0.path.lexicographicallyPrecedes($1.path) } }
    }
    var allFailures: [SourceFailure] { failures.withLock { $0.sorted { $0.path < $1.path } } }
    var allCounts: CaptureCounts { counts.withLock { $0 } }
}
