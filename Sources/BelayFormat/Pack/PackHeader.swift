import BelayCore

/// The header of a pack, which tells what lies before it: sealed, and followed by its length.
package enum PackHeader {
    /// Size of an entry for a blob stored as it is.
    package static let plainEntryLength = 37
    /// Size of an entry for a compressed blob.
    package static let compressedEntryLength = 41
    /// Size of the length at the very end, which does not count itself.
    package static let lengthFieldLength = 4
    /// The largest header that restic reads, sealed.
    package static let sealedLengthMaximum = 16 << 20
    /// How many bytes from the end of a pack to read first: headers of up to 15 entries come whole.
    package static let probeLength =
        lengthFieldLength + Envelope.overhead + 15 * compressedEntryLength
    /// The smallest pack: one empty blob's entry and nothing else.
    package static let packLengthMinimum = lengthFieldLength + Envelope.overhead + plainEntryLength

    /// The bytes by which `entries` make a pack longer than its blobs.
    package static func size(entries: [IndexedBlob]) -> Int {
        entries.reduce(lengthFieldLength + Envelope.overhead) { $0 + size(isCompressed: $1.isCompressed) }
    }

    /// The size of one entry.
    @inlinable
    package static func size(isCompressed: Bool) -> Int {
        isCompressed ? compressedEntryLength : plainEntryLength
    }

    /// The plain header of blobs in the order in which they lie.
    package static func encode(_ entries: [IndexedBlob]) -> [UInt8] {
        [UInt8](capacity: entries.count * compressedEntryLength) { room in
            var position = 0
            for entry in entries {
                room[position] = entry.type.rawValue | (entry.isCompressed ? 2 : 0)
                room.storeBytes(
                    of: entry.length.littleEndian,
                    toByteOffset: position + 1,
                    as: UInt32.self
                )
                position += 5
                if entry.isCompressed {
                    room.storeBytes(
                        of: entry.uncompressedLength.littleEndian,
                        toByteOffset: position,
                        as: UInt32.self
                    )
                    position += 4
                }
                entry.id.digest.store(into: UnsafeMutableRawBufferPointer(rebasing: room[position...]))
                position += Digest.byteCount
            }
            return position
        }
    }

    /// The blobs in the plain header `bytes`, with their offsets summed up.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(FormatError) -> [IndexedBlob] {
        var entries: [IndexedBlob] = []
        entries.reserveCapacity(bytes.count / plainEntryLength)
        var position = 0
        var offset: UInt32 = 0
        while position < bytes.count {
            let kind = bytes[position]
            guard kind < 4, let type = BlobType(rawValue: kind & 1) else {
                throw malformed("entry \(entries.count) has the unknown type \(kind)")
            }
            let isCompressed = kind & 2 != 0
            guard bytes.count - position >= size(isCompressed: isCompressed) else {
                throw malformed("it ends within entry \(entries.count)")
            }
            let length = word(bytes, at: position + 1)
            let uncompressedLength = isCompressed ? word(bytes, at: position + 5) : 0
            position += size(isCompressed: isCompressed)
            let id = UnsafeRawBufferPointer(rebasing: bytes[position - Digest.byteCount..<position])
            let (next, overflow) = offset.addingReportingOverflow(length)
            guard length >= Envelope.overhead, !overflow, !isCompressed || uncompressedLength > 0 else {
                throw malformed("entry \(entries.count) has an impossible length")
            }
            entries.append(
                IndexedBlob(
                    type: type,
                    id: BlobID(Digest(loading: id)),
                    offset: offset,
                    length: length,
                    uncompressedLength: uncompressedLength
                )
            )
            offset = next
        }
        return entries
    }

    /// The length of the sealed header, from the last bytes of a pack: at least four of them.
    ///
    /// It ends four bytes before the end of the pack.
    package static func sealedLength(
        tail: UnsafeRawBufferPointer,
        packLength: Int
    ) throws(FormatError) -> Int {
        guard packLength >= packLengthMinimum, tail.count >= lengthFieldLength else {
            throw malformed("the pack has only \(packLength) bytes")
        }
        let length = Int(word(tail, at: tail.count - lengthFieldLength))
        guard length <= sealedLengthMaximum else {
            throw .tooLarge(what: "the length in bytes of the pack header", limit: sealedLengthMaximum)
        }
        guard
            length >= Envelope.overhead + plainEntryLength, length <= packLength - lengthFieldLength
        else { throw malformed("its length of \(length) does not fit a pack of \(packLength) bytes") }
        return length
    }

    /// The blobs of a pack, from its last bytes, which must include the whole header.
    ///
    /// Checks that blobs and header fill a pack of `packLength` bytes exactly.
    package static func open(
        tail: UnsafeRawBufferPointer,
        packLength: Int,
        with envelope: Envelope
    ) throws(FormatError) -> [IndexedBlob] {
        let length = try sealedLength(tail: tail, packLength: packLength)
        let end = tail.count - lengthFieldLength
        guard length <= end else { throw malformed("only a part of it was read") }
        let sealed = UnsafeRawBufferPointer(rebasing: tail[end - length..<end])
        let plain = try [UInt8](capacity: length - Envelope.overhead) { (target) throws(FormatError) in
            try envelope.open(sealed, into: target)
        }
        let entries = try plain.withBytes { (plain) throws(FormatError) in try decode(plain) }
        try PackLayout.check(entries, packLength: packLength)
        return entries
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    private static func malformed(_ detail: String) -> FormatError {
        .malformed(what: "pack header", detail: detail)
    }
}
