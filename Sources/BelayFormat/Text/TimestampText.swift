package import BelayCore

/// Timestamps as RFC 3339 text with nanoseconds, byte for byte as restic writes them.
package enum TimestampText {
    /// Appends the text: no trailing zeros in the fraction, `Z` for offset zero, year clamped to 0…9999.
    package static func append(_ timestamp: Timestamp, to target: inout [UInt8]) {
        let (local, overflow) = timestamp.seconds.addingReportingOverflow(
            Int64(timestamp.offsetMinutes) * 60
        )
        // So far out that the year is clamped whatever the zone.
        let seconds = overflow ? timestamp.seconds : local
        let dayNumber = seconds.quotientAndRemainder(flooringBy: 86_400).quotient
        // Not `seconds - dayNumber * 86_400`: on the earliest day that product has no 64 bits.
        let secondOfDay = Int((seconds % 86_400 + 86_400) % 86_400)
        let date = CivilDate(daysSinceEpoch: dayNumber).clampedToFourDigitYear

        target.append(capacity: 35) { room in
            var writer = DigitWriter(room: room)
            writer.digits(date.year, count: 4)
            writer.byte(0x2D)
            writer.digits(date.month, count: 2)
            writer.byte(0x2D)
            writer.digits(date.day, count: 2)
            writer.byte(0x54)
            writer.digits(secondOfDay / 3600, count: 2)
            writer.byte(0x3A)
            writer.digits(secondOfDay / 60 % 60, count: 2)
            writer.byte(0x3A)
            writer.digits(secondOfDay % 60, count: 2)
            writer.fraction(Int(min(timestamp.nanoseconds, 999_999_999)))
            writer.offset(minutes: Int(timestamp.offsetMinutes))
            return writer.count
        }
    }

    /// The text of a timestamp.
    package static func text(_ timestamp: Timestamp) -> String {
        var bytes: [UInt8] = []
        append(timestamp, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The timestamp that `text` spells; `nil` if it is not RFC 3339.
    ///
    /// Accepts any number of digits in the fraction (those beyond the ninth are dropped) and a comma for the
    /// point. Refuses, as restic does, lower case letters and a space for the `T`.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Timestamp? {
        guard text.count >= 20 else { return nil }
        guard
            let year = number(text, at: 0, count: 4), text[4] == 0x2D,
            let month = number(text, at: 5, count: 2), text[7] == 0x2D,
            let day = number(text, at: 8, count: 2), text[10] == 0x54,
            let hour = number(text, at: 11, count: 2), text[13] == 0x3A,
            let minute = number(text, at: 14, count: 2), text[16] == 0x3A,
            let second = number(text, at: 17, count: 2),
            hour < 24, minute < 60, second < 60, let date = CivilDate(year: year, month: month, day: day)
        else { return nil }

        var position = 19
        guard let nanoseconds = fraction(text, at: &position) else { return nil }
        guard let offset = offset(text, at: &position), position == text.count else { return nil }

        let local = date.daysSinceEpoch * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        return Timestamp(
            seconds: local - Int64(offset) * 60,
            nanoseconds: nanoseconds,
            offsetMinutes: Int16(offset)
        )
    }

    private static func number(_ text: UnsafeRawBufferPointer, at offset: Int, count: Int) -> Int? {
        var value = 0
        for position in offset..<offset + count {
            let digit = text[position] &- 0x30
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    private static func fraction(_ text: UnsafeRawBufferPointer, at position: inout Int) -> UInt32? {
        guard text[position] == 0x2E || text[position] == 0x2C else { return 0 }
        position += 1
        let start = position
        var value: UInt32 = 0
        while position < text.count, text[position] &- 0x30 < 10 {
            if position - start < 9 { value = value * 10 + UInt32(text[position] &- 0x30) }
            position += 1
        }
        let digits = position - start
        guard digits > 0 else { return nil }
        for _ in 0..<max(0, 9 - digits) { value *= 10 }
        return value
    }

    /// Minutes east of UTC.
    private static func offset(_ text: UnsafeRawBufferPointer, at position: inout Int) -> Int? {
        guard position < text.count else { return nil }
        let sign = text[position]
        position += 1
        if sign == 0x5A { return 0 }
        guard
            sign == 0x2B || sign == 0x2D, position + 5 <= text.count,
            let hours = number(text, at: position, count: 2), hours < 24, text[position + 2] == 0x3A,
            let minutes = number(text, at: position + 3, count: 2), minutes < 60
        else { return nil }
        position += 5
        return (hours * 60 + minutes) * (sign == 0x2D ? -1 : 1)
    }
}

/// Writes fixed-width decimal numbers one after another.
private struct DigitWriter {
    let room: UnsafeMutableRawBufferPointer
    var count = 0

    init(room: UnsafeMutableRawBufferPointer) {
        self.room = room
    }

    mutating func byte(_ value: UInt8) {
        room[count] = value
        count += 1
    }

    mutating func digits(_ value: Int, count width: Int) {
        var rest = value
        for position in stride(from: count + width - 1, through: count, by: -1) {
            room[position] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        count += width
    }

    mutating func fraction(_ nanoseconds: Int) {
        guard nanoseconds != 0 else { return }
        var value = nanoseconds
        var width = 9
        while value % 10 == 0 {
            value /= 10
            width -= 1
        }
        byte(0x2E)
        digits(value, count: width)
    }

    mutating func offset(minutes: Int) {
        guard minutes != 0 else { return byte(0x5A) }
        byte(minutes < 0 ? 0x2D : 0x2B)
        // Two digits hold at most 99 hours, more than an offset in minutes can mean.
        let distance = min(abs(minutes), 99 * 60 + 59)
        digits(distance / 60, count: 2)
        byte(0x3A)
        digits(distance % 60, count: 2)
    }
}

extension CivilDate {
    /// The same day in year 0 or 9999 if the year is outside; the leap day becomes 1 March if need be.
    fileprivate var clampedToFourDigitYear: CivilDate {
        (0...9999).contains(year) ? self : moved(years: (year < 0 ? 0 : 9999) - year, months: 0, days: 0)
    }
}
