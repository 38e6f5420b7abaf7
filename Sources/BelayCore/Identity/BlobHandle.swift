/// The two types of blob; a data blob and a tree blob with equal bytes are two blobs.
@frozen
package enum BlobType: UInt8, Hashable, Sendable, CaseIterable {
    case data = 0
    case tree = 1

    /// The word used in index files.
    package var name: String { self == .data ? "data" : "tree" }
}

/// What identifies a blob: its type and its id together.
@frozen
package struct BlobHandle: Hashable, Sendable {
    package let type: BlobType
    package let id: BlobID

    @inlinable
    package init(_ type: BlobType, _ id: BlobID) {
        self.type = type
        self.id = id
    }
}

/// Where a blob lies: a range of sealed bytes in a pack, and how long the blob is when plain.
@frozen
package struct BlobLocation: Hashable, Sendable {
    package var pack: PackID
    /// Offset of the sealed blob in the pack, in bytes.
    package var offset: UInt32
    /// Length of the sealed blob, in bytes (32 more than what was sealed).
    package var length: UInt32
    /// Length of the blob before compression, in bytes; 0 if it is stored uncompressed.
    package var uncompressedLength: UInt32

    @inlinable
    package init(pack: PackID, offset: UInt32, length: UInt32, uncompressedLength: UInt32) {
        self.pack = pack
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
        isCompressed ? Int(uncompressedLength) : max(0, Int(length) - 32)
    }
}

extension BlobType {
    /// The bytes that a blob of this kind may have, sealed or plain, to be read at all; the same everywhere.
    ///
    /// Data is cut into pieces of at most 8 MiB by restic and by belay: a piece that is much longer is meant to fill
    /// the memory. A tree is as long as its directory has entries, and without it all of these are lost.
    package var lengthMaximum: Int {
        switch self {
        case .data: 1 << 30
        case .tree: Int(UInt32.max)
        }
    }
}

extension BlobLocation {
    /// Whether a blob of that kind is longer than what is read.
    package func isTooLong(_ type: BlobType) -> Bool {
        max(plainLength, Int(length) - 32) > type.lengthMaximum
    }
}
