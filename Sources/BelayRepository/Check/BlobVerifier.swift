import BelayCore
import BelayFormat

/// Opens sealed blobs and checks them against their ids, many hashes at once; one for each worker.
///
/// Its memory is what it gathers before it hashes, 8 MiB and a blob.
final class BlobVerifier {
    /// A blob that is not what it should be.
    struct Failure {
        /// Its position in the list that was given.
        var position: Int
        var error: FormatError
    }

    /// Plain bytes that are gathered before they are hashed: enough blobs of usual size to fill all lanes.
    private static let batchBytes = 24 << 20

    private let decoder: BlobDecoder
    private var plain = UnsafeMutableRawBufferPointer.allocate(byteCount: batchBytes, alignment: 64)
    private var filled = 0
    // One of each for every blob in `plain`.
    private var positions: [Int] = []
    private var offsets: [Int] = []
    private var lengths: [Int] = []
    private var digests: [Digest] = []

    init(_ repository: Repository) {
        decoder = BlobDecoder(repository)
    }

    deinit { plain.deallocate() }

    /// The failures among `blobs`, of which `sealed` holds the stretch of the pack from `base` on.
    func failures(
        among blobs: some RandomAccessCollection<IndexedBlob>,
        in sealed: UnsafeRawBufferPointer,
        from base: UInt32 = 0
    ) -> [Failure] {
        var failures: [Failure] = []
        for (position, blob) in blobs.enumerated() {
            do throws(FormatError) {
                try open(blob, at: position, in: sealed, from: base) {
                    finish(blobs, into: &failures)
                }
            } catch {
                failures.append(Failure(position: position, error: error))
            }
        }
        finish(blobs, into: &failures)
        return failures
    }

    private func open(
        _ blob: IndexedBlob,
        at position: Int,
        in sealed: UnsafeRawBufferPointer,
        from base: UInt32,
        whenFull: () -> Void
    ) throws(FormatError) {
        let (start, underflow) = blob.offset.subtractingReportingOverflow(base)
        let end = UInt64(start) + UInt64(blob.length)
        guard !underflow, end <= UInt64(sealed.count) else {
            throw .malformed(what: "blob", detail: "it reaches beyond the end of the pack")
        }
        let length = blob.plainLength
        guard !blob.isTooLong else { throw .tooLongBlob(blob.type) }
        if filled + length > plain.count { whenFull() }
        if length > plain.count {
            plain.deallocate()
            plain = .allocate(byteCount: length, alignment: 64)
        }
        try decoder.decode(
            UnsafeRawBufferPointer(rebasing: sealed[Int(start)..<Int(end)]),
            isCompressed: blob.isCompressed,
            into: UnsafeMutableRawBufferPointer(rebasing: plain[filled..<(filled + length)])
        )
        positions.append(position)
        offsets.append(filled)
        lengths.append(length)
        filled += length
    }

    private func finish(_ blobs: some RandomAccessCollection<IndexedBlob>, into failures: inout [Failure]) {
        LaneHasher.digests(
            in: UnsafeRawBufferPointer(plain),
            offsets: offsets,
            lengths: lengths,
            into: &digests
        )
        for (position, digest) in zip(positions, digests) {
            let blob = blobs[blobs.index(blobs.startIndex, offsetBy: position)]
            if blob.id.digest != digest {
                let error = FormatError.malformed(what: "blob", detail: "its contents do not match its id")
                failures.append(Failure(position: position, error: error))
            }
        }
        positions.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
        filled = 0
    }
}
