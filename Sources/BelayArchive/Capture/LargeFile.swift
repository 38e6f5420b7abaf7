import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem
import Synchronization

/// A stretch of a large file, cut into chunks; shared by the workers that store them.
final class SegmentBuffer: @unchecked Sendable {
    // `@unchecked Sendable`: filled by one worker before it is shared, and only read from then on.
    let bytes: UnsafeMutableRawBufferPointer
    private let pool: SegmentPool

    /// Room for the rest of a chunk that was not complete and a good stretch more.
    static let size = 12 << 20

    init(from pool: SegmentPool) {
        self.pool = pool
        bytes = pool.take()
    }

    deinit { pool.give(bytes) }
}

/// Memory of segments that are done with: making pages anew costs more than hashing what is in them.
final class SegmentPool: Sendable {
    private struct Spare: @unchecked Sendable {
        // `@unchecked Sendable`: a block is here or with exactly one segment.
        var blocks: [UnsafeMutableRawBufferPointer] = []
    }

    private let spare = Mutex(Spare())

    deinit {
        spare.withLock { spare in for block in spare.blocks { block.deallocate() } }
    }

    func take() -> UnsafeMutableRawBufferPointer {
        let block = spare.withLock { $0.blocks.popLast() }
        return block ?? .allocate(byteCount: SegmentBuffer.size, alignment: 64)
    }

    func give(_ block: UnsafeMutableRawBufferPointer) {
        spare.withLock { $0.blocks.append(block) }
    }
}

/// Some consecutive chunks of a file.
struct ChunkRange {
    let file: LargeFileState
    let buffer: SegmentBuffer
    /// Where each chunk lies in the buffer.
    let ranges: ArraySlice<Range<Int>>
    /// Position of the first of them in the file's list of chunks.
    let first: Int
}

/// A large file under way: its chunks arrive in any order.
final class LargeFileState: @unchecked Sendable {
    // `@unchecked Sendable`: `parts` is behind the condition's lock, all else does not change.
    let work: FileWork
    private let parts = Condition<(chunks: [BlobID], missing: Int, isRead: Bool)>(([], 0, false))

    init(work: FileWork) {
        self.work = work
    }

    /// Makes room for more chunks; gives the position of the first.
    func announce(_ count: Int) -> Int {
        parts.withLock { parts in
            let first = parts.chunks.count
            parts.chunks.append(contentsOf: repeatElement(BlobID(Digest(0, 0, 0, 0)), count: count))
            parts.missing += count
            return first
        }
    }

    /// Takes the ids of stored chunks; the whole list if the file is read and none is missing.
    func fill(_ ids: [BlobID], at first: Int) -> [BlobID]? {
        parts.withLock { parts in
            parts.chunks.replaceSubrange(first..<(first + ids.count), with: ids)
            parts.missing -= ids.count
            return parts.isRead && parts.missing == 0 ? parts.chunks : nil
        }
    }

    /// Says that no more chunks follow; the whole list if none is missing.
    func close() -> [BlobID]? {
        parts.withLock { parts in
            parts.isRead = true
            return parts.missing == 0 ? parts.chunks : nil
        }
    }
}

extension CaptureWorker {
    /// Reads, cuts and stores a file that may have more than one chunk.
    func storeLarge(_ work: FileWork) async throws {
        var before = work.status
        for attempt in 1...Self.attempts {
            let state = LargeFileState(work: work)
            do {
                let outcome = try await readLarge(state, before)
                if capture.isOver { return }
                let isSteady = before.holdsStill(until: outcome.after) && outcome.size == outcome.after.size
                guard isSteady || attempt == Self.attempts else {
                    // What was stored of it is used again where it is the same.
                    before = outcome.after
                    continue
                }
                adopt(outcome.after, size: outcome.size, into: work, isSteady: isSteady)
                capture.progress.add(files: 1, bytes: 0)
                counts.bytesRead += outcome.size
                if let chunks = state.close() { try await finish(work, chunks) }
                return
            } catch let error as SystemError {
                work.box.isDropped = true
                if !error.isMissing {
                    let name = work.box.node.name
                    capture.report(
                        SourceFailure(
                            path: work.task.displayPath(of: name),
                            kind: .unreadable,
                            reason: error.reason
                        )
                    )
                }
                // Chunks that other workers still store belong to nothing; the directory need not wait for them.
                try await finishPart(of: work.task)
                return
            }
        }
    }

    /// Stores chunks that this or another worker has cut.
    func store(_ range: ChunkRange) async throws {
        let all = UnsafeRawBufferPointer(range.buffer.bytes)
        let inputs = range.ranges.map { UnsafeRawBufferPointer(rebasing: all[$0]) }
        let ids = BlobHashing.digests(of: inputs).map { BlobID($0) }
        for (plain, id) in zip(inputs, ids) {
            if capture.isOver { return }
            try await store(plain, as: BlobHandle(.data, id))
        }
        if let chunks = range.file.fill(ids, at: range.first) { try await finish(range.file.work, chunks) }
    }

    private func finish(_ work: FileWork, _ chunks: [BlobID]) async throws {
        work.box.node.content = chunks
        count(work)
        try await finishPart(of: work.task)
    }

    private func readLarge(
        _ state: LargeFileState,
        _ before: FileStatus
    ) async throws -> (after: FileStatus, size: UInt64) {
        guard let folder = state.work.task.folder else {
            throw SystemError(call: "open", subject: state.work.task.displayPath, number: 2)
        }
        let file = try OpenFile.reading(state.work.box.node.name, in: folder)
        readAttributes(file, state.work)
        var size: UInt64 = 0
        var carried = 0
        var isAtEnd = false
        let hasHoles = before.allocatedSize < before.size && file.tellsHoles
        while !isAtEnd && !capture.isOver {
            if hasHoles {
                let start = size - UInt64(carried)
                let next = try await storeHole(state, file, from: start)
                if next != start {
                    capture.progress.add(files: 0, bytes: next - size)
                    (size, carried) = (next, 0)
                }
            }
            let buffer = segment ?? SegmentBuffer(from: capture.segments)
            segment = buffer
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[carried...])
            let count = try file.read(into: room, at: size)
            size += UInt64(count)
            capture.progress.add(files: 0, bytes: UInt64(count))
            isAtEnd = count < room.count
            let filled = carried + count
            let ranges = cut(buffer, filled, isAtEnd: isAtEnd)
            let used = ranges.last?.upperBound ?? 0
            carried = filled - used
            let rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer.bytes)[used..<filled])
            if try await share(state, buffer, ranges) {
                // Another worker reads the buffer now: go on in a fresh one.
                let next = SegmentBuffer(from: capture.segments)
                next.bytes.copyMemory(from: rest)
                segment = next
            } else {
                buffer.bytes.copyMemory(from: rest)
            }
        }
        return (try file.status(), size)
    }

    /// Where the chunks in the buffer end that are certain, given what is known of the file so far.
    private func cut(_ buffer: SegmentBuffer, _ filled: Int, isAtEnd: Bool) -> [Range<Int>] {
        let maximum = capture.chunker.parameters.maximum
        var ranges: [Range<Int>] = []
        var start = 0
        while start < filled && (isAtEnd || filled - start >= maximum) {
            let rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer.bytes)[start..<filled])
            let length = capture.chunker.nextCut(in: rest)
            ranges.append(start..<(start + length))
            start += length
        }
        return ranges
    }

    /// Stores the chunks, half of them by another worker if one has nothing to do; tells whether one has.
    private func share(
        _ state: LargeFileState,
        _ buffer: SegmentBuffer,
        _ ranges: [Range<Int>]
    ) async throws -> Bool {
        if ranges.isEmpty { return false }
        let first = state.announce(ranges.count)
        let isShared = ranges.count > 1 && capture.board.hasIdleWorkers
        let own = isShared ? ranges.count / 2 : ranges.count
        if isShared {
            capture.board.add(
                ChunkRange(file: state, buffer: buffer, ranges: ranges[own...], first: first + own)
            )
        }
        try await store(ChunkRange(file: state, buffer: buffer, ranges: ranges[..<own], first: first))
        return isShared
    }
}
