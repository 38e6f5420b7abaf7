import BelayCore
import BelayFormat
import BelayStore
import BelaySystem
import Synchronization

/// Reads packs whole and checks everything in them: the file against its name, the header against the index,
/// each blob against its id.
///
/// Each worker holds some packs at once, because four or more hashes together are quicker than one after the
/// other: 72 MiB of packs, or one that is longer, and a verifier with 16 MiB and a blob. There are as many workers
/// as processors, but at most four, which are more than a disk can feed.
struct DataCheck {
    /// What was found in the packs.
    struct Outcome: Sendable {
        var problems: [Finding.Problem] = []
        /// Copies of blobs that cannot be used.
        var damaged: Set<Copy> = []
        /// Packs that could not be read at all.
        var unreadable: Set<Int> = []
        var packs = 0
        var bytes: UInt64 = 0
    }

    /// A blob in a pack, by the pack's number.
    struct Copy: Hashable, Sendable {
        var handle: BlobHandle
        var pack: Int
    }

    static let workersMaximum = 4
    static let batchBytesMaximum: UInt64 = 72 << 20
    /// What a worker takes at least while there is so much, so that its hashes are worth making together.
    static let batchBytesMinimum: UInt64 = 48 << 20
    static let batchPacksMaximum = 16

    static func run(
        _ repository: Repository,
        _ contents: PackContents,
        packs: [PackSelection.Candidate],
        progress: UpkeepProgress
    ) async throws -> Outcome {
        progress.begin(.readingPacks, total: packs.reduce(0) { $0 + $1.length })
        let workers = min(BlockingPool.processorCount, workersMaximum)
        let board = PackBoard(packs, workers: workers)
        let outcome = SharedOutcome()
        try await withTaskExecutorPreference(BlockingPool.processors) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<workers {
                    group.addTask {
                        let worker = DataCheckWorker(repository, contents)
                        while let batch = board.next() {
                            try Task.checkCancellation()
                            outcome.add(try await worker.check(batch, progress))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        return outcome.all
    }
}

/// Hands out packs, several at a time, fewer towards the end so that all workers end together.
private final class PackBoard: Sendable {
    private struct State {
        var next = 0
        var bytesLeft: UInt64
    }

    private let packs: [PackSelection.Candidate]
    private let workers: Int
    private let state: Mutex<State>

    init(_ packs: [PackSelection.Candidate], workers: Int) {
        self.packs = packs
        self.workers = workers
        state = Mutex(State(bytesLeft: packs.reduce(0) { $0 + $1.length }))
    }

    func next() -> ArraySlice<PackSelection.Candidate>? {
        state.withLock { state in
            let start = state.next
            guard start < packs.count else { return nil }
            let share = max(state.bytesLeft / UInt64(workers), DataCheck.batchBytesMinimum)
            let limit = min(share, DataCheck.batchBytesMaximum)
            var bytes: UInt64 = 0
            repeat {
                bytes += packs[state.next].length
                state.next += 1
            } while state.next < packs.count && state.next - start < DataCheck.batchPacksMaximum
                && bytes + packs[state.next].length <= limit
            state.bytesLeft -= bytes
            return packs[start..<state.next]
        }
    }
}

private final class SharedOutcome: Sendable {
    private let outcome = Mutex(DataCheck.Outcome())

    func add(_ part: DataCheck.Outcome) {
        outcome.withLock { outcome in
            outcome.problems += part.problems
            outcome.damaged.formUnion(part.damaged)
            outcome.unreadable.formUnion(part.unreadable)
            outcome.packs += part.packs
            outcome.bytes += part.bytes
        }
    }

    var all: DataCheck.Outcome { outcome.withLock { $0 } }
}

/// One worker, with its memory.
private final class DataCheckWorker {
    private typealias Loaded = (pack: PackSelection.Candidate, bytes: [UInt8])

    private let repository: Repository
    private let contents: PackContents
    private let verifier: BlobVerifier
    private let envelope: Envelope
    private var digests: [Digest] = []

    init(_ repository: Repository, _ contents: PackContents) {
        self.repository = repository
        self.contents = contents
        verifier = BlobVerifier(repository)
        envelope = repository.makeEnvelope()
    }

    func check(
        _ packs: ArraySlice<PackSelection.Candidate>,
        _ progress: UpkeepProgress
    ) async throws -> DataCheck.Outcome {
        var outcome = DataCheck.Outcome()
        var loaded: [Loaded] = []
        for (pack, result) in try await load(packs) {
            switch result {
            case .success(let bytes): loaded.append((pack, bytes))
            case .failure(let error):
                outcome.problems.append(.packUnreadable(pack.id, reason: StructureCheck.reason(error)))
                outcome.unreadable.insert(pack.number)
            }
        }
        hash(loaded[...], [])
        // Each pack's memory is free for others as soon as it is checked.
        while let (pack, bytes) = loaded.popLast() {
            if digests[loaded.count] != pack.id.digest { outcome.problems.append(.packHash(pack.id)) }
            check(pack, bytes, &outcome)
            outcome.packs += 1
            outcome.bytes += UInt64(bytes.count)
            progress.add(UInt64(bytes.count))
        }
        return outcome
    }

    /// Reads packs side by side.
    ///
    /// Damage is a result; that the store fails altogether is thrown.
    private func load(
        _ packs: ArraySlice<PackSelection.Candidate>
    ) async throws -> [(PackSelection.Candidate, Result<[UInt8], BelayError>)] {
        let repository = repository
        return try await withThrowingTaskGroup(
            of: (PackSelection.Candidate, Result<[UInt8], BelayError>).self
        ) { group in
            for pack in packs {
                group.addTask {
                    do {
                        return (
                            pack, .success(try await repository.load(Handle(pack.id), range: 0..<pack.length))
                        )
                    } catch let error as BelayError where error.isDamageOfOneFile {
                        return (pack, .failure(error))
                    }
                }
            }
            var loaded: [(PackSelection.Candidate, Result<[UInt8], BelayError>)] = []
            for try await pack in group { loaded.append(pack) }
            return loaded
        }
    }

    /// Hashes all packs in one call; the recursion is as deep as there are packs in a batch.
    private func hash(_ packs: ArraySlice<Loaded>, _ inputs: [UnsafeRawBufferPointer]) {
        guard let first = packs.first else {
            LaneHasher.digests(of: inputs, into: &digests)
            return
        }
        first.bytes.withUnsafeBytes { bytes in hash(packs.dropFirst(), inputs + [bytes]) }
    }

    private func check(_ pack: PackSelection.Candidate, _ bytes: [UInt8], _ outcome: inout DataCheck.Outcome)
    {
        let indexed = contents.blobs(ofPack: pack.number)
        bytes.withUnsafeBytes { bytes in
            do throws(FormatError) {
                let header = try PackHeader.open(tail: bytes, packLength: bytes.count, with: envelope)
                if header != indexed {
                    outcome.problems.append(
                        .packHeader(pack.id, reason: "it tells of other blobs than the index does")
                    )
                }
            } catch {
                outcome.problems.append(.packHeader(pack.id, reason: "\(error)"))
            }
            let failures = verifier.failures(among: indexed, in: bytes)
            if let first = failures.first {
                let handles = failures.map { indexed[$0.position].handle }
                outcome.problems.append(.blobsDamaged(pack.id, handles, reason: "\(first.error)"))
                for handle in handles { outcome.damaged.insert(.init(handle: handle, pack: pack.number)) }
            }
        }
    }
}

extension BelayError {
    /// Whether a file is damaged, or cannot be read off the disk, while the store works.
    var isDamageOfOneFile: Bool {
        if code == .repositoryDamaged { return true }
        guard case .failed(let error) = cause as? StoreError else { return false }
        return error.isInputOutputError
    }
}

extension SystemError {
    /// Whether the disk could not read what is on it.
    ///
    /// EIO has this number on every Unix.
    fileprivate var isInputOutputError: Bool { number == 5 }
}
