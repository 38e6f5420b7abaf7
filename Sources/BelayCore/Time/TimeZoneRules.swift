/// A time zone as a value: which offset from UTC holds at which instant.
///
/// It is made from the bytes of a zone file (TZif, RFC 9636) or from a POSIX `TZ` text and never looks at the
/// system, so that every decision that depends on the zone can be tested. Offsets are in seconds east of UTC.
package struct TimeZoneRules: Hashable, Sendable {
    /// Instants at which the offset changes, ascending.
    private var transitions: [Int64] = []
    /// The offset from each transition on.
    private var offsets: [Int32] = []
    /// The offset before the first transition.
    private var initialOffset: Int32
    /// What holds after the last transition; without it the last offset stays.
    private var rule: PosixZone?

    /// Coordinated universal time, which stands in where no zone is known.
    package static let utc = TimeZoneRules(offsetSeconds: 0)

    /// The largest offset that is accepted, in seconds; RFC 9636 allows less than 26 hours.
    package static let offsetMaximum: Int32 = 26 * 3600

    /// A zone that never changes, its offset held to ``offsetMaximum``.
    package init(offsetSeconds: Int32) {
        initialOffset = min(max(offsetSeconds, -Self.offsetMaximum), Self.offsetMaximum)
    }

    /// The zone that a POSIX text such as `CET-1CEST,M3.5.0,M10.5.0/3` describes; `nil` if it is not one.
    package init?(posix text: some StringProtocol) {
        guard let rule = PosixZone(text) else { return nil }
        initialOffset = rule.standardOffset
        self.rule = rule
    }

    init(
        initialOffset: Int32,
        transitions: [Int64],
        offsets: [Int32],
        rule: PosixZone?
    ) {
        self.initialOffset = initialOffset
        self.transitions = transitions
        self.offsets = offsets
        self.rule = rule
    }

    /// The offset that holds at an instant, given in seconds since 1970-01-01T00:00:00Z.
    package func offset(at seconds: Int64) -> Int32 {
        guard let last = transitions.last, seconds < last else {
            return rule?.offset(at: seconds) ?? offsets.last ?? initialOffset
        }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? initialOffset : offsets[low - 1]
    }
}

/// What a time on the wall means in a zone.
package enum LocalInstant: Hashable, Sendable {
    /// The clock shows it once.
    case once(Timestamp)
    /// The clock is moved past it and never shows it.
    ///
    /// The instant is the one at which the clock would have shown it, had it not been moved.
    case skipped(Timestamp)
    /// The clock is moved back and shows it twice or more often; these are the first and the last time.
    case repeated(earliest: Timestamp, latest: Timestamp)

    /// The one instant to take where one is needed: of several the earliest.
    package var timestamp: Timestamp {
        switch self {
        case .once(let timestamp), .skipped(let timestamp): timestamp
        case .repeated(let earliest, _): earliest
        }
    }
}

extension TimeZoneRules {
    /// The instant or instants at which a clock in this zone shows `time`.
    package func resolve(_ time: CivilTime) -> LocalInstant {
        let local = time.secondsSinceEpoch
        // Whatever the answer is, it is the local time less one of the zone's offsets; they are few.
        let known = knownOffsets
        let instants = known.filter { offset(at: Saturating.difference(local, Int64($0))) == $0 }
        func timestamp(_ offset: Int32) -> Timestamp {
            Timestamp(
                seconds: Saturating.difference(local, Int64(offset)),
                nanoseconds: UInt32(time.nanosecond),
                offsetMinutes: Int16(offset / 60)
            )
        }
        // The larger the offset, the earlier the instant; `known` descends.
        guard let first = instants.first, let last = instants.last else {
            // With the largest offset the instant lies before the gap, where the old offset still holds.
            let before = offset(at: Saturating.difference(local, Int64(known.first ?? 0)))
            let instant = timestamp(before)
            return .skipped(instant.inZone(self))
        }
        return first == last
            ? .once(timestamp(first)) : .repeated(earliest: timestamp(first), latest: timestamp(last))
    }

    /// Every offset the zone ever has, largest first.
    private var knownOffsets: [Int32] {
        var all: Set<Int32> = [initialOffset]
        all.formUnion(offsets)
        if let rule { all.formUnion([rule.standardOffset, rule.daylightOffset]) }
        return all.sorted(by: >)
    }
}

extension Timestamp {
    /// The same instant, written with the offset that a zone has then.
    ///
    /// Offsets are whole minutes in a timestamp; seconds of a local mean time are cut off.
    package func inZone(_ zone: TimeZoneRules) -> Timestamp {
        Timestamp(
            seconds: seconds,
            nanoseconds: nanoseconds,
            offsetMinutes: Int16(zone.offset(at: seconds) / 60)
        )
    }
}
