/// How long ago something was, in words: `3 min ago`, `2 days ago`.
package enum Age {
    /// The distance from `time` to `now` in its largest useful unit, rounded down.
    ///
    /// What lies ahead reads `in 3 min`. Months and years are average ones; the exact time stands beside an
    /// age.
    package static func text(of time: Timestamp, now: Timestamp) -> String {
        let seconds = now.seconds(since: time)
        let length = seconds.magnitude
        if length < 5 { return "just now" }
        let text = text(ofSeconds: length)
        return seconds < 0 ? "in \(text)" : "\(text) ago"
    }

    private static func text(ofSeconds seconds: UInt64) -> String {
        let day: UInt64 = 86_400
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min"
        case ..<day: return Count.text(seconds / 3600, "hour")
        case ..<(14 * day): return Count.text(seconds / day, "day")
        case ..<(60 * day): return Count.text(seconds / (7 * day), "week")
        // 30.44 days to the month, 365.25 to the year.
        case ..<(730 * day): return Count.text(seconds / 2_629_800, "month")
        default: return Count.text(seconds / 31_557_600, "year")
        }
    }
}
