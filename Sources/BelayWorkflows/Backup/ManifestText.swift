package import BelayCore
import BelayFormat

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The text of a manifest.
package enum ManifestText {
    /// More than this is no manifest of ours.
    package static let byteMaximum = 16 << 20

    /// JSON with sorted keys, for people and programs.
    package static func encode(_ manifest: Manifest) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(manifest)) + [0x0A]
    }

    /// - Throws: `repository.damaged` if it is no manifest.
    package static func decode(_ bytes: [UInt8]) throws -> Manifest {
        do {
            return try JSONDecoder().decode(Manifest.self, from: Data(bytes))
        } catch {
            throw BelayError(
                .repositoryDamaged,
                "the snapshot's manifest cannot be read",
                hint: "what the snapshot holds besides can be restored all the same",
                cause: FormatError.malformed(what: "manifest", detail: detail(error))
            )
        }
    }

    /// What is wrong with a text, in words.
    private static func detail(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context): "\(path(context.codingPath)) is of another type"
        case .valueNotFound(_, let context): "\(path(context.codingPath)) is null"
        default: "it is not valid JSON"
        }
    }

    /// `scope.only[0]`, or what stands for the text as a whole.
    private static func path(_ keys: [any CodingKey]) -> String {
        let text = keys.reduce(into: "") { text, key in
            if let index = key.intValue { text += "[\(index)]" } else { text += ".\(key.stringValue)" }
        }
        return text.isEmpty ? "the whole" : "'\(text.drop { $0 == "." })'"
    }
}
