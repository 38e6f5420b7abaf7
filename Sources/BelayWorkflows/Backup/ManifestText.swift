package import BelayCore

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
            throw BelayError(.repositoryDamaged, "the snapshot's manifest cannot be read", cause: error)
        }
    }
}
