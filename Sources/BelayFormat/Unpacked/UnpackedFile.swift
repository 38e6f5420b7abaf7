package import BelayCore

/// Files that are stored by themselves: index files, snapshots, locks; and `config`.
///
/// Stored bytes are a sealed payload: the byte 2 and a zstd frame, or JSON as it is.
package enum UnpackedFile {
    /// The most plain bytes that a file may have: 1 GiB, far above what any tool writes.
    package static let plainLengthMaximum = 1 << 30

    private static let compressedMarker: UInt8 = 2

    /// The bytes to store for `json`; their SHA-256 is the file's name.
    ///
    /// Version 2 always compresses, version 1 never.
    package static func encode(
        _ json: [UInt8],
        version: RepositoryConfig.Version,
        envelope: Envelope,
        compressor: ZstdCompressor
    ) throws(FormatError) -> (bytes: [UInt8], digest: Digest) {
        var payload = json
        if version >= .two {
            payload = [compressedMarker]
            try json.withBytes { (json) throws(FormatError) in
                try payload.append(capacity: ZstdCompressor.bound(json.count)) {
                    (target) throws(FormatError) in
                    try compressor.compress(json, into: target)
                }
            }
        }
        let sealed = envelope.seal(payload)
        return (sealed, BlobHasher.digest(sealed))
    }

    /// The JSON text in the stored bytes of a file.
    ///
    /// That the bytes have the digest that is their name is for the caller to check.
    package static func decode(
        _ sealed: [UInt8],
        version: RepositoryConfig.Version,
        envelope: Envelope,
        decompressor: ZstdDecompressor,
        limit: Int = plainLengthMaximum
    ) throws(FormatError) -> [UInt8] {
        let payload = try envelope.open(sealed)
        guard let first = payload.first else { throw .malformed(what: "file", detail: "it is empty") }
        // Version 1 has no marker; what is not JSON is found out by the reader of the text.
        guard version >= .two, first != 0x7B, first != 0x5B else { return payload }
        guard first == compressedMarker else {
            throw .unsupported(what: "file", detail: "it starts with the byte \(first)")
        }
        return try payload.withBytes { (payload) throws(FormatError) in
            try decompressor.decompress(UnsafeRawBufferPointer(rebasing: payload[1...]), limit: limit)
        }
    }
}
