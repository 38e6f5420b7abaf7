#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A command's result: one JSON document for programs, the same as text for people.
///
/// The coded form is a promise to scripts: keys are added, never renamed.
package protocol ReportDocument: Encodable, Sendable {
    /// Aligned text without a line end behind the last line.
    func text(_ style: TextStyle) -> String

    /// What `--quiet` leaves of the text: all of an answer; of what tells of a deed, only what went wrong.
    func quietText(_ style: TextStyle) -> String
}

extension ReportDocument {
    package func quietText(_ style: TextStyle) -> String { text(style) }

    /// The document on one line.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
