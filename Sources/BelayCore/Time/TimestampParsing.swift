/// A time as a person types it, whole or only its beginning.
///
/// Understood are the forms that belay prints and what leaves off their end: `20260122_143015`,
/// `20260122_14`, `20260122`, `2026-01-22 14:30:15`, `2026-01-22 14:30`, `2026-01-22`, `2026-01`, `2026`;
/// and RFC 3339 with an offset, `2026-01-22T14:30:15.5+01:00`.
package struct TimestampPattern: Hashable, Sendable {
    /// The digits of year, month, day, hour, minute, second and nanosecond, as many as were given.
    package let digits: String
    /// The offset that was typed; without one the time is meant in the reader's zone.
    package let offsetMinutes: Int16?

    /// The time that `text` spells; `nil` if it is not one or the calendar does not have it.
    package init?(_ text: some StringProtocol) {
        var scanner = PatternScanner(rest: Array(text.utf8)[...])
        guard scanner.scan(), scanner.rest.isEmpty, Self.isInCalendar(scanner.digits) else { return nil }
        digits = String(decoding: scanner.digits, as: UTF8.self)
        offsetMinutes = scanner.offsetMinutes
    }

    /// Whether the time begins like this, shown in the typed offset or else in `zone`.
    package func matches(_ time: Timestamp, in zone: TimeZoneRules) -> Bool {
        Self.digits(of: time, in: offsetMinutes.map(Self.fixed) ?? zone).utf8.starts(with: digits.utf8)
    }

    /// The first instant that matches.
    package func earliest(in zone: TimeZoneRules) -> Timestamp {
        let given = Array(digits.utf8)
        func field(_ start: Int, _ length: Int, _ lowest: Int) -> Int {
            var value = 0
            for index in start..<start + length {
                value = value * 10 + (index < given.count ? Int(given[index]) - 0x30 : 0)
            }
            return max(value, lowest)
        }
        let date = CivilDate(year: field(0, 4, 0), month: field(4, 2, 1), day: field(6, 2, 1))
        let day = date ?? CivilDate(daysSinceEpoch: 0)
        let time = CivilTime(
            date: day,
            hour: field(8, 2, 0),
            minute: field(10, 2, 0),
            second: field(12, 2, 0),
            nanosecond: field(14, 9, 0)
        )
        let zone = offsetMinutes.map(Self.fixed) ?? zone
        return zone.resolve(time ?? CivilTime(secondsSinceEpoch: day.daysSinceEpoch * 86_400)).timestamp
    }

    /// All 23 digits of a time as it is shown in a zone.
    private static func digits(of time: Timestamp, in zone: TimeZoneRules) -> String {
        let civil = time.civil(in: zone)
        let whole = civil.compact.utf8.filter { $0 != UInt8(ascii: "_") }
        return String(decoding: whole, as: UTF8.self) + CivilText.digits(civil.nanosecond, 9)
    }

    private static func fixed(_ offsetMinutes: Int16) -> TimeZoneRules {
        TimeZoneRules(offsetSeconds: Int32(offsetMinutes) * 60)
    }

    /// Whether each field that is there in full can be.
    private static func isInCalendar(_ digits: [UInt8]) -> Bool {
        func field(_ start: Int, _ length: Int) -> Int? {
            guard digits.count >= start + length else { return nil }
            return digits[start..<start + length].reduce(0) { $0 * 10 + Int($1) - 0x30 }
        }
        let year = field(0, 4) ?? 0
        let month = field(4, 2) ?? 1
        guard CivilDate(year: year, month: month, day: field(6, 2) ?? 1) != nil else { return false }
        return (field(8, 2) ?? 0) <= 23 && (field(10, 2) ?? 0) <= 59 && (field(12, 2) ?? 0) <= 59
    }
}

private struct PatternScanner {
    var rest: ArraySlice<UInt8>
    var digits: [UInt8] = []
    var offsetMinutes: Int16?

    mutating func scan() -> Bool {
        let count = rest.prefix(9).prefix(while: Self.isDigit).count
        guard count >= 4 else { return false }
        return count == 4 && rest.count > 4 ? dashed() : compact(count)
    }

    /// `2026012`, `20260122`, `20260122_1430`, `20260122_143015`: any number of digits may be missing.
    private mutating func compact(_ count: Int) -> Bool {
        guard count <= 8 else { return false }
        take(count)
        guard !rest.isEmpty else { return true }
        guard count == 8, skip(oneOf: "_T- ") else { return false }
        take(min(6, rest.prefix(while: Self.isDigit).count))
        return true
    }

    /// `2026-01`, `2026-01-22`, `2026-01-22 14:30`, with or without an offset: fields are whole.
    private mutating func dashed() -> Bool {
        take(4)
        guard skip(oneOf: "-"), field() else { return false }
        if rest.isEmpty { return true }
        guard skip(oneOf: "-"), field() else { return false }
        if rest.isEmpty { return true }
        guard skip(oneOf: " T_"), field() else { return false }
        var fields = 1
        while fields < 3, skip(oneOf: ":") {
            guard field() else { return false }
            fields += 1
        }
        if fields == 3, skip(oneOf: ".,") {
            // Digits beyond the nanosecond are read and dropped, as restic does.
            let count = rest.prefix(while: Self.isDigit).count
            guard count > 0 else { return false }
            take(min(9, count))
            rest = rest.dropFirst(count - min(9, count))
        }
        return rest.isEmpty || offset()
    }

    private mutating func offset() -> Bool {
        if skip(oneOf: "Z") {
            offsetMinutes = 0
            return true
        }
        let sign: Int16 = rest.first == UInt8(ascii: "-") ? -1 : 1
        let before = digits
        guard skip(oneOf: "+-"), field(), skip(oneOf: ":"), field() else { return false }
        let typed = digits.suffix(4).map { Int16($0) - 0x30 }
        digits = before
        let hours = typed[0] * 10 + typed[1]
        let minutes = typed[2] * 10 + typed[3]
        guard hours <= 24, minutes <= 59 else { return false }
        offsetMinutes = sign * (hours * 60 + minutes)
        return true
    }

    private mutating func field() -> Bool {
        guard rest.prefix(2).prefix(while: Self.isDigit).count == 2 else { return false }
        take(2)
        return true
    }

    private mutating func take(_ count: Int) {
        digits += rest.prefix(count)
        rest = rest.dropFirst(count)
    }

    private mutating func skip(oneOf characters: String) -> Bool {
        guard let byte = rest.first, characters.utf8.contains(byte) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
