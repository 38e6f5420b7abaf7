import CBelayHash

/// The cut search for processors with wide registers: several times as fast as one table step per byte.
struct WideCutSearch: Sendable {
    private let tables: belay_cut_tables

    /// Bytes that each lane searches at a time, at most; an odd number of cache lines, so that the lanes do not
    /// contend for the same places in the cache.
    private static let stretchMaximum = 33 * 64
    /// Shorter stretches are not worth filling their windows.
    private static let stretchMinimum = 5 * 64

    /// `nil` where the processor lacks the instructions, or the mask has too many bits.
    init?(_ tables: ChunkerTables, mask: UInt64) {
        guard belay_cut_available() == 1, mask << Self.shift < 1 << 24 else { return nil }
        let bytes = (0..<256).map { UInt64($0) }
        func plane(_ table: [UInt64], _ number: Int) -> UInt64 { Self.matrix(of: table, plane: number) }
        func planes(_ table: [UInt64]) -> (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) {
            (
                plane(table, 0), plane(table, 1), plane(table, 2), plane(table, 3), plane(table, 4),
                plane(table, 5), plane(table, 6)
            )
        }
        let bits = mask << Self.shift
        self.tables = belay_cut_tables(
            top: planes(tables.mod),
            out: planes(tables.outShifted),
            in: (plane(bytes, 0), plane(bytes, 1)),
            mask: (
                UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8),
                UInt8(truncatingIfNeeded: bits >> 16)
            )
        )
    }

    /// Fingerprints are kept moved by this, so that their top byte is a whole one.
    private static let shift = UInt64(56 - RabinPolynomial.chunkerDegree)

    /// The matrix that takes a byte to byte `plane` of what a linear table says of it.
    private static func matrix(of table: [UInt64], plane: Int) -> UInt64 {
        var matrix: UInt64 = 0
        for bit in 0..<8 {
            for column in 0..<8 where (table[1 << column] << shift) >> UInt64(8 * plane + bit) & 1 == 1 {
                matrix |= UInt64(1) << UInt64(8 * (7 - bit) + column)
            }
        }
        return matrix
    }

    /// How many positions from `position` on one search covers; 0 if too few are left before `end`.
    func span(from position: Int, before end: Int) -> Int {
        guard position < end else { return 0 }
        let stretch = min(Self.stretchMaximum, (end - position) / Int(BELAY_CUT_LANES) & ~63)
        return stretch < Self.stretchMinimum ? 0 : stretch * Int(BELAY_CUT_LANES)
    }

    /// The least n among the `span` positions from `start` on such that the 64 bytes before it match; 0 if there
    /// is none.
    func first(in bytes: UnsafePointer<UInt8>, from start: Int, span: Int) -> Int {
        withUnsafePointer(to: tables) { tables in
            belay_cut_search(bytes, start, span / Int(BELAY_CUT_LANES), tables)
        }
    }
}
