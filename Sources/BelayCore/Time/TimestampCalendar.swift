extension Timestamp {
    /// What a clock showed at the place where the timestamp was written.
    package var civil: CivilTime {
        civil(offsetSeconds: Int64(offsetMinutes) * 60)
    }

    /// What a clock in a zone showed at this instant.
    package func civil(in zone: TimeZoneRules) -> CivilTime {
        civil(offsetSeconds: Int64(zone.offset(at: seconds)))
    }

    private func civil(offsetSeconds: Int64) -> CivilTime {
        CivilTime(
            secondsSinceEpoch: Saturating.sum(seconds, offsetSeconds),
            nanosecond: Int(min(nanoseconds, 999_999_999))
        )
    }
}

// MARK: - Text

extension CivilTime {
    /// `20260122_143015`, the form that lists show and that a person can type as one word.
    package var compact: String {
        let text = description.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
            .map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "_") : $0 }
        return String(decoding: text, as: UTF8.self)
    }
}

extension Timestamp {
    /// `20260122_143015`, in the given zone.
    package func compactText(in zone: TimeZoneRules) -> String { civil(in: zone).compact }

    /// `2026-01-22 14:30:15`, in the given zone.
    package func localText(in zone: TimeZoneRules) -> String { civil(in: zone).description }
}

// MARK: - Arithmetic

extension Timestamp {
    /// The timestamp a fixed length later, with the same offset; held to what fits.
    package func adding(_ span: TimeSpan) -> Timestamp { moved(seconds: span.seconds) }

    /// The timestamp a fixed length earlier, with the same offset; held to what fits.
    package func subtracting(_ span: TimeSpan) -> Timestamp { moved(seconds: -span.seconds) }

    /// The timestamp a span of the calendar later; see ``subtracting(_:in:)``.
    package func adding(_ span: CalendarSpan, in zone: TimeZoneRules? = nil) -> Timestamp {
        moved(by: span, sign: 1, zone)
    }

    /// The timestamp a span of the calendar earlier.
    ///
    /// Years, months and days are counted on the calendar and keep the time of day, then hours are counted on
    /// the clock that runs through. In a zone, the day reached has its own offset; without one the
    /// timestamp's offset stays. Held to what fits.
    package func subtracting(_ span: CalendarSpan, in zone: TimeZoneRules? = nil) -> Timestamp {
        moved(by: span, sign: -1, zone)
    }

    /// Seconds from `earlier` to this instant, the fraction cut off; negative if it is later.
    package func seconds(since earlier: Timestamp) -> Int64 {
        let whole = Saturating.difference(seconds, earlier.seconds)
        if whole > 0 && nanoseconds < earlier.nanoseconds { return whole - 1 }
        if whole < 0 && nanoseconds > earlier.nanoseconds { return whole + 1 }
        return whole
    }

    private func moved(seconds delta: Int64) -> Timestamp {
        Timestamp(
            seconds: Saturating.sum(seconds, delta),
            nanoseconds: nanoseconds,
            offsetMinutes: offsetMinutes
        )
    }

    private func moved(by span: CalendarSpan, sign: Int, _ zone: TimeZoneRules?) -> Timestamp {
        let start = zone.map { civil(in: $0) } ?? civil
        let date = start.date.moved(
            years: sign * span.years,
            months: sign * span.months,
            days: sign * span.days
        )
        let time = start.onDate(date)
        let offset = Int64(offsetMinutes) * 60
        let day =
            zone?.resolve(time).timestamp
            ?? Timestamp(
                seconds: Saturating.difference(time.secondsSinceEpoch, offset),
                nanoseconds: UInt32(time.nanosecond),
                offsetMinutes: offsetMinutes
            )
        return day.moved(seconds: Int64(sign) * Int64(span.hours) * 3600)
    }
}
