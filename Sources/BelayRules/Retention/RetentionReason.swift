package import BelayCore

/// Why a snapshot is kept, or why one that a rule would keep is not.
package enum RetentionReason: Hashable, Sendable {
    /// One of the newest, by `keep-last`.
    case last
    /// The newest of its period; or the oldest of all, kept because the rule had not kept its number yet.
    case period(CalendarPeriod, isOldest: Bool)
    /// Younger than `keep-within`.
    case within(CalendarSpan)
    /// The newest of its period, and younger than a span; or the oldest of all.
    case periodWithin(CalendarPeriod, CalendarSpan, isOldest: Bool)
    /// It has all of these tags.
    case tags([String])
    /// A checkpoint is kept until it is released.
    case checkpoint(name: String?)
    /// The newest of its group is never dropped.
    case newest
    /// Something else needs it; the text says what.
    case pinned(String)
    /// No rule limits anything but the number per day.
    case thinned
    /// A rule would keep it, but its day has that many newer ones already.
    case overDailyLimit(Int)
}

extension RetentionReason {
    /// Whether a limit on the number per day may still drop the snapshot: whether it is kept for its time
    /// alone.
    var isByTime: Bool {
        switch self {
        case .last, .period, .within, .periodWithin, .thinned: true
        case .tags, .checkpoint, .newest, .pinned, .overDailyLimit: false
        }
    }
}

extension RetentionReason: CustomStringConvertible {
    /// The reason in restic's words where restic has the rule.
    package var description: String {
        switch self {
        case .last: "last snapshot"
        case .period(let period, let isOldest): "\(isOldest ? "oldest " : "")\(period.adjective) snapshot"
        case .within(let span): "within \(span)"
        case .periodWithin(let period, let span, let isOldest):
            "\(isOldest ? "oldest " : "")\(period.adjective) within \(span)"
        case .tags(let tags): "has tags [\(tags.joined(separator: ", "))]"
        case .checkpoint(let name): name.map { "checkpoint \($0)" } ?? "checkpoint"
        case .newest: "newest snapshot"
        case .pinned(let use): use
        case .thinned: "within the daily limit"
        case .overDailyLimit(let limit): "more than \(limit) on that day"
        }
    }
}

extension CalendarPeriod {
    fileprivate var adjective: String {
        switch self {
        case .hour: "hourly"
        case .day: "daily"
        case .week: "weekly"
        case .month: "monthly"
        case .year: "yearly"
        }
    }
}
