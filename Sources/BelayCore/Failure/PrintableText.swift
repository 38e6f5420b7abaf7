/// Text from outside on its way to a terminal.
package enum PrintableText {
    /// The text with control characters shown as escapes, so that no file name moves the cursor, begins a line,
    /// or turns around the order of what stands beside it.
    package static func of(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { isControl($0) }) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                shown += "\\x\(Hexadecimal.text(Array(String(scalar).utf8)))"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// The same for a message, which may have several lines.
    package static func lines(of text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { of(String($0)) }
            .joined(separator: "\n")
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F: true
        // Ends of lines and paragraphs, and what sets the direction of text (UAX 9, section 2).
        case 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C: true
        default: false
        }
    }
}
