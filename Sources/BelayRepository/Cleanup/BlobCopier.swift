import BelayCore
import BelayFormat
import BelayStore
import BelaySystem
import Synchronization

/// Copies blobs out of packs into new ones, sealed and compressed as they are, each verified on the way.
///
/// Reads are joined: at most ``readMaximum`` bytes each, unless a single blob is longer. Each of the workers,
/// one more than there are processors so that one can wait for the store, holds one such stretch and the
/// verifier's memory.
struct BlobCopier: Sendable {
    /// The blobs to be copied out of one pack, in the order in which they lie.
    struct Source: Sendable {
        var pack: PackID
        var blobs: [IndexedBlob]
    }

    /// Whether everything was copied.
    enum Outcome: Hashable, Sendable {
        case complete
        case cancelled
    }

    static let readMaximum = 8 << 20
    /// So many unneeded bytes between two blobs are read rather than asking the store twice.
    static let gapMaximum = 256 << 10

    private let repository: Repository
    private let index: IndexTable
    private let progress: UpkeepProgress?

    init(_ repository: Repository, index: IndexTable, progress: UpkeepProgress? = nil) {
        self.repository = repository
        self.index = index
        self.progress = progress
    }

    /// Copies what `source` gives for each position below `count`; when it returns, all is durable and indexed.
    ///
    /// A cancellation is noticed between packs: what was copied until then is kept and indexed, so that the
    /// next run need not copy it again.
    ///
    /// - Throws: `repository.damaged` if no copy of a blob can be read.
    func copy(
        _ count: Int,
        packSize: Int,
        lock: RepositoryLock,
        source: @escaping @Sendable (Int) -> Source
    ) async throws -> Outcome {
        if count == 0 { return .complete }
        let nothing = IndexTableBuilder().build()
        let (outcome, _) = try await BlobWriter.with(
            repository,
            known: nothing,
            packSize: packSize,
            lock: lock
        ) { writer in
            let next = Counter()
            try await withTaskExecutorPreference(BlockingPool.processors) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0...BlockingPool.processorCount {
                        group.addTask {
                            let worker = CopyWorker(repository, index)
                            while !Task.isCancelled, let position = next.take(below: count) {
                                let pack = source(position)
                                try await worker.copy(pack, to: writer)
                                progress?.add(pack.blobs.reduce(0) { $0 + UInt64($1.length) })
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            return next.isDone(count) ? Outcome.complete : .cancelled
        }
        return outcome
    }
}

/// Hands out numbers.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    /// The next number; `nil` once it would not be below `limit`.
    func take(below limit: Int) -> Int? {
        let number = value.add(1, ordering: .relaxed).oldValue
        return number < limit ? number : nil
    }

    /// Whether all numbers below `limit` were handed out.
    func isDone(_ limit: Int) -> Bool { value.load(ordering: .relaxed) >= limit }
}

/// One worker of a copy, with its memory.
private final class CopyWorker {
    private let repository: Repository
    private let reader: BlobReader
    private let verifier: BlobVerifier
    private let envelope: Envelope
    private let compressor = ZstdCompressor(level: .auto)
    /// A stretch of a pack.
    private var stretch: [UInt8] = []

    init(_ repository: Repository, _ index: IndexTable) {
        self.repository = repository
        reader = BlobReader(repository, index: index)
        verifier = BlobVerifier(repository)
        envelope = repository.makeEnvelope()
    }

    func copy(_ source: BlobCopier.Source, to writer: BlobWriter) async throws {
        var rest = source.blobs[...]
        while let first = rest.first {
            let end = Self.stretchEnd(rest)
            try await copy(rest[..<end], from: source.pack, at: first.offset, to: writer)
            rest = rest[end...]
        }
    }

    /// Where the blobs end that are read together with the first.
    private static func stretchEnd(_ blobs: ArraySlice<IndexedBlob>) -> Int {
        var end = blobs.startIndex + 1
        while end < blobs.endIndex {
            let (blob, last) = (blobs[end], blobs[end - 1])
            let lastEnd = UInt64(last.offset) + UInt64(last.length)
            let length = UInt64(blob.offset) + UInt64(blob.length) - UInt64(blobs[blobs.startIndex].offset)
            guard length <= UInt64(BlobCopier.readMaximum), UInt64(blob.offset) >= lastEnd else { break }
            guard UInt64(blob.offset) - lastEnd <= UInt64(BlobCopier.gapMaximum) else { break }
            end += 1
        }
        return end
    }

    private func copy(
        _ blobs: ArraySlice<IndexedBlob>,
        from pack: PackID,
        at base: UInt32,
        to writer: BlobWriter
    ) async throws {
        guard let last = blobs.last else { return }
        let range = UInt64(base)..<(UInt64(last.offset) + UInt64(last.length))
        var memory: [UInt8] = []
        swap(&memory, &stretch)
        do {
            stretch = try await repository.load(Handle(pack), range: range, reusing: consume memory)
        } catch let error as BelayError where error.code == .repositoryDamaged {
            // Gone or shorter than it was: there may be other copies.
            for blob in blobs { try await copyFromElsewhere(blob, to: writer) }
            return
        }
        let failed = Set(
            stretch.withUnsafeBytes { verifier.failures(among: blobs, in: $0, from: base) }.map(\.position)
        )
        for (position, blob) in blobs.enumerated() {
            if failed.contains(position) || blob.type == .tree && !blob.isCompressed {
                try await copyFromElsewhere(blob, to: writer)
            } else if let full = put(blob, base, writer) {
                try await writer.push(full)
            }
        }
    }

    /// Puts a blob of the stretch that begins at `base` into a pack.
    private func put(_ blob: IndexedBlob, _ base: UInt32, _ writer: BlobWriter) -> OpenPack? {
        let start = Int(blob.offset - base)
        return stretch.withUnsafeBytes { bytes in
            let sealed = UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Int(blob.length))])
            return writer.put(
                blob.handle,
                BlobEncoder.Sealed(bytes: sealed, uncompressedLength: blob.uncompressedLength),
                plainLength: blob.plainLength
            )
        }
    }

    /// Takes a blob from whichever copy can be read, and seals it anew: for damaged ones, and for trees that
    /// were not compressed.
    private func copyFromElsewhere(_ blob: IndexedBlob, to writer: BlobWriter) async throws {
        let plain = try await reader.load(blob.handle)
        // A blob without bytes must never be compressed: its plain length could not be told.
        let isCompressed = (blob.type == .tree || blob.isCompressed) && !plain.isEmpty
        let sealed = envelope.seal(isCompressed ? try compress(plain) : plain)
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: sealed.count, alignment: 16)
        defer { copy.deallocate() }
        sealed.withUnsafeBytes { copy.copyMemory(from: $0) }
        try await writer.append(
            blob.handle,
            BlobEncoder.Sealed(
                bytes: UnsafeRawBufferPointer(copy),
                uncompressedLength: isCompressed ? UInt32(clamping: plain.count) : 0
            ),
            plainLength: plain.count
        )
    }

    private func compress(_ plain: [UInt8]) throws(FormatError) -> [UInt8] {
        try [UInt8](capacity: ZstdCompressor.bound(plain.count)) { (room) throws(FormatError) in
            try plain.withBytes { (plain) throws(FormatError) in try compressor.compress(plain, into: room) }
        }
    }
}
