package import BelayCore
package import BelayFormat
package import BelayRepository
import BelaySystem
import Synchronization

/// What a stream was stored as: the contents of a file.
package struct StoredStream: Hashable, Sendable {
    package var content: [BlobID]
    /// Bytes.
    package var size: UInt64
    /// How finely it was cut, if as a database: see ``ChunkerParameters/database(bits:)``.
    package var chunkBits: Int?

    package init(content: [BlobID], size: UInt64, chunkBits: Int? = nil) {
        self.content = content
        self.size = size
        self.chunkBits = chunkBits
    }
}

/// How a stream is cut.
package enum StreamCutting: Hashable, Sendable {
    /// As files are, and by restic.
    case file
    /// By how well the beginning of the stream compresses, but as finely as before unless that is far off: what is
    /// cut otherwise is stored anew.
    case database(bitsBefore: Int?)
}

/// Stores what comes out of a stream, such as a database's dump: cut, hashed, compressed and packed on the way.
///
/// One task reads; others, as many as processors, do the rest. At any time at most so many pieces and one more are in
/// memory, each ``pieceBytes`` and the start of a chunk long, which was cut off in the piece before. Their memory is used
/// again.
package struct StreamCapture: Sendable {
    /// Bytes that are read before they are cut and handed over: enough chunks to fill all lanes of the hasher.
    private static let pieceBytes = 4 << 20

    private let repository: Repository
    private let writer: BlobWriter
    private let tables: ChunkerTables
    private let cutting: StreamCutting
    private let compression: CompressionLevel

    package init(
        _ repository: Repository,
        through writer: BlobWriter,
        cutting: StreamCutting,
        compression: CompressionLevel
    ) throws {
        self.repository = repository
        self.writer = writer
        self.cutting = cutting
        self.compression = compression
        do throws(FormatError) {
            tables = try ChunkerTables(polynomial: repository.config.polynomial)
        } catch {
            throw BelayError(.repositoryUnsupported, "the repository's chunker cannot be used", cause: error)
        }
    }

    /// A piece of the stream, and where its chunks lie in it.
    private struct Piece: Sendable {
        var room: Room
        var chunks: [Range<Int>]
    }

    /// The memory of a piece.
    ///
    /// `@unchecked Sendable`: one task fills it, then one other reads it, then it is spare.
    private final class Room: @unchecked Sendable {
        /// What is not written to costs nothing.
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pieceBytes + ChunkerParameters.restic.maximum,
            alignment: 64
        )

        deinit { bytes.deallocate() }
    }

    /// Rooms that are not in use.
    private final class SpareRooms: Sendable {
        private let rooms = Mutex<[Room]>([])

        func take() -> Room { rooms.withLock { $0.popLast() } ?? Room() }
        func giveBack(_ room: Room) { rooms.withLock { $0.append(room) } }
    }

    /// Stores all that `read` gives, which is 0 at the end.
    ///
    /// It is called on the caller's executor, and may block there. If it throws, nothing refers to what was stored.
    package func store(
        reading read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) async throws -> StoredStream {
        var parts: [[BlobID]] = []
        var size: UInt64 = 0
        var chunker: Chunker?
        let spare = SpareRooms()
        try await withThrowingTaskGroup(of: (Int, [BlobID]).self) { group in
            var waiting = 0
            var carried: [UInt8] = []
            var isAtEnd = false
            while !isAtEnd {
                try Task.checkCancellation()
                let piece = try next(in: spare.take(), after: &carried, &isAtEnd, &chunker, read)
                size += UInt64(piece.chunks.last?.upperBound ?? 0)
                if piece.chunks.isEmpty {
                    spare.giveBack(piece.room)
                    continue
                }
                if waiting == BlockingPool.processorCount, let (number, ids) = try await group.next() {
                    parts[number] = ids
                    waiting -= 1
                }
                let number = parts.count
                parts.append([])
                waiting += 1
                group.addTask(executorPreference: BlockingPool.processors) {
                    let ids = try await store(piece)
                    spare.giveBack(piece.room)
                    return (number, ids)
                }
            }
            for try await (number, ids) in group { parts[number] = ids }
        }
        var stream = StoredStream(content: parts.flatMap(\.self), size: size)
        if cutting != .file { stream.chunkBits = chunker?.parameters.averageBits }
        return stream
    }

    /// Reads until a piece is full, and cuts it; what follows the last cut is for the next piece.
    private func next(
        in room: Room,
        after carried: inout [UInt8],
        _ isAtEnd: inout Bool,
        _ chunker: inout Chunker?,
        _ read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws -> Piece {
        var filled = carried.count
        let full = filled + Self.pieceBytes
        room.bytes.copyBytes(from: carried)
        while filled < full {
            let count = try read(UnsafeMutableRawBufferPointer(rebasing: room.bytes[filled..<full]))
            if count == 0 {
                isAtEnd = true
                break
            }
            filled += count
        }
        let bytes = UnsafeRawBufferPointer(rebasing: room.bytes[..<filled])
        var chunks: [Range<Int>] = []
        var start = 0
        let cutter = try chunker ?? Chunker(tables: tables, parameters: parameters(for: bytes))
        chunker = cutter
        let maximum = cutter.parameters.maximum
        while start < filled && (isAtEnd || filled - start >= maximum) {
            let length = cutter.nextCut(in: UnsafeRawBufferPointer(rebasing: bytes[start...]))
            chunks.append(start..<(start + length))
            start += length
        }
        carried = Array(bytes[start...])
        return Piece(room: room, chunks: chunks)
    }

    /// How to cut a stream that begins like this.
    private func parameters(for beginning: UnsafeRawBufferPointer) throws -> ChunkerParameters {
        guard case .database(let before) = cutting else { return .restic }
        let bits = ChunkerParameters.databaseBits(forRatio: try Self.ratio(of: beginning))
        if let before, abs(before - bits) <= 1 { return .database(bits: before) }
        return .database(bits: bits)
    }

    /// How many times smaller samples of some bytes become, each a chunk's length.
    private static func ratio(of bytes: UnsafeRawBufferPointer) throws -> Int {
        let (length, count) = (64 << 10, 8)
        let compressor = ZstdCompressor(level: .fastest)
        var (plain, compressed) = (0, 0)
        for number in 0..<count {
            let start = bytes.count / count * number
            let sample = Array(bytes[start..<min(start + length, bytes.count)])
            if sample.isEmpty { continue }
            plain += sample.count
            compressed += try compressor.compress(sample).count
        }
        return compressed == 0 ? 1 : plain / compressed
    }

    private func store(_ piece: Piece) async throws -> [BlobID] {
        let encoder = BlobEncoder(repository, level: compression)
        var digests: [Digest] = []
        var full: [OpenPack] = []
        let bytes = UnsafeRawBufferPointer(piece.room.bytes)
        LaneHasher.digests(
            in: bytes,
            offsets: piece.chunks.map(\.lowerBound),
            lengths: piece.chunks.map(\.count),
            into: &digests
        )
        for (range, digest) in zip(piece.chunks, digests) {
            let handle = BlobHandle(.data, BlobID(digest))
            guard writer.claim(handle) else { continue }
            let sealed = try encoder.encode(UnsafeRawBufferPointer(rebasing: bytes[range]), type: .data)
            if let pack = writer.put(handle, sealed, plainLength: range.count) { full.append(pack) }
        }
        for pack in full { try await writer.push(pack) }
        return digests.map { BlobID($0) }
    }
}
