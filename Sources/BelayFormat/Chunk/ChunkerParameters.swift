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

    /// For large files that change in small places, as databases do: a change of a page costs 32 KiB or so.
    package static let fine = ChunkerParameters(
        knownMinimum: 8 * 1024,
        maximum: 128 * 1024,
        averageBits: 14
    )

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
