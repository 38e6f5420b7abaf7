package import BelayCore

/// A complete pack: the bytes to store, their name, and what to put in the index.
package struct FinishedPack: Sendable {
    /// What to store under the pack's id.
    package let bytes: [UInt8]
    /// What the index says about it.
    package let entry: PackEntry

    /// The SHA-256 of the bytes.
    package var id: PackID { entry.id }
}

/// Puts sealed blobs into one buffer until they are a pack.
///
/// Blobs are written straight into the buffer, which is handed over without a copy.
package struct PackBuilder {
    /// The blobs so far, in order.
    package private(set) var blobs: [IndexedBlob] = []
    private var bytes: [UInt8] = []
    private var headerLength = PackHeader.size(entries: [])

    /// The most entries a header can have within the limit of its size.
    private static let blobCountMaximum =
        (PackHeader.sealedLengthMaximum - Envelope.overhead) / PackHeader.compressedEntryLength

    /// A builder with room for `capacity` bytes before the buffer grows, which copies it.
    ///
    /// The size at which packs are finished, the longest blob and some room for the header are enough.
    package init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Whether no blob has been added.
    package var isEmpty: Bool { blobs.isEmpty }

    /// The length of the pack if it were finished now, in bytes.
    package var packLength: Int { bytes.count + headerLength }

    /// Whether a sealed blob of `length` bytes can still be added within the limits of the format.
    package func hasRoom(for length: Int) -> Bool {
        blobs.count < Self.blobCountMaximum
            && packLength + PackHeader.compressedEntryLength + length <= Int(UInt32.max)
    }

    /// Appends a blob: `write` puts its sealed form at the start of the room and returns how long that is.
    ///
    /// `uncompressedLength` is the blob's length if its sealed form is compressed, 0 if it is not. The room
    /// has `maximumLength` bytes, for which ``hasRoom(for:)`` must hold. Nothing is appended if `write`
    /// throws.
    package mutating func append<Failure: Error>(
        type: BlobType,
        id: BlobID,
        uncompressedLength: UInt32,
        maximumLength: Int,
        _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        try append(type: type, id: id, maximumLength: maximumLength) { (room) throws(Failure) in
            (try write(room), uncompressedLength)
        }
    }

    /// Appends a blob whose `write` also decides whether it is compressed.
    ///
    /// It returns the length of the sealed form, and the blob's length if that is compressed, else 0.
    package mutating func append<Failure: Error>(
        type: BlobType,
        id: BlobID,
        maximumLength: Int,
        _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> (
            length: Int, uncompressedLength: UInt32
        )
    ) throws(Failure) {
        precondition(hasRoom(for: maximumLength), "the pack is full")
        let offset = UInt32(bytes.count)
        var uncompressedLength: UInt32 = 0
        try bytes.append(capacity: maximumLength) { (room) throws(Failure) in
            let result = try write(room)
            precondition(result.length >= Envelope.overhead, "a sealed blob is not shorter than its envelope")
            uncompressedLength = result.uncompressedLength
            return result.length
        }
        let blob = IndexedBlob(
            type: type,
            id: id,
            offset: offset,
            length: UInt32(bytes.count) - offset,
            uncompressedLength: uncompressedLength
        )
        blobs.append(blob)
        headerLength += PackHeader.size(isCompressed: blob.isCompressed)
    }

    /// Appends a blob that is sealed already, as it came from another pack.
    package mutating func append(_ sealed: UnsafeRawBufferPointer, as blob: IndexedBlob) {
        append(
            type: blob.type,
            id: blob.id,
            uncompressedLength: blob.uncompressedLength,
            maximumLength: sealed.count
        ) { room in
            room.copyMemory(from: sealed)
            return sealed.count
        }
    }

    /// Appends all blobs of another builder.
    package mutating func append(contentsOf other: PackBuilder) {
        other.bytes.withBytes { bytes in
            for blob in other.blobs {
                let range = Int(blob.offset)..<(Int(blob.offset) + Int(blob.length))
                append(UnsafeRawBufferPointer(rebasing: bytes[range]), as: blob)
            }
        }
    }

    /// Appends the sealed header, hands over the pack, and leaves the builder empty and without a buffer.
    ///
    /// The header is decoded again before anybody relies on it. `hash` names the pack; pass another function
    /// to hash many packs at once.
    package mutating func finish(
        with envelope: Envelope,
        hash: (UnsafeRawBufferPointer) -> Digest = BlobHasher.digest
    ) throws(FormatError) -> FinishedPack {
        precondition(!isEmpty, "a pack has at least one blob")
        let header = PackHeader.encode(blobs)
        let decoded = try header.withBytes { (header) throws(FormatError) in
            try PackHeader.decode(header)
        }
        guard decoded == blobs else {
            throw .malformed(what: "pack header", detail: "it does not read back as it was written")
        }
        let sealedLength = header.count + Envelope.overhead
        header.withBytes { header in
            bytes.append(capacity: sealedLength + PackHeader.lengthFieldLength) { room in
                envelope.seal(header, into: room)
                room.storeBytes(
                    of: UInt32(sealedLength).littleEndian,
                    toByteOffset: sealedLength,
                    as: UInt32.self
                )
                return sealedLength + PackHeader.lengthFieldLength
            }
        }
        let entry = PackEntry(id: PackID(bytes.withBytes(hash)), blobs: blobs)
        let pack = FinishedPack(bytes: bytes, entry: entry)
        self = PackBuilder()
        return pack
    }

    /// Starts an empty pack in `buffer`, the memory of a pack that is stored and not needed any more.
    package mutating func reset(reusing buffer: consuming [UInt8]) {
        self = PackBuilder()
        // Without `consume` the argument would stay a second owner, and emptying it would copy it.
        bytes = consume buffer
        bytes.removeAll(keepingCapacity: true)
    }
}
