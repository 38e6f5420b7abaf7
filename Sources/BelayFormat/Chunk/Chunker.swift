/// Cuts files where their content says so, as restic does: the same bytes are cut alike wherever they stand.
///
/// A value without state: each chunk is found from its own bytes alone, so any number of threads may use one.
package struct Chunker: Sendable {
    package let parameters: ChunkerParameters

    private let tables: ChunkerTables
    private let wide: WideCutSearch?

    /// A chunker for a repository's tables, between the sizes given.
    ///
    /// It cuts alike with and without wide registers; without is for tests.
    package init(
        tables: ChunkerTables,
        parameters: ChunkerParameters = .restic,
        usesWideRegisters: Bool = true
    ) {
        self.tables = tables
        self.parameters = parameters
        wide = usesWideRegisters ? WideCutSearch(tables, mask: parameters.mask) : nil
    }

    /// The length of the chunk at the start of `buffer`.
    ///
    /// The buffer must hold the rest of the file, or as many bytes as the longest chunk; what is beyond that
    /// is not looked at. Zero only for an empty buffer.
    package func nextCut(in buffer: UnsafeRawBufferPointer) -> Int {
        guard buffer.count > parameters.minimum else { return buffer.count }
        return nextCut(in: buffer, searched: 0) ?? buffer.count
    }

    /// The length of the chunk at the start of `buffer`, for a reader that gets a file in smaller pieces.
    ///
    /// `nil` means that no cut is in these bytes: call again with more of them, and with the number of those
    /// given here as `searched`; or, if the file has no more, they are the chunk.
    package func nextCut(in buffer: UnsafeRawBufferPointer, searched: Int) -> Int? {
        let end = min(buffer.count, parameters.maximum)
        // A cut after n bytes has its window in the 64 before; the first can be at the minimum.
        let start = max(parameters.minimum, searched + 1)
        if start <= end, let bytes = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self) {
            let cut = tables.mod.withUnsafeBufferPointer { mod in
                tables.outShifted.withUnsafeBufferPointer { out -> Int in
                    // Invariant: both tables have 256 words.
                    guard let mod = mod.baseAddress, let out = out.baseAddress else { return 0 }
                    return findCut(
                        bytes,
                        from: start,
                        through: end,
                        mask: parameters.mask,
                        mod: mod,
                        out: out,
                        wide: wide
                    )
                }
            }
            if cut != 0 { return cut }
        }
        return buffer.count >= parameters.maximum ? parameters.maximum : nil
    }
}
