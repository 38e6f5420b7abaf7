import BelayCore
import BelayRepository

/// The chunks of all files in the order in which they lie in their packs, and the stretches to read.
struct ContentPlan: Sendable {
    /// A place in a file that a chunk belongs in.
    struct Use: Sendable {
        /// Rank of the pack in the high half, offset in the pack in the low one.
        var key: UInt64
        var fileOffset: UInt64
        var file: UInt32
        /// Position of the chunk among the data blobs of the index.
        var position: UInt32
    }

    /// A stretch of a pack to read in one go.
    struct Piece: Sendable {
        /// Number of the pack in the index.
        var pack: Int
        var range: Range<UInt64>
        var uses: Range<Int>
    }

    /// Bytes that are not needed, up to which one read is better than two.
    private static let gapMaximum: UInt64 = 256 << 10
    private static let pieceMaximum: UInt64 = 8 << 20

    private(set) var uses: [Use] = []
    private(set) var pieces: [Piece] = []
    private(set) var packCount = 0

    /// What is needed for the files that are to be written.
    ///
    /// Packs come in the order in which the files first need them, so that what lies together in the target
    /// is written together.
    init(_ tables: RestoreTables, index: IndexTable) {
        uses.reserveCapacity(tables.chunks.count)
        var ranks: [Int: UInt64] = [:]
        var packs: [Int] = []
        for (number, file) in tables.files.enumerated() where file.action == .write {
            var offset: UInt64 = 0
            for position in tables.chunks(of: file) {
                let location = index.location(of: .data, at: Int(position))
                let pack = index.packNumber(of: .data, at: Int(position))
                let rank = ranks[pack] ?? UInt64(packs.count)
                if rank == packs.count {
                    ranks[pack] = rank
                    packs.append(pack)
                }
                uses.append(
                    Use(
                        key: rank << 32 | UInt64(location.offset),
                        fileOffset: offset,
                        file: UInt32(number),
                        position: position
                    )
                )
                offset += UInt64(location.plainLength)
            }
        }
        packCount = packs.count
        uses.sort {
            ($0.key, $0.position, $0.file, $0.fileOffset) < ($1.key, $1.position, $1.file, $1.fileOffset)
        }
        cut(packs, index)
    }

    /// The uses of the chunk at `first`, which comes first among them.
    ///
    /// One place is not one chunk: an index can name two there, of which at most one is what it says.
    func usesOfSameChunk(from first: Int, in piece: Piece) -> Range<Int> {
        var end = first + 1
        while end < piece.uses.upperBound && isSameChunk(uses[end], uses[first]) { end += 1 }
        return first..<end
    }

    private func isSameChunk(_ left: Use, _ right: Use) -> Bool {
        left.key == right.key && left.position == right.position
    }

    private mutating func cut(_ packs: [Int], _ index: IndexTable) {
        var current: Piece?
        for (number, use) in uses.enumerated() {
            let start = use.key & 0xFFFF_FFFF
            let end = start + UInt64(index.location(of: .data, at: Int(use.position)).length)
            let pack = packs[Int(use.key >> 32)]
            if var piece = current {
                let joined = piece.range.lowerBound..<max(end, piece.range.upperBound)
                let isNear = piece.pack == pack && start <= piece.range.upperBound + Self.gapMaximum
                let isSame = uses[piece.uses.upperBound - 1].key == use.key
                if isNear && (isSame || joined.upperBound - joined.lowerBound <= Self.pieceMaximum) {
                    piece.range = joined
                    piece.uses = piece.uses.lowerBound..<(number + 1)
                    current = piece
                    continue
                }
                pieces.append(piece)
            }
            current = Piece(pack: pack, range: start..<end, uses: number..<(number + 1))
        }
        if let current { pieces.append(current) }
    }
}
