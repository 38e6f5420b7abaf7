import BelaySystem

/// Work that any worker may take.
enum CaptureJob {
    /// Chunks of a large file that one worker has cut and another may store.
    case chunks(ChunkRange)
    case batch(FileBatch)
    case largeFile(FileWork)
    case folder(FolderTask)
}

/// Where workers find work: what is furthest on its way first, directories last and deepest first, so that
/// what is under way stays little whatever the size of the project.
final class CaptureBoard: Sendable {
    private struct State {
        var chunks: [ChunkRange] = []
        var batches: [FileBatch] = []
        var largeFiles: [FileWork] = []
        var folders: [FolderTask] = []
        var working = 0
        var idle = 0
        var isOver = false
    }

    private let state: Condition<State>

    init(root: FolderTask) {
        state = Condition(State(folders: [root]))
    }

    /// Whether a worker waits for work: then it pays to share.
    var hasIdleWorkers: Bool { state.withLock { $0.idle > 0 } }

    /// What asking for a job can give.
    enum Answer {
        case job(CaptureJob)
        /// Nothing at the moment: the asker should first finish what it holds.
        case nothingNow
        /// All is done or given up.
        case over
    }

    /// Takes a job, waiting for one.
    ///
    /// `wasWorking` says whether the caller has had an answer other than `over` before, `holdsWork` whether it
    /// has gathered something to do meanwhile and so must not wait.
    func next(wasWorking: Bool, holdsWork: Bool) -> Answer {
        var countsAsWorking = wasWorking
        var isIdle = false
        let answer = state.wait { state -> Answer? in
            if isIdle { state.idle -= 1 }
            isIdle = false
            if state.isOver { return .over }
            if let job = Self.take(&state) {
                if !countsAsWorking { state.working += 1 }
                return .job(job)
            }
            if holdsWork { return .nothingNow }
            if countsAsWorking { state.working -= 1 }
            countsAsWorking = false
            if state.working == 0 {
                state.isOver = true
                return .over
            }
            state.idle += 1
            isIdle = true
            return nil
        }
        if case .over = answer { state.broadcast() }
        return answer
    }

    private static func take(_ state: inout State) -> CaptureJob? {
        if let chunks = state.chunks.popLast() { return .chunks(chunks) }
        if let batch = state.batches.popLast() { return .batch(batch) }
        if let file = state.largeFiles.popLast() { return .largeFile(file) }
        return state.folders.popLast().map { .folder($0) }
    }

    func add(_ chunks: ChunkRange) {
        state.withLock { $0.chunks.append(chunks) }
        state.signal()
    }

    func add(_ batch: FileBatch) {
        state.withLock { $0.batches.append(batch) }
        state.signal()
    }

    func add(largeFiles: [FileWork], folders: [FolderTask]) {
        if largeFiles.isEmpty && folders.isEmpty { return }
        state.withLock { state in
            state.largeFiles.append(contentsOf: largeFiles)
            // The first in order is to be taken first.
            state.folders.append(contentsOf: folders.reversed())
        }
        if largeFiles.count + folders.count > 1 { state.broadcast() } else { state.signal() }
    }

    /// Sends everybody home.
    func giveUp() {
        state.withLock { $0.isOver = true }
        state.broadcast()
    }
}

/// A file whose contents must be read.
struct FileWork {
    let task: FolderTask
    let box: NodeBox
    let status: FileStatus
    /// Position of the entry of this name in the directory's cached block; `nil` if there is none.
    let match: Int?
}
