/// A repository's `config`: its format version, its name for caches, and its polynomial.
///
/// It is sealed as it is, never compressed.
package struct RepositoryConfig: Hashable, Sendable {
    /// The versions of the format.
    package enum Version: UInt64, Hashable, Sendable, Comparable {
        /// Without compression.
        case one = 1
        case two = 2

        package static func < (left: Version, right: Version) -> Bool { left.rawValue < right.rawValue }
    }

    package var version: Version
    /// 64 hexadecimal digits in sound repositories; nothing depends on it but the names of caches.
    package var id: String
    package var polynomial: RabinPolynomial
    /// Whether another tool's settings for cutting files are present, so that ours would cut differently.
    package var hasForeignChunker: Bool

    /// The config of a new repository.
    package init(version: Version = .two, id: String, polynomial: RabinPolynomial) {
        self.version = version
        self.id = id
        self.polynomial = polynomial
        hasForeignChunker = false
    }

    /// The plain text, without the foreign settings if there were any.
    package func encode() -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 160)
        writer.beginObject()
        writer.key("version")
        writer.unsigned(version.rawValue)
        writer.key("id")
        writer.string(id)
        writer.key("chunker_polynomial")
        writer.string(String(polynomial.coefficients, radix: 16))
        writer.endObject()
        return writer.bytes
    }

    /// The config in the plain text `bytes`.
    ///
    /// Refused, as by restic: another version, and a polynomial that is not irreducible.
    package static func decode(_ bytes: [UInt8]) throws(FormatError) -> RepositoryConfig {
        try bytes.withBytes { (bytes) throws(FormatError) in try RepositoryConfig(reading: bytes) }
    }

    private init(reading bytes: UnsafeRawBufferPointer) throws(FormatError) {
        var number: UInt64 = 0
        var coefficients: UInt64 = 0
        id = ""
        hasForeignChunker = false
        var reader = JSONReader(bytes, of: "config")
        try reader.enterObject()
        while let key = try reader.nextKey() {
            switch key {
            case "version": number = try reader.unsigned()
            case "id": id = try reader.string().text
            case "chunker_polynomial":
                guard let value = UInt64(try reader.string().text, radix: 16) else {
                    throw reader.malformed("the polynomial is not a hexadecimal number")
                }
                coefficients = value
            case "chunker", "chunk_size", "chunk_min_size", "chunk_max_size":
                hasForeignChunker = true
                try reader.skipValue()
            default: try reader.skipValue()
            }
        }
        try reader.finish()
        guard let version = Version(rawValue: number) else {
            throw .unsupported(what: "repository version", detail: "\(number)")
        }
        self.version = version
        polynomial = RabinPolynomial(coefficients: coefficients)
        guard polynomial.isIrreducible else {
            throw .malformed(what: "config", detail: "the chunker polynomial is not irreducible")
        }
    }
}
