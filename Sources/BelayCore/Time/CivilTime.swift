/// A day and a time of day as a clock on the wall shows them, without a zone.
package struct CivilTime: Hashable, Sendable {
    package let date: CivilDate
    /// 0 to 23.
    package let hour: Int
    /// 0 to 59.
    package let minute: Int
    /// 0 to 59; there are no leap seconds.
    package let second: Int
    /// 0 to 999,999,999.
    package let nanosecond: Int

    /// A time of day on a date; `nil` if no clock shows it.
    package init?(date: CivilDate, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0) {
        guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second),
            (0...999_999_999).contains(nanosecond)
        else { return nil }
        self.init(date, secondOfDay: hour * 3600 + minute * 60 + second, nanosecond: nanosecond)
    }

    /// What a clock shows that many seconds after 1970-01-01 00:00:00 on the same clock.
    package init(secondsSinceEpoch seconds: Int64, nanosecond: Int = 0) {
        let (days, rest) = seconds.quotientAndRemainder(flooringBy: 86_400)
        self.init(CivilDate(daysSinceEpoch: days), secondOfDay: Int(rest), nanosecond: nanosecond)
    }

    /// Seconds since 1970-01-01 00:00:00 on the same clock, held to what fits.
    package var secondsSinceEpoch: Int64 {
        let seconds = Saturating.product(date.daysSinceEpoch, 86_400)
        return Saturating.sum(seconds, Int64(hour * 3600 + minute * 60 + second))
    }

    /// The same time of day on another date.
    package func onDate(_ other: CivilDate) -> CivilTime {
        CivilTime(other, secondOfDay: hour * 3600 + minute * 60 + second, nanosecond: nanosecond)
    }

    private init(_ date: CivilDate, secondOfDay: Int, nanosecond: Int) {
        self.date = date
        hour = secondOfDay / 3600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
        self.nanosecond = nanosecond
    }
}

extension CivilTime: Comparable {
    package static func < (left: CivilTime, right: CivilTime) -> Bool {
        if left.date != right.date { return left.date < right.date }
        return (left.hour, left.minute, left.second, left.nanosecond)
            < (right.hour, right.minute, right.second, right.nanosecond)
    }
}

extension CivilTime: CustomStringConvertible {
    /// `2026-01-22 14:30:15`, with years outside 0 to 9999 held to the first or last second of those.
    package var description: String {
        if date.year < 0 { return "\(date) 00:00:00" }
        if date.year > 9999 { return "\(date) 23:59:59" }
        let time = [hour, minute, second].map { CivilText.digits($0, 2) }
        return "\(date) \(time.joined(separator: ":"))"
    }
}

/// The spans of the calendar of which retention keeps one snapshot each.
package enum CalendarPeriod: UInt8, Hashable, Sendable, CaseIterable {
    case hour
    case day
    case week
    case month
    case year
}

extension CivilTime {
    /// A number that two times share exactly when they lie in the same period.
    package func number(of period: CalendarPeriod) -> Int {
        switch period {
        case .hour: ((date.year * 12 + date.month) * 31 + date.day) * 24 + hour
        case .day: Int(date.daysSinceEpoch)
        case .week: date.isoWeek.year * 54 + date.isoWeek.week
        case .month: date.year * 12 + date.month
        case .year: date.year
        }
    }
}

/// Arithmetic that stops at the ends of the range instead of trapping.
package enum Saturating {
    /// The sum, held to what fits.
    package static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (value, overflow) = left.addingReportingOverflow(right)
        return overflow ? (right < 0 ? .min : .max) : value
    }

    /// The difference, held to what fits.
    package static func difference(_ left: Int64, _ right: Int64) -> Int64 {
        let (value, overflow) = left.subtractingReportingOverflow(right)
        return overflow ? (right < 0 ? .max : .min) : value
    }

    /// The product, held to what fits.
    package static func product(_ left: Int64, _ right: Int64) -> Int64 {
        let (value, overflow) = left.multipliedReportingOverflow(by: right)
        return overflow ? ((left < 0) == (right < 0) ? .max : .min) : value
    }
}
