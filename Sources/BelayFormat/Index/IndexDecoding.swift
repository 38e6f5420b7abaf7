package import BelayCore

extension IndexFile {
    /// The index file in the plain text `bytes`.
    package static func decode(_ bytes: [UInt8]) throws(FormatError) -> IndexFile {
        var packs: [PackEntry] = []
        try bytes.withBytes { (bytes) throws(FormatError) in
            try read(bytes) { (pack) throws(FormatError) in
                packs.append(PackEntry(id: pack, blobs: []))
            } blob: { (_, blob) throws(FormatError) in
                packs[packs.count - 1].blobs.append(blob)
            }
        }
        return IndexFile(packs: packs)
    }

    /// Calls `visit` for each blob in the plain text `bytes`, in the order of the text.
    ///
    /// Takes no memory for the whole, which can be large. Blobs may have been visited before an error is
    /// found.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer,
        visit: (PackID, IndexedBlob) throws(FormatError) -> Void
    ) throws(FormatError) {
        try read(bytes, pack: { (_) throws(FormatError) in }, blob: visit)
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer,
        pack: (PackID) throws(FormatError) -> Void,
        blob: (PackID, IndexedBlob) throws(FormatError) -> Void
    ) throws(FormatError) {
        var reader = JSONReader(bytes, of: "index")
        try reader.enterObject()
        while let key = try reader.nextKey() {
            guard case "packs" = key else {
                // Unknown, or `supersedes`, which is history.
                try reader.skipValue()
                continue
            }
            if try reader.skipNull() { continue }
            try reader.enterArray()
            while try reader.nextElement() { try readPack(&reader, pack, blob) }
        }
        try reader.finish()
    }

    private static func readPack(
        _ reader: inout JSONReader,
        _ visitPack: (PackID) throws(FormatError) -> Void,
        _ visitBlob: (PackID, IndexedBlob) throws(FormatError) -> Void
    ) throws(FormatError) {
        var pack: PackID?
        // Where to return to if the blobs come before the id, which restic never writes but reads.
        var deferred: JSONReader?
        try reader.enterObject()
        while let key = try reader.nextKey() {
            switch key {
            case "id":
                let id = PackID(try reader.digest())
                try visitPack(id)
                pack = id
            case "blobs":
                if let pack {
                    try readBlobs(&reader, pack, visitBlob)
                } else {
                    deferred = reader
                    try reader.skipValue()
                }
            default: try reader.skipValue()
            }
        }
        guard let pack else { throw reader.malformed("a pack has no id") }
        if var deferred { try readBlobs(&deferred, pack, visitBlob) }
    }

    private static func readBlobs(
        _ reader: inout JSONReader,
        _ pack: PackID,
        _ visit: (PackID, IndexedBlob) throws(FormatError) -> Void
    ) throws(FormatError) {
        if try reader.skipNull() { return }
        try reader.enterArray()
        while try reader.nextElement() { try visit(pack, try readBlob(&reader)) }
    }

    private static func readBlob(_ reader: inout JSONReader) throws(FormatError) -> IndexedBlob {
        var id: BlobID?
        var type: BlobType?
        var offset: UInt32 = 0
        var length: UInt32 = 0
        var uncompressedLength: UInt32 = 0
        try reader.enterObject()
        while let key = try reader.nextKey() {
            switch key {
            case "id": id = BlobID(try reader.digest())
            case "type":
                switch try reader.string() {
                case "data": type = .data
                case "tree": type = .tree
                default: throw reader.malformed("a blob has an unknown type")
                }
            case "offset": offset = try reader.unsigned32()
            case "length": length = try reader.unsigned32()
            case "uncompressed_length": uncompressedLength = try reader.unsigned32()
            default: try reader.skipValue()
            }
        }
        guard let id, let type else { throw reader.malformed("a blob has no id or type") }
        guard length >= Envelope.overhead, !offset.addingReportingOverflow(length).overflow else {
            throw reader.malformed("a blob has an impossible place")
        }
        return IndexedBlob(
            type: type,
            id: id,
            offset: offset,
            length: length,
            uncompressedLength: uncompressedLength
        )
    }
}
