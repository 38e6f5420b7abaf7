import BelayCore
import BelayFormat
import BelayStore
import BelaySystem
import Synchronization

/// Reads packs whole and checks everything in them: the file against its name, the header against the index,
/// each blob against its id.
///
/// Of a pack that cannot be read whole, or has not the length that it should have, each blob is tried by itself.
///
/// Each worker holds a few packs at once, because hashes side by side are quicker than one after the other, and a
/// verifier with 8 MiB and a blob. There is one worker more than processors, so that no processor waits for the disk,
/// but at most five, which are more than a disk can feed.
struct DataCheck {
    /// What was found in the packs.
    struct Outcome: Sendable {
        var problems: [Finding.Problem] = []
        /// Copies of blobs that cannot be used.
        var damaged: Set<Copy> = []
        /// Packs that are gone.
        var unreadable: Set<Int> = []
        var packs = 0
        var bytes: UInt64 = 0
    }

    /// A blob in a pack, by the pack's number.
    struct Copy: Hashable, Sendable {
        var handle: BlobHandle
        var pack: Int
    }

    static let workersMaximum = 5
    /// Two packs of the usual size keep SHA extensions busy; lanes need more.
    ///
    /// A pack that is longer is taken alone.
    static let batchBytesMaximum: UInt64 =
        LaneHasher.Implementation.shaExtensions.isAvailable ? 36 << 20 : 72 << 20
    static let batchPacksMaximum = 16

    static func run(
        _ repository: Repository,
        _ contents: PackContents,
        packs: [PackSelection.Candidate],
        progress: UpkeepProgress
    ) async throws -> Outcome {
        progress.begin(.readingPacks, total: packs.reduce(0) { $0 + $1.length })
        let workers = min(BlockingPool.processorCount + 1, workersMaximum)
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
            let limit = min(state.bytesLeft / UInt64(workers), DataCheck.batchBytesMaximum)
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
    /// Memory of packs that are checked.
    private var spare: [[UInt8]] = []

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
        for pack in packs {
            guard pack.listedLength == pack.length else {
                // Told already by whoever compared what is described with what is there.
                try await checkPieces(of: pack, &outcome, progress)
                continue
            }
            do {
                let bytes = try await repository.load(
                    Handle(pack.id),
                    range: 0..<pack.length,
                    reusing: spare.popLast() ?? []
                )
                loaded.append((pack, bytes))
            } catch let error as BelayError where error.isDamageOfOneFile {
                outcome.problems.append(.packUnreadable(pack.id, reason: StructureCheck.reason(error)))
                if error.isOfMissingFile {
                    outcome.unreadable.insert(pack.number)
                } else {
                    try await checkPieces(of: pack, &outcome, progress)
                }
            }
        }
        hash(loaded[...], [])
        while let (pack, bytes) = loaded.popLast() {
            if digests[loaded.count] != pack.id.digest { outcome.problems.append(.packHash(pack.id)) }
            check(pack, bytes, &outcome)
            outcome.packs += 1
            outcome.bytes += UInt64(bytes.count)
            progress.add(UInt64(bytes.count))
            spare.append(bytes)
        }
        return outcome
    }

    private func checkPieces(
        of pack: PackSelection.Candidate,
        _ outcome: inout DataCheck.Outcome,
        _ progress: UpkeepProgress
    ) async throws {
        let indexed = readable(contents.blobs(ofPack: pack.number))
        let pieces = PackPieces(repository: repository, id: pack.id, length: pack.listedLength)
        if let header = try await pieces.readableHeader(), header != contents.blobs(ofPack: pack.number),
            let owner = owner(of: header, in: pack)
        {
            outcome.problems.append(.packIsAnother(pack.id, owner))
        }
        let failures = try await pieces.failures(among: indexed, with: verifier)
        note(failures.map { indexed[$0.position].handle }, in: pack, failures.first?.reason, &outcome)
        progress.add(pack.length)
    }

    /// The other pack whose header this is: then files have changed names.
    private func owner(of header: [IndexedBlob], in pack: PackSelection.Candidate) -> PackID? {
        let table = contents.table
        guard let first = header.first, var position = table.firstPosition(of: first.handle) else {
            return nil
        }
        while position < table.count(of: first.type),
            table.id(of: first.type, at: position) == first.id.digest
        {
            let number = table.packNumber(of: first.type, at: position)
            if number != pack.number, contents.packLength(ofPack: number) == pack.listedLength,
                contents.blobs(ofPack: number) == header
            {
                return table.pack(number)
            }
            position += 1
        }
        return nil
    }

    /// Without those that are too long to be read: they are told of already, and need not be damaged.
    private func readable(_ blobs: [IndexedBlob]) -> [IndexedBlob] { blobs.filter { !$0.isTooLong } }

    /// Adds blobs that cannot be used, and why the first of them cannot.
    private func note(
        _ handles: [BlobHandle],
        in pack: PackSelection.Candidate,
        _ reason: String?,
        _ outcome: inout DataCheck.Outcome
    ) {
        guard let reason else { return }
        outcome.problems.append(.blobsDamaged(pack.id, handles, reason: reason))
        for handle in handles { outcome.damaged.insert(.init(handle: handle, pack: pack.number)) }
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
                        owner(of: header, in: pack).map { .packIsAnother(pack.id, $0) }
                            ?? .packHeader(pack.id, reason: "it tells of other blobs than the index does")
                    )
                }
            } catch {
                outcome.problems.append(.packHeader(pack.id, reason: "\(error)"))
            }
            let readable = readable(indexed)
            let failures = verifier.failures(among: readable, in: bytes)
            let handles = failures.map { readable[$0.position].handle }
            note(handles, in: pack, failures.first.map { "\($0.error)" }, &outcome)
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

extension BelayError {
    /// Whether a file is not there.
    var isOfMissingFile: Bool {
        if case .missing = cause as? StoreError { return true }
        return false
    }
}

extension SystemError {
    /// Whether the disk could not read what is on it.
    ///
    /// EIO has this number on every Unix.
    fileprivate var isInputOutputError: Bool { number == 5 }
}
