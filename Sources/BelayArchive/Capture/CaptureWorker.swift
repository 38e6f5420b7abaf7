import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem

/// One of the threads of a capture, with memory and contexts of its own.
final class CaptureWorker {
    let capture: Capture
    let encoder: BlobEncoder
    var listing = DirectoryListing()
    var batch = FileBatch()
    var arena = BatchArena()
    var counts = CaptureCounts()
    /// Chunk buffers for large files, made when first needed.
    var segment: SegmentBuffer?

    init(_ capture: Capture) {
        self.capture = capture
        encoder = BlobEncoder(capture.repository, level: capture.settings.compression)
    }

    /// Takes jobs until there are none.
    func run() async throws {
        var wasWorking = false
        while !capture.isOver {
            // Small files wait for company, but only as long as there is other work.
            switch capture.board.next(wasWorking: wasWorking, holdsWork: !batch.isEmpty) {
            case .job(let job): try await perform(job)
            case .nothingNow: try await flushBatch()
            case .over: return
            }
            wasWorking = true
        }
    }

    private func perform(_ job: CaptureJob) async throws {
        switch job {
        case .folder(let task):
            capture.board.add(largeFiles: [], folders: try await scan(task))
            if batch.isFull { try await flushBatch() }
        case .batch(let batch):
            try await store(batch)
        case .largeFile(let work):
            try await storeLarge(work)
        case .chunks(let range):
            try await store(range)
        }
    }

    /// Stores the files gathered so far, or hands them to a worker that has nothing to do.
    func flushBatch() async throws {
        if batch.isEmpty { return }
        let full = batch
        batch = FileBatch()
        if capture.board.hasIdleWorkers {
            capture.board.add(full)
        } else {
            try await store(full)
        }
    }

    /// Stores a blob unless it is known; gives nothing, for the id is known to the caller.
    func store(_ plain: UnsafeRawBufferPointer, as handle: BlobHandle) async throws {
        guard capture.writer.claim(handle) else { return }
        let sealed = try encoder.encode(plain, type: handle.type)
        try await capture.writer.append(handle, sealed, plainLength: plain.count)
    }
}
