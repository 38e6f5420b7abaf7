import BelayCore

/// Text from outside on its way to a terminal.
package enum PrintableText {
    /// The text with control characters shown as escapes, so that no file name moves the cursor.
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

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }
}

/// Spans of time that a command took, for people.
package enum Elapsed {
    package static func text(_ duration: Duration) -> String {
        let milliseconds = max(
            0,
            duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        )
        if milliseconds < 10_000 {
            let tenths = (milliseconds + 5) / 10
            return "\(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100) s"
        }
        let seconds = milliseconds / 1000
        if seconds < 60 { return "\(seconds) s" }
        if seconds < 3600 { return "\(seconds / 60) min \(seconds % 60) s" }
        return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
    }

    /// Seconds with a fraction, for documents.
    package static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
