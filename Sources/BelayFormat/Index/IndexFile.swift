package import BelayCore

/// A blob in a pack, as packs and index files describe it.
@frozen
package struct IndexedBlob: Hashable, Sendable {
    package var type: BlobType
    package var id: BlobID
    /// Where the sealed blob starts in the pack, in bytes.
    package var offset: UInt32
    /// The length of the sealed blob, in bytes.
    package var length: UInt32
    /// The length of the blob before compression, in bytes; 0 if it is stored uncompressed.
    package var uncompressedLength: UInt32

    @inlinable
    package init(type: BlobType, id: BlobID, offset: UInt32, length: UInt32, uncompressedLength: UInt32) {
        self.type = type
        self.id = id
        self.offset = offset
        self.length = length
        self.uncompressedLength = uncompressedLength
    }

    /// Whether the blob is stored as a zstd frame.
    @inlinable
    package var isCompressed: Bool { uncompressedLength != 0 }

    /// Length of the blob's plain bytes.
    @inlinable
    package var plainLength: Int {
        isCompressed ? Int(uncompressedLength) : max(0, Int(length) - Envelope.overhead)
    }

    /// Whether the blob is longer than what is read.
    package var isTooLong: Bool { max(plainLength, Int(length) - Envelope.overhead) > type.lengthMaximum }

    /// What identifies the blob.
    @inlinable
    package var handle: BlobHandle { BlobHandle(type, id) }

    /// Where the blob lies, given the pack.
    @inlinable
    package func location(in pack: PackID) -> BlobLocation {
        BlobLocation(pack: pack, offset: offset, length: length, uncompressedLength: uncompressedLength)
    }
}

/// A pack in an index file, with all its blobs.
package struct PackEntry: Hashable, Sendable {
    package var id: PackID
    package var blobs: [IndexedBlob]

    package init(id: PackID, blobs: [IndexedBlob]) {
        self.id = id
        self.blobs = blobs
    }
}

/// An index file: which packs there are and what they hold.
///
/// A pack is described completely, and in one file only.
package struct IndexFile: Hashable, Sendable {
    package var packs: [PackEntry]

    package init(packs: [PackEntry]) {
        self.packs = packs
    }

    /// The plain text, ending in a newline as restic's does.
    package func encode() -> [UInt8] {
        var writer = IndexWriter(reservingCapacity: packs.reduce(32) { $0 + 100 + $1.blobs.count * 165 })
        for pack in packs { writer.append(pack) }
        return writer.finish()
    }
}

/// Writes the text of an index file pack by pack.
package struct IndexWriter {
    private var writer: JSONWriter

    /// A writer of an index file without packs so far.
    package init(reservingCapacity capacity: Int = 0) {
        writer = JSONWriter(reservingCapacity: capacity)
        writer.beginObject()
        writer.key("packs")
        writer.beginArray()
    }

    /// The number of bytes written so far.
    package var count: Int { writer.bytes.count }

    /// Appends a pack with all its blobs.
    package mutating func append(_ pack: PackEntry) {
        writer.beginObject()
        writer.key("id")
        writer.digest(pack.id.digest)
        writer.key("blobs")
        writer.beginArray()
        for blob in pack.blobs {
            writer.beginObject()
            writer.key("id")
            writer.digest(blob.id.digest)
            writer.key("type")
            writer.string(literal: blob.type == .data ? "data" : "tree")
            writer.key("offset")
            writer.unsigned(UInt64(blob.offset))
            writer.key("length")
            writer.unsigned(UInt64(blob.length))
            if blob.uncompressedLength != 0 {
                writer.key("uncompressed_length")
                writer.unsigned(UInt64(blob.uncompressedLength))
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    /// The complete text; nothing may be appended after.
    package consuming func finish() -> [UInt8] {
        writer.endArray()
        writer.endObject()
        var bytes = writer.takeBytes()
        bytes.append(0x0A)
        return bytes
    }
}
