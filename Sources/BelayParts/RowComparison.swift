package import BelayCore

/// Compares two stored states of an engine's databases row by row.
package protocol RowComparison: Sendable {
    /// The rows that differ in each of the named tables, which both states have.
    ///
    /// A state is given as its files: where each lies that was handed to a ``PartSink``, by the name it was given. They
    /// are not written to. Memory does not grow with the number of rows unless the engine holds a table as one
    /// document. A table that cannot be compared says why; blocks.
    ///
    /// - Throws: if a state cannot be read at all, or `CancellationError`.
    func compare(
        _ tables: [String],
        from old: [String: String],
        to new: [String: String],
        limit: Int
    ) throws -> [TableRows]
}
