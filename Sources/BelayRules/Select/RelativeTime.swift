package import BelayCore

/// A moment named from now: `2 hours ago`, `15m ago`, `a week ago`, `yesterday`.
package enum RelativeTime: Hashable, Sendable {
    /// A length of the clock back.
    case clock(TimeSpan)
    /// A length of the calendar back, at the same time of day.
    case calendar(CalendarSpan)
    /// The end of the day before today: yesterday as a whole.
    case yesterday

    /// The moment that `text` names, whatever its case and white space.
    ///
    /// `nil` if it names none.
    package init?(_ text: String) {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
        if words == ["yesterday"] {
            self = .yesterday
            return
        }
        guard words.last == "ago" else { return nil }
        switch words.count {
        case 2:
            // `2d ago` keeps the time of day like `2 days ago`, so a single unit is read like its long form.
            let digits = words[0].prefix { ("0"..."9").contains($0) }
            let unit = String(words[0].dropFirst(digits.count))
            if let count = Int(digits), let moment = Self(count, unit: unit) {
                self = moment
            } else if let span = TimeSpan(words[0]) {
                self = .clock(span)
            } else {
                return nil
            }
        case 3:
            let one = ["a", "an", "one"].contains(words[0])
            let digitsOnly = words[0].utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            guard let count = one ? 1 : digitsOnly ? Int(words[0]) : nil,
                let moment = Self(count, unit: words[1])
            else { return nil }
            self = moment
        default: return nil
        }
    }

    private init?(_ count: Int, unit: String) {
        // Beyond this everything lies before the first snapshot.
        guard count >= 0, count <= CalendarSpan.maximum else { return nil }
        switch unit {
        case "s", "sec", "secs", "second", "seconds": self = .clock(TimeSpan(seconds: Int64(count)))
        case "m", "min", "mins", "minute", "minutes": self = .clock(TimeSpan(seconds: Int64(count) * 60))
        case "h", "hour", "hours": self = .clock(TimeSpan(seconds: Int64(count) * 3600))
        case "d", "day", "days": self = .calendar(CalendarSpan(days: count))
        case "w", "week", "weeks":
            guard count <= CalendarSpan.maximum / 7 else { return nil }
            self = .calendar(CalendarSpan(days: count * 7))
        case "month", "months": self = .calendar(CalendarSpan(months: count))
        case "y", "year", "years": self = .calendar(CalendarSpan(years: count))
        default: return nil
        }
    }

    /// The moment, seen from `now` in a zone.
    package func moment(now: Timestamp, in zone: TimeZoneRules) -> Timestamp {
        switch self {
        case .clock(let span): return now.subtracting(span)
        case .calendar(let span): return now.subtracting(span, in: zone)
        case .yesterday:
            let today = now.civil(in: zone).date
            let midnight = CivilTime(secondsSinceEpoch: Saturating.product(today.daysSinceEpoch, 86_400))
            var end = zone.resolve(midnight).timestamp
            end.seconds = Saturating.difference(end.seconds, 1)
            end.nanoseconds = 999_999_999
            return end
        }
    }
}
