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
