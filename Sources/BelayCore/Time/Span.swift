/// A fixed length of time in whole seconds, as settings and flags name it: `90s`, `15m`, `2h`, `30d`, `1w`.
///
/// Here `m` is minutes and a day is 24 hours. What follows the calendar is a ``CalendarSpan``.
package struct TimeSpan: Hashable, Sendable {
    /// Never negative.
    package let seconds: Int64

    /// A span of that many seconds; a negative number counts as none.
    package init(seconds: Int64) {
        self.seconds = max(0, seconds)
    }

    package static let zero = TimeSpan(seconds: 0)
    package static let minute = TimeSpan(seconds: 60)
    package static let hour = TimeSpan(seconds: 3600)
    package static let day = TimeSpan(seconds: 86_400)

    /// The span that `text` spells: whole numbers with a unit each, larger units first, such as `1h30m`.
    ///
    /// `nil` for anything else, also for a number without a unit and for what does not fit.
    package init?(_ text: some StringProtocol) {
        let units: [UInt8] = Array("wdhms".utf8)
        let lengths: [Int64] = [604_800, 86_400, 3600, 60, 1]
        guard let terms = SpanText.terms(of: text, maximum: .max), !terms.isEmpty else { return nil }
        var total: Int64 = 0
        var next = 0
        for term in terms {
            guard let unit = units.firstIndex(of: term.unit), unit >= next else { return nil }
            let (part, partOverflow) = term.number.multipliedReportingOverflow(by: lengths[unit])
            let (sum, sumOverflow) = total.addingReportingOverflow(part)
            if partOverflow || sumOverflow { return nil }
            total = sum
            next = unit + 1
        }
        self.init(seconds: total)
    }

    /// The same length for the standard library's clocks.
    package var duration: Duration { .seconds(seconds) }
}

extension TimeSpan: Comparable {
    package static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.seconds < right.seconds }
}

extension TimeSpan: CustomStringConvertible {
    /// The span in days and smaller units, `30d`, `1h30m`, which reads back as the same span.
    package var description: String {
        let parts = [
            (seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"),
            (seconds % 60, "s"),
        ]
        let text = parts.filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
        return text.isEmpty ? "0s" : text
    }
}

/// A length of time by the calendar, as restic's `--keep-within` spells it: `2y5m7d3h`.
///
/// Here `m` is months. How long it is depends on where it begins.
package struct CalendarSpan: Hashable, Sendable {
    package let years: Int
    package let months: Int
    package let days: Int
    package let hours: Int

    /// The largest number any unit can have; far longer than the calendar, and no sum of such numbers
    /// overflows.
    package static let maximum = 1_000_000_000

    /// A span of those lengths, each held to 0 and ``maximum``.
    package init(years: Int = 0, months: Int = 0, days: Int = 0, hours: Int = 0) {
        self.years = min(max(years, 0), Self.maximum)
        self.months = min(max(months, 0), Self.maximum)
        self.days = min(max(days, 0), Self.maximum)
        self.hours = min(max(hours, 0), Self.maximum)
    }

    /// The span that `text` spells: whole numbers with `y`, `m`, `d` or `h`, in any order, each unit at most
    /// once.
    ///
    /// `nil` for anything else. White space around the text is ignored, as restic does.
    package init?(_ text: some StringProtocol) {
        guard let terms = SpanText.terms(of: text, maximum: Int64(Self.maximum)), !terms.isEmpty else {
            return nil
        }
        let units: [UInt8] = Array("ymdh".utf8)
        var numbers: [Int?] = [nil, nil, nil, nil]
        for term in terms {
            guard let unit = units.firstIndex(of: term.unit), numbers[unit] == nil else { return nil }
            numbers[unit] = Int(term.number)
        }
        self.init(
            years: numbers[0] ?? 0,
            months: numbers[1] ?? 0,
            days: numbers[2] ?? 0,
            hours: numbers[3] ?? 0
        )
    }

    /// Whether the span has no length; restic takes such a rule for one that is not set.
    package var isZero: Bool { years == 0 && months == 0 && days == 0 && hours == 0 }
}

extension CalendarSpan: CustomStringConvertible {
    /// The span as restic prints it, `2y5m7d3h`, which reads back as the same span.
    package var description: String {
        let parts = [(years, "y"), (months, "m"), (days, "d"), (hours, "h")]
        let text = parts.filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
        return text.isEmpty ? "0h" : text
    }
}

/// The common form of both kinds of span: numbers with a letter each.
private enum SpanText {
    struct Term {
        var number: Int64
        var unit: UInt8
    }

    /// The terms of `text` without the white space around it; `nil` if it is not made of terms.
    static func terms(of text: some StringProtocol, maximum: Int64) -> [Term]? {
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        var terms: [Term] = []
        var number: Int64?
        for byte in bytes {
            if byte >= 0x30 && byte <= 0x39 {
                let (scaled, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
                let (sum, carried) = scaled.addingReportingOverflow(Int64(byte - 0x30))
                guard !overflow, !carried, sum <= maximum else { return nil }
                number = sum
            } else {
                guard let known = number else { return nil }
                terms.append(Term(number: known, unit: byte))
                number = nil
            }
        }
        return number == nil ? terms : nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte >= 0x09 && byte <= 0x0D
    }
}
