import BelaySystem

/// The beginning of the index of a write-ahead log: which frames belong to the newest state.
///
/// Layout: "WAL-mode File Format", section 2.1 (sqlite.org/walformat.html). Numbers are those of the machine.
struct SQLiteLogIndex: Equatable {
    /// Two copies of the header, and what checkpoints have done.
    static let length = 2 * headerLength + 8
    static let headerLength = 48

    private static let logHeaderLength: UInt64 = 32
    private static let frameHeaderLength: UInt64 = 24
    private static let version: UInt32 = 3_007_000

    /// One copy, which another commit changes.
    let header: [UInt8]
    /// How many frames of the log count.
    let frameCount: UInt32
    /// Pages of the newest state; means something only if there are frames.
    let pageCount: UInt32
    /// How many of these have been written to the database's file.
    let backfilled: UInt32
    /// What tells one log from the one before in the same file; as they stand in it.
    let salts: [UInt8]

    /// `nil` if somebody writes it at this moment, or it is none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.length else { return nil }
        header = Array(bytes[..<Self.headerLength])
        guard header.elementsEqual(bytes[Self.headerLength..<(2 * Self.headerLength)]) else { return nil }
        func number(_ offset: Int) -> UInt32 {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        }
        guard number(0) == Self.version else { return nil }
        frameCount = number(16)
        pageCount = number(20)
        salts = Array(bytes[32..<40])
        backfilled = number(2 * Self.headerLength)
    }

    /// Whether the database's file alone is the newest state.
    var hasAllInFile: Bool { backfilled >= frameCount }

    /// Where the newest contents of pages are in the log, from frame `first` on, by the pages' numbers from 0; `nil` if
    /// the log is another one.
    ///
    /// Costs a read for each frame.
    func frames(
        from first: UInt32 = 0,
        in files: SQLiteFiles,
        pageSize: UInt64
    ) throws(SystemError) -> [UInt64: UInt64]? {
        guard first <= frameCount else { return nil }
        var frames: [UInt64: UInt64] = [:]
        for number in UInt64(first)..<UInt64(frameCount) {
            let start = Self.logHeaderLength + number * (Self.frameHeaderLength + pageSize)
            var head = [UInt8](repeating: 0, count: 16)
            var failure: SystemError?
            head.withUnsafeMutableBytes { room in
                do throws(SystemError) { try files.readLog(into: room, at: start) } catch { failure = error }
            }
            if let failure { throw failure }
            let page = head.withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(as: UInt32.self)) }
            guard head[8...].elementsEqual(salts), page > 0 else { return nil }
            frames[UInt64(page) - 1] = start + Self.frameHeaderLength
        }
        return frames
    }
}
