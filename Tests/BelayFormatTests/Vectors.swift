import BelayCore
import BelayFormat
import Foundation
import Testing

/// The published vectors of the repository format.
struct Vectors: Decodable {
    static let shared = Result { () throws -> Vectors in
        let url = try #require(
            Bundle.module.url(forResource: "restic-format", withExtension: "json", subdirectory: "Vectors")
        )
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Vectors.self, from: Data(contentsOf: url))
    }

    struct KeyDerivation: Decodable {
        let passwordHex: String
        let saltBase64: String
        let cost: UInt64
        let r: UInt64
        let p: UInt64
        let encryptKeyHex: String
        let macKHex: String
        let macRHex: String
        let keyFileName: String
        let keyFileText: String
        let decryptedDataUtf8: String

        enum CodingKeys: String, CodingKey {
            case passwordHex, saltBase64, encryptKeyHex, macKHex, macRHex, keyFileName, keyFileText
            case decryptedDataUtf8, r, p
            case cost = "N"
        }
    }

    struct Sealing: Decodable {
        struct Key: Decodable {
            let masterKeyJson: String
        }
        struct Vector: Decodable {
            let label: String
            let ivHex: String
            let plaintextHex: String
            let sealedHex: String
        }
        let key: Key
        let vectors: [Vector]
    }

    struct Polynomial: Decodable {
        let polynomial: String
        let irreducible: Bool
    }

    struct Names: Decodable {
        struct Vector: Decodable {
            let bytesHex: String
            let jsonText: String
            let goQuoted: String
        }
        let vectors: [Vector]
    }

    struct Ranges: Decodable {
        let ranges: [[UInt32]]
    }

    struct LinkTarget: Decodable {
        let bytesHex: String
        let jsonFields: String
    }

    struct Mode: Decodable {
        let name: String
        let stModeOctal: String
        let goMode: UInt32
    }

    struct Time: Decodable {
        let unixSeconds: Int64
        let nanoseconds: UInt32
        let text: String
        let lossless: Bool
    }

    struct Nodes: Decodable {
        let vectors: [String]
    }

    struct Chunking: Decodable {
        struct Tables: Decodable {
            struct Fingerprint: Decodable {
                let windowHex: String
                let fingerprint: String
            }
            let polynomial: String
            let sha256OutLe64: String
            let sha256ModLe64: String
            let fingerprints: [Fingerprint]
        }
        struct Piece: Decodable {
            let kind: String
            let seed: String?
            let value: UInt8?
            let offset: Int?
            let length: Int
        }
        struct Chunk: Decodable {
            let offset: Int
            let length: Int
            let sha256: String
        }
        struct Vector: Decodable {
            let polynomial: String
            let name: String
            let input: [Piece]
            let sha256OfInput: String
            let chunks: [Chunk]
        }
        let tables: Tables
        let vectors: [Vector]
    }

    struct SampleRepository: Decodable {
        struct Text: Decodable {
            let id: String
            let utf8: String
        }
        struct Entry: Decodable {
            let pathHex: String
            let type: String
            let sha256: String?
            let size: UInt64?
        }
        struct Snapshot: Decodable {
            let id: String
            let json: String
            let entries: [Entry]
        }
        let name: String
        let password: String
        let secondPassword: String?
        let tarBase64: String
        let configJson: String
        let masterKeyJson: String
        let keyIds: [String]
        let packIds: [String]
        let indexFiles: [Text]
        let snapshots: [Snapshot]
        let trees: [Text]
    }

    let kdf: [KeyDerivation]
    let mac: Sealing
    let polynomials: [Polynomial]
    let names: Names
    let printableRanges: Ranges
    let linkTargets: [LinkTarget]
    let modes: [Mode]
    let times: [Time]
    let nodes: Nodes
    let chunker: Chunking
    let sampleRepositories: [SampleRepository]
}

/// The bytes of hexadecimal digits.
func bytes(_ hexadecimal: String) throws -> [UInt8] {
    try #require(Hexadecimal.bytes(Array(hexadecimal.utf8)))
}

/// The generator of test data that the vectors define.
func stream(_ seed: String, offset: Int = 0, length: Int) -> [UInt8] {
    var result: [UInt8] = []
    let first = offset / 32
    result.reserveCapacity(length + 64)
    let hasher = BlobHasher()
    var counter = UInt64(first)
    let prefix = Array(seed.utf8)
    while result.count < length + offset % 32 {
        let word = withUnsafeBytes(of: counter.littleEndian) { Array($0) }
        result += (prefix + word).withBytes { hasher.digest($0) }.bytes
        counter += 1
    }
    return Array(result[(offset % 32)...].prefix(length))
}

/// A generator whose every run can be had again from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
