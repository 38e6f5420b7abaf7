import BelayCore

/// restic's rules over the snapshots of one group.
struct RetentionRules {
    private var counters: [Counter]
    private let spans: [SpanState]
    private var lastWithin: [Int?]
    private let policy: RetentionPolicy
    private let snapshots: [SnapshotSummary]

    private struct Counter {
        var period: CalendarPeriod?
        /// `nil` never runs out.
        var left: Int?
        /// The period of the last snapshot that this rule kept.
        var lastKept: Int?
    }

    private struct SpanState {
        var period: CalendarPeriod?
        var span: CalendarSpan
        /// What is younger than this is within.
        var cutoff: Timestamp
    }

    /// The rules that are on; `snapshots` come newest first.
    init(policy: RetentionPolicy, snapshots: [SnapshotSummary], now: Timestamp, zone: TimeZoneRules) {
        self.policy = policy
        self.snapshots = snapshots
        counters = policy.periodRules.filter(\.isOn).map { rule in
            guard case .atMost(let count) = rule.limit else { return Counter(period: rule.period, left: nil) }
            return Counter(period: rule.period, left: count)
        }
        let latest = snapshots.first { $0.time < now }?.time ?? .missing
        let isLocal = zone.offset(at: latest.seconds) == Int32(latest.offsetMinutes) * 60
        spans = policy.spanRules.compactMap { rule in
            guard rule.isOn, let span = rule.span else { return nil }
            let cutoff = latest.subtracting(span, in: isLocal ? zone : nil)
            return SpanState(period: rule.period, span: span, cutoff: cutoff)
        }
        lastWithin = spans.map { _ in nil }
    }

    /// Why each snapshot is kept, in the order of the snapshots; nothing for those that are not.
    mutating func reasons() -> [[RetentionReason]] {
        var all: [[RetentionReason]] = []
        for (index, snapshot) in snapshots.enumerated() {
            if policy.hasNoKeepRule {
                all.append([.thinned])
                continue
            }
            let isOldest = index == snapshots.count - 1
            var reasons = tagReasons(snapshot)
            reasons += spans.filter { $0.period == nil && snapshot.time > $0.cutoff }.map { .within($0.span) }
            reasons += counted(snapshot.time.civil, isOldest: isOldest)
            reasons += countedWithin(snapshot.time, isOldest: isOldest)
            all.append(reasons)
        }
        return all
    }

    private func tagReasons(_ snapshot: SnapshotSummary) -> [RetentionReason] {
        let tags = snapshot.tags.tags
        return policy.keepTags.filter { Self.has(tags, all: $0) }.map { .tags($0) }
    }

    private mutating func counted(_ time: CivilTime, isOldest: Bool) -> [RetentionReason] {
        var reasons: [RetentionReason] = []
        for index in counters.indices where counters[index].left != 0 {
            let counter = counters[index]
            guard let period = counter.period else {
                reasons.append(.last)
                counters[index].left = counter.left.map { $0 - 1 }
                continue
            }
            let number = time.number(of: period)
            let isNew = number != counter.lastKept
            guard isNew || isOldest else { continue }
            reasons.append(.period(period, isOldest: !isNew))
            counters[index].lastKept = number
            counters[index].left = counter.left.map { $0 - 1 }
        }
        return reasons
    }

    private mutating func countedWithin(_ time: Timestamp, isOldest: Bool) -> [RetentionReason] {
        var reasons: [RetentionReason] = []
        for (index, state) in spans.enumerated() where time > state.cutoff {
            guard let period = state.period else { continue }
            let number = time.civil.number(of: period)
            let isNew = number != lastWithin[index]
            guard isNew || isOldest else { continue }
            reasons.append(.periodWithin(period, state.span, isOldest: !isNew))
            lastWithin[index] = number
        }
        return reasons
    }

    /// Whether a snapshot with these tags answers to a list; an empty tag in it answers for no tags at all.
    private static func has(_ tags: [String], all wanted: [String]) -> Bool {
        for tag in wanted {
            if tag.isEmpty && tags.isEmpty { return true }
            guard tags.contains(where: { $0.utf8.elementsEqual(tag.utf8) }) else { return false }
        }
        return true
    }
}
