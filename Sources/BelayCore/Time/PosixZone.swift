/// The rule of a POSIX `TZ` text: a standard offset and, perhaps, daylight saving time every year.
///
/// Zone files end with such a text for the time after their last transition. The extensions of RFC 9636 are
/// understood: hours of a rule from -167 to 167, and names in angle brackets.
struct PosixZone: Hashable, Sendable {
    /// Seconds east of UTC, unlike in the text, which counts west.
    let standardOffset: Int32
    /// Equal to the standard offset if the zone has no daylight saving time.
    let daylightOffset: Int32
    private let start: Change
    private let end: Change

    /// When in a year the clock is moved.
    private struct Change: Hashable {
        var day: Day
        /// Seconds after the day's midnight, by the clock as it goes before the change.
        var second: Int64
    }

    private enum Day: Hashable {
        /// 1 to 365, 29 February never counted.
        case julian(Int)
        /// 0 to 365, 29 February counted.
        case ordinal(Int)
        /// The `week`th such weekday (0 is Sunday) of a month; the fifth is the last.
        case weekday(month: Int, week: Int, weekday: Int)

        /// The day in a year as days since 1970-01-01.
        func days(in year: Int) -> Int64 {
            let newYear = Self.daysSinceEpoch(year, 1)
            switch self {
            case .julian(let day):
                return newYear + Int64(CivilDate.isLeap(year) && day >= 60 ? day : day - 1)
            case .ordinal(let day):
                return newYear + Int64(day)
            case .weekday(let month, let week, let weekday):
                let first = Self.daysSinceEpoch(year, month)
                let firstWeekday = CivilDate(daysSinceEpoch: first).weekday % 7
                let length = CivilDate.dayCount(ofMonth: month, year: year)
                var day = (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
                if day >= length { day -= 7 }
                return first + Int64(day)
            }
        }

        private static func daysSinceEpoch(_ year: Int, _ month: Int) -> Int64 {
            CivilDate(daysSinceEpoch: 0).moved(years: year - 1970, months: month - 1, days: 0).daysSinceEpoch
        }
    }

    /// The offset that holds at an instant.
    func offset(at seconds: Int64) -> Int32 {
        guard daylightOffset != standardOffset else { return standardOffset }
        // The calendar repeats every 400 years, to the weekday; so no instant is too far away.
        let cycle: Int64 = 146_097 * 86_400
        let instant = seconds.quotientAndRemainder(flooringBy: cycle).remainder
        let year = CivilTime(secondsSinceEpoch: instant).date.year
        var changes: [(at: Int64, offset: Int32)] = []
        for year in year - 1...year + 1 {
            let starts = start.day.days(in: year) * 86_400 + start.second - Int64(standardOffset)
            let ends = end.day.days(in: year) * 86_400 + end.second - Int64(daylightOffset)
            changes.append((starts, daylightOffset))
            changes.append((ends, standardOffset))
        }
        // Where one year's end meets the next year's start, daylight saving time never stops: the start
        // counts.
        var latest = (at: Int64.min, offset: standardOffset)
        for change in changes where change.at <= instant {
            if change.at > latest.at || change.at == latest.at && change.offset == daylightOffset {
                latest = change
            }
        }
        return latest.offset
    }
}

extension PosixZone {
    init?(_ text: some StringProtocol) {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        guard scanner.name(), let standard = scanner.signedTime(hourMaximum: 24) else { return nil }
        standardOffset = Int32(-standard)
        if scanner.rest.isEmpty {
            daylightOffset = standardOffset
            start = Change(day: .ordinal(0), second: 0)
            end = start
            return
        }
        guard scanner.name() else { return nil }
        if let next = scanner.rest.first, next != Scanner.comma {
            guard let daylight = scanner.signedTime(hourMaximum: 24) else { return nil }
            daylightOffset = Int32(-daylight)
        } else {
            daylightOffset = standardOffset + 3600
        }
        if scanner.rest.isEmpty {
            // Without dates POSIX leaves them open; every implementation takes those of the United States.
            start = Change(day: .weekday(month: 3, week: 2, weekday: 0), second: 7200)
            end = Change(day: .weekday(month: 11, week: 1, weekday: 0), second: 7200)
            return
        }
        guard let first = scanner.change(), let second = scanner.change(), scanner.rest.isEmpty else {
            return nil
        }
        start = first
        end = second
    }

    private struct Scanner {
        static let comma = UInt8(ascii: ",")
        var rest: ArraySlice<UInt8>

        mutating func take(_ character: Character) -> Bool {
            guard let byte = character.asciiValue, rest.first == byte else { return false }
            rest.removeFirst()
            return true
        }

        /// Skips the name of a zone: three or more letters, or anything in angle brackets.
        mutating func name() -> Bool {
            if take("<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")), end > rest.startIndex else {
                    return false
                }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
            rest = rest[letters.endIndex...]
            return letters.count >= 3
        }

        mutating func number(maximum: Int) -> Int? {
            var value = 0
            var count = 0
            while let byte = rest.first, byte >= 0x30, byte <= 0x39, count < 4 {
                value = value * 10 + Int(byte - 0x30)
                count += 1
                rest.removeFirst()
            }
            return count > 0 && value <= maximum ? value : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func signedTime(hourMaximum: Int) -> Int? {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            guard let hours = number(maximum: hourMaximum) else { return nil }
            var seconds = hours * 3600
            if take(":") {
                guard let minutes = number(maximum: 59) else { return nil }
                seconds += minutes * 60
                if take(":") {
                    guard let rest = number(maximum: 59) else { return nil }
                    seconds += rest
                }
            }
            return isNegative ? -seconds : seconds
        }

        /// `,date[/time]`.
        mutating func change() -> Change? {
            guard take(","), let day = day() else { return nil }
            guard take("/") else { return Change(day: day, second: 7200) }
            guard let second = signedTime(hourMaximum: 167) else { return nil }
            return Change(day: day, second: Int64(second))
        }

        private mutating func day() -> Day? {
            if take("J") {
                guard let day = number(maximum: 365), day >= 1 else { return nil }
                return .julian(day)
            }
            guard take("M") else { return number(maximum: 365).map(Day.ordinal) }
            guard let month = number(maximum: 12), month >= 1, take("."),
                let week = number(maximum: 5), week >= 1, take("."), let weekday = number(maximum: 6)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
    }
}
