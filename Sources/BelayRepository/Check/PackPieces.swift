import BelayCore
import BelayFormat
import BelayStore

/// A pack that is read piece by piece: one that cannot be read whole may be good but for a sector of the disk, and
/// one whose length is not the right one may have any.
///
/// At most ``stretchMaximum`` bytes are in memory at a time, or one blob.
struct PackPieces {
    /// A blob that cannot be used.
    struct Failure {
        /// Its position in the list that was given.
        var position: Int
        var reason: String
    }

    static let stretchMaximum: UInt64 = 8 << 20

    let repository: Repository
    let id: PackID
    /// Bytes, as the store tells.
    let length: UInt64

    /// The failures among blobs that lie, or should lie, in the pack.
    ///
    /// Of a stretch that cannot be read each half is tried by itself, so that a blob is given up only when it
    /// cannot be read alone.
    func failures(among blobs: [IndexedBlob], with verifier: BlobVerifier) async throws -> [Failure] {
        var failures: [Failure] = []
        var inside: [Int] = []
        for (position, blob) in blobs.enumerated() {
            if Self.end(of: blob) <= length {
                inside.append(position)
            } else {
                failures.append(Failure(position: position, reason: "it reaches beyond the end of the pack"))
            }
        }
        inside.sort { (blobs[$0].offset, blobs[$0].length) < (blobs[$1].offset, blobs[$1].length) }
        var waiting = [inside[...]]
        while let positions = waiting.popLast() {
            try Task.checkCancellation()
            if positions.isEmpty { continue }
            switch try await examine(positions.map { blobs[$0] }, with: verifier) {
            case .read(let failed):
                for failure in failed {
                    let position = positions[positions.startIndex + failure.position]
                    failures.append(Failure(position: position, reason: "\(failure.error)"))
                }
            case .unreadable(let reason) where positions.count == 1:
                failures.append(Failure(position: positions[positions.startIndex], reason: reason))
            case .unreadable:
                let middle = positions.startIndex + positions.count / 2
                waiting.append(positions[middle...])
                waiting.append(positions[..<middle])
            }
        }
        return failures.sorted { $0.position < $1.position }
    }

    private enum Stretch {
        case read([BlobVerifier.Failure])
        case unreadable(String)
    }

    /// Reads the stretch of some blobs in the order in which they lie, and checks them.
    private func examine(_ blobs: [IndexedBlob], with verifier: BlobVerifier) async throws -> Stretch {
        let start = blobs.first?.offset ?? 0
        let end = blobs.lazy.map(Self.end).max() ?? 0
        if blobs.count > 1, end - UInt64(start) > Self.stretchMaximum {
            return .unreadable("it is too long")
        }
        do {
            let bytes = try await repository.load(Handle(id), range: UInt64(start)..<end)
            return .read(bytes.withUnsafeBytes { verifier.failures(among: blobs, in: $0, from: start) })
        } catch let error as BelayError where error.isDamageOfOneFile {
            return .unreadable(StructureCheck.reason(error))
        }
    }

    private static func end(of blob: IndexedBlob) -> UInt64 { UInt64(blob.offset) + UInt64(blob.length) }

    /// What the header tells; `nil` if it cannot be read.
    func readableHeader() async throws -> [IndexedBlob]? {
        do {
            return try await header()
        } catch is FormatError {
            // The index may still tell what is in it.
        } catch let error as BelayError where error.isDamageOfOneFile {
            // Likewise.
        }
        return nil
    }

    /// What the header tells; the end of the pack is read first, which is all there is to a short one.
    func header() async throws -> [IndexedBlob] {
        guard let count = Int(exactly: length), count >= PackHeader.packLengthMinimum else {
            throw FormatError.malformed(what: "pack", detail: "it has only \(length) bytes")
        }
        let probe = min(count, PackHeader.probeLength)
        var tail = try await repository.load(Handle(id), range: UInt64(count - probe)..<length)
        let needed =
            try tail.withBytes { (tail) throws(FormatError) in
                try PackHeader.sealedLength(tail: tail, packLength: count)
            } + PackHeader.lengthFieldLength
        if needed > probe {
            tail = try await repository.load(Handle(id), range: UInt64(count - needed)..<length)
        }
        let envelope = repository.makeEnvelope()
        return try tail.withBytes { (tail) throws(FormatError) in
            try PackHeader.open(tail: tail, packLength: count, with: envelope)
        }
    }
}
