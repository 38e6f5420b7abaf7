/// A day of the proleptic Gregorian calendar, without a zone.
///
/// Every value is a real day: what is not in the calendar cannot be made. Years count astronomically, so the
/// year before 1 is 0.
package struct CivilDate: Hashable, Sendable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int

    /// The years a date can have; every `Timestamp` lies well inside.
    package static let years = -400_000_000_000...400_000_000_000

    /// The day with that number; `nil` if the calendar has none.
    package init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), (1...12).contains(month), day >= 1,
            day <= Self.dayCount(ofMonth: month, year: year)
        else { return nil }
        self.init(unchecked: year, month, day)
    }

    /// The day that many days after 1970-01-01, held to the years a date can have.
    package init(daysSinceEpoch days: Int64) {
        // The year is taken to begin in March, so that the leap day is its last; then 400 years always have
        // 146,097 days and the months a regular pattern of 153 days in five.
        let bounded = min(max(days, Self.firstDay), Self.lastDay)
        let shifted = Int(bounded) + 719_468
        let (cycle, dayOfCycle) = shifted.quotientAndRemainder(flooringBy: 146_097)
        let yearOfCycle =
            (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        self.init(
            unchecked: cycle * 400 + yearOfCycle + (month <= 2 ? 1 : 0),
            month,
            dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    /// Days since 1970-01-01; negative before.
    package var daysSinceEpoch: Int64 {
        let yearFromMarch = month <= 2 ? year - 1 : year
        let (cycle, yearOfCycle) = yearFromMarch.quotientAndRemainder(flooringBy: 400)
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return Int64(cycle * 146_097 + dayOfCycle - 719_468)
    }

    private init(unchecked year: Int, _ month: Int, _ day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    private static let firstDay = CivilDate(unchecked: years.lowerBound, 1, 1).daysSinceEpoch
    private static let lastDay = CivilDate(unchecked: years.upperBound, 12, 31).daysSinceEpoch
}

extension CivilDate {
    /// The number of days in a month, 1 to 12, of a year.
    package static func dayCount(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Whether a year has a 29 February.
    package static func isLeap(_ year: Int) -> Bool {
        year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
    }

    /// The day of the week, 1 for Monday to 7 for Sunday.
    package var weekday: Int {
        // 1970-01-01 was a Thursday.
        Int(daysSinceEpoch + 3).quotientAndRemainder(flooringBy: 7).remainder + 1
    }

    /// The week by ISO 8601, with the year it belongs to, which near New Year is not the date's own.
    ///
    /// Weeks begin on Monday; a week belongs to the year that has its Thursday.
    package var isoWeek: (year: Int, week: Int) {
        let thursday = CivilDate(daysSinceEpoch: daysSinceEpoch + Int64(4 - weekday))
        let newYear = CivilDate(unchecked: thursday.year, 1, 1)
        return (thursday.year, Int(thursday.daysSinceEpoch - newYear.daysSinceEpoch) / 7 + 1)
    }

    /// The date moved by years, months and then days.
    ///
    /// A day that the new month lacks runs over into the next month, as in restic: one month before 31 March
    /// is 3 March (2 March in a leap year). The result is held to the years a date can have.
    package func moved(years: Int, months: Int, days: Int) -> CivilDate {
        // More than this leaves the calendar whatever the date; held here, no sum below can overflow.
        let yearLimit = 1_000_000_000_000
        let dayLimit = 400 * yearLimit
        let years = min(max(years, -yearLimit), yearLimit)
        let months = min(max(months, -12 * yearLimit), 12 * yearLimit)
        let days = min(max(days, -dayLimit), dayLimit)
        let (carry, monthIndex) = (month - 1 + months).quotientAndRemainder(flooringBy: 12)
        let target = year + years + carry
        guard Self.years.contains(target) else {
            return CivilDate(daysSinceEpoch: target < 0 ? Self.firstDay : Self.lastDay)
        }
        let first = CivilDate(unchecked: target, monthIndex + 1, 1)
        return CivilDate(daysSinceEpoch: first.daysSinceEpoch + Int64(day - 1 + days))
    }
}

extension CivilDate: Comparable {
    package static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

extension CivilDate: CustomStringConvertible {
    /// `2026-01-22`, with years outside 0 to 9999 held to those.
    package var description: String {
        if year < 0 { return "0000-01-01" }
        if year > 9999 { return "9999-12-31" }
        return "\(CivilText.digits(year, 4))-\(CivilText.digits(month, 2))-\(CivilText.digits(day, 2))"
    }
}

/// Numbers with leading zeros, as dates have them.
package enum CivilText {
    /// A number that is not negative, with zeros in front up to `width`.
    package static func digits(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}

extension BinaryInteger {
    /// Division that rounds down, so that the remainder of a positive divisor is never negative.
    package func quotientAndRemainder(flooringBy divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder != 0 && (remainder < 0) != (divisor < 0)
            ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
