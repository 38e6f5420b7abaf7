import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem

// Holes of large files: their chunks are known without reading them.
extension CaptureWorker {
    /// Shorter holes are read like data: a look costs a call to the system and saves little.
    private static let holeMinimum: UInt64 = 8 << 20

    /// Stores the chunks that begin at `start` and lie in a hole as a whole; gives where the next chunk begins.
    ///
    /// Every run of zeros is cut at the shortest length there is, for its fingerprint is zero.
    func storeHole(
        _ state: LargeFileState,
        _ file: borrowing OpenFile,
        from start: UInt64
    ) async throws -> UInt64 {
        let end = try file.dataStart(from: start)
        let length = capture.chunker.parameters.minimum
        guard end - start >= Self.holeMinimum, let count = Int(exactly: (end - start) / UInt64(length)) else {
            return start
        }
        let zeros = [UInt8](repeating: 0, count: length)
        let handle = BlobHandle(.data, BlobID(BlobHasher.digest(zeros)))
        if capture.writer.claim(handle) {
            let sealed = try zeros.withUnsafeBytes { try encoder.encode($0, type: .data) }
            try await capture.writer.append(handle, sealed, plainLength: length)
        }
        let first = state.announce(count)
        // Never the last: the file is not closed yet.
        _ = state.fill([BlobID](repeating: handle.id, count: count), at: first)
        return start + UInt64(count * length)
    }
}
