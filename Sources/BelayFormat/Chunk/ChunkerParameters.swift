/// Between which sizes files are cut, and how often.
package struct ChunkerParameters: Hashable, Sendable {
    /// No chunk but the last of a file is shorter.
    package let minimum: Int
    /// No chunk is longer.
    package let maximum: Int
    /// How many low bits of the fingerprint must be zero at a cut: 2^bits bytes beyond the minimum on
    /// average.
    package let averageBits: Int

    /// What restic uses: 512 KiB, 8 MiB, and 1 MiB on average beyond the minimum.
    package static let restic = ChunkerParameters(
        knownMinimum: 512 * 1024,
        maximum: 8 * 1024 * 1024,
        averageBits: 20
    )

    /// For streams that change in small places, as databases do, cut at 2^bits bytes on average beyond half of that.
    ///
    /// `bits` is brought into ``databaseBits``.
    package static func database(bits: Int) -> ChunkerParameters {
        let bits = min(max(bits, databaseBits.lowerBound), databaseBits.upperBound)
        return ChunkerParameters(
            knownMinimum: 1 << (bits - 1),
            maximum: min(1 << (bits + 3), restic.maximum),
            averageBits: bits
        )
    }

    /// From 96 KiB on average to 3 MiB.
    ///
    /// Finer ones lose: the list of a 400 MB file's chunks, which every snapshot of a changed one stores anew, was twice as
    /// large as the rows that had changed, and rows that change all over a file are in every chunk of 8 KiB as well.
    package static let databaseBits = 16...21

    /// The bits for a stream that compresses to one part in `ratio`: chunks of some KiB once they are compressed.
    ///
    /// What each chunk costs beside its contents (a header, a place in the index and in the file's list: 150 bytes or
    /// so) and what it compresses worse alone would outweigh the contents of finer ones.
    package static func databaseBits(forRatio ratio: Int) -> Int {
        let octaves = Int.bitWidth - 1 - max(ratio, 1).leadingZeroBitCount
        // Up to 7 : 1 as finely as can be; beyond, what is alike in a stream lies farther and farther apart.
        let bits = databaseBits.lowerBound + 2 * (octaves - 2)
        return min(max(bits, databaseBits.lowerBound), databaseBits.upperBound)
    }

    private init(knownMinimum minimum: Int, maximum: Int, averageBits: Int) {
        self.minimum = minimum
        self.maximum = maximum
        self.averageBits = averageBits
    }

    /// Other sizes; `nil` unless the window fits below the minimum and the maximum is not below it.
    package init?(minimum: Int, maximum: Int, averageBits: Int) {
        guard minimum >= ChunkerTables.window, maximum >= minimum, (1...32).contains(averageBits) else {
            return nil
        }
        self.init(knownMinimum: minimum, maximum: maximum, averageBits: averageBits)
    }

    /// The bits of the fingerprint that must be zero at a cut.
    package var mask: UInt64 { (1 << UInt64(averageBits)) - 1 }
}
