package import BelayCore

/// Moments in documents, as RFC 3339 with the offset that they were stored with.
package enum InstantText {
    /// `2026-01-22T14:30:15.5+01:00`, with as many digits as the fraction needs.
    package static func of(_ time: Timestamp) -> String {
        let civil = time.civil
        var text = String(civil.description.map { $0 == " " ? "T" : $0 })
        if civil.nanosecond > 0 {
            let digits = String(civil.nanosecond)
            var fraction = String(repeating: "0", count: 9 - digits.count) + digits
            while fraction.last == "0" { fraction.removeLast() }
            text += ".\(fraction)"
        }
        if time.offsetMinutes == 0 { return text + "Z" }
        let minutes = Int(time.offsetMinutes.magnitude)
        return text + (time.offsetMinutes < 0 ? "-" : "+") + "\(two(minutes / 60)):\(two(minutes % 60))"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
