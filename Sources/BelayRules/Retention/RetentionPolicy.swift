package import BelayCore

/// Which snapshots of a group to keep: restic's rules under restic's names, and one of belay's own.
///
/// A snapshot is kept if any rule keeps it. A rule that is `nil` is off.
package struct RetentionPolicy: Hashable, Sendable {
    /// How many snapshots a rule keeps.
    package enum Limit: Hashable, Sendable {
        /// That many; 0 turns the rule off, as in restic.
        case atMost(Int)
        case unlimited
    }

    package var keepLast: Limit?
    package var keepHourly: Limit?
    package var keepDaily: Limit?
    package var keepWeekly: Limit?
    package var keepMonthly: Limit?
    package var keepYearly: Limit?
    /// Everything younger than this, counted back from the newest snapshot that does not lie in the future.
    package var keepWithin: CalendarSpan?
    package var keepWithinHourly: CalendarSpan?
    package var keepWithinDaily: CalendarSpan?
    package var keepWithinWeekly: CalendarSpan?
    package var keepWithinMonthly: CalendarSpan?
    package var keepWithinYearly: CalendarSpan?
    /// Snapshots that have all tags of one of these lists; an empty tag stands for "no tags at all".
    package var keepTags: [[String]] = []
    /// Of what the other rules keep by time, at most that many on each calendar day, the newest first.
    ///
    /// Without any other rule it thins out all snapshots. It drops nothing that is kept for its tags, name
    /// or use.
    package var maxPerDay: Int?

    /// A policy without rules, which ``RetentionDecision`` refuses.
    package init() {}

    /// Whether no rule of restic's is on; spans of no length and limits of 0 are off.
    package var hasNoKeepRule: Bool {
        keepTags.isEmpty && !periodRules.contains(where: \.isOn) && !spanRules.contains(where: \.isOn)
    }

    /// Whether nothing at all is asked for.
    package var isEmpty: Bool { hasNoKeepRule && maxPerDay == nil }
}

extension RetentionPolicy {
    /// A rule that keeps the newest snapshot of each of the newest periods.
    struct PeriodRule {
        /// `nil` for `keep-last`, which counts snapshots.
        var period: CalendarPeriod?
        var limit: Limit?

        var isOn: Bool {
            switch limit {
            case .unlimited: true
            case .atMost(let count): count > 0
            case nil: false
            }
        }
    }

    /// A rule that keeps what is younger than a span: all of it, or the newest of each period.
    struct SpanRule {
        var period: CalendarPeriod?
        var span: CalendarSpan?

        var isOn: Bool { span.map { !$0.isZero } ?? false }
    }

    /// The counting rules in the order in which restic names reasons.
    var periodRules: [PeriodRule] {
        [
            PeriodRule(period: nil, limit: keepLast),
            PeriodRule(period: .hour, limit: keepHourly),
            PeriodRule(period: .day, limit: keepDaily),
            PeriodRule(period: .week, limit: keepWeekly),
            PeriodRule(period: .month, limit: keepMonthly),
            PeriodRule(period: .year, limit: keepYearly),
        ]
    }

    /// The rules with a span; the one for everything comes first.
    var spanRules: [SpanRule] {
        [
            SpanRule(period: nil, span: keepWithin),
            SpanRule(period: .hour, span: keepWithinHourly),
            SpanRule(period: .day, span: keepWithinDaily),
            SpanRule(period: .week, span: keepWithinWeekly),
            SpanRule(period: .month, span: keepWithinMonthly),
            SpanRule(period: .year, span: keepWithinYearly),
        ]
    }
}

extension RetentionPolicy.Limit: CustomStringConvertible {
    /// The limit that `text` spells: a number, or `unlimited`; `nil` for anything else.
    ///
    /// So not for `-1` either: restic 0.18 refuses it, and 0.14 takes it for a rule that keeps nothing.
    package init?(_ text: some StringProtocol) {
        if text == "unlimited" {
            self = .unlimited
        } else if let count = Int(text), count >= 0 {
            self = .atMost(count)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .atMost(let count): "\(count)"
        case .unlimited: "unlimited"
        }
    }
}

extension RetentionPolicy {
    /// The tags of one `--keep-tag` value: separated by commas, white space around each dropped.
    package static func tagList(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let start = part.drop(while: \.isWhitespace)
            let length = start.reversed().drop(while: \.isWhitespace).count
            return String(start.prefix(length))
        }
    }
}
