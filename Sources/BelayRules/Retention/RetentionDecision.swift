package import BelayCore

/// What becomes of one snapshot under a policy, and why.
package struct RetentionDecision: Hashable, Sendable {
    package let snapshot: SnapshotSummary
    package let isKept: Bool
    /// In restic's order, then belay's own; empty if no rule keeps it.
    package let reasons: [RetentionReason]
}

/// Why a policy is not carried out.
package enum RetentionError: Error, Hashable, Sendable {
    /// No rule is on; taken literally, everything would go.
    case emptyPolicy
    /// A limit of snapshots per day must allow at least one.
    case dailyLimitTooSmall(Int)
    /// No rule keeps any snapshot of a group.
    case keepsNothing(SnapshotGroup.Key)
}

extension RetentionDecision {
    /// Decides about every snapshot of every group.
    ///
    /// - Throws: ``RetentionError/keepsNothing(_:)`` if one group would lose all; then nothing is decided at
    ///   all.
    package static func decide(
        _ snapshots: [SnapshotSummary],
        grouping: SnapshotGrouping,
        policy: RetentionPolicy,
        now: Timestamp,
        zone: TimeZoneRules = .utc,
        pinned: [SnapshotID: String] = [:]
    ) throws(RetentionError) -> [(key: SnapshotGroup.Key, decisions: [RetentionDecision])] {
        try check(policy)
        var decided: [(key: SnapshotGroup.Key, decisions: [RetentionDecision])] = []
        for group in grouping.groups(of: snapshots) {
            let decisions = try decide(group, policy: policy, now: now, zone: zone, pinned: pinned)
            decided.append((group.key, decisions))
        }
        return decided
    }

    /// Decides about one group; the decisions come newest first.
    ///
    /// restic's rules keep exactly what restic 0.18 keeps: newest first, each counting rule keeps the first
    /// snapshot of a period it has not seen until its number is used up, and the oldest snapshot if anything
    /// is left of it; the calendar fields are those of the offset written in each snapshot. Spans count back
    /// from the newest snapshot that is not in the future. restic reads that snapshot's time as local if its
    /// offset is the local one, and then follows changes of the clock in between; `zone` is that local zone.
    ///
    /// belay's own rules come around these:
    /// - Checkpoints are kept until they are released. The other rules do not see them, so a checkpoint
    ///   never uses up what a rule has to give.
    /// - `maxPerDay` then drops what only its time keeps and exceeds the limit of its day.
    /// - The newest snapshot, the newest that is not in the future, and the `pinned` ones (by what needs
    ///   them) are kept in any case. They are seen by the rules like any other.
    ///
    /// - Throws: ``RetentionError/keepsNothing(_:)`` if no rule or checkpoint keeps anything, since the
    ///   policy then says something that nobody can mean; a group without snapshots is no such case.
    package static func decide(
        _ group: SnapshotGroup,
        policy: RetentionPolicy,
        now: Timestamp,
        zone: TimeZoneRules = .utc,
        pinned: [SnapshotID: String] = [:]
    ) throws(RetentionError) -> [RetentionDecision] {
        try check(policy)
        let ordered = group.snapshots.newestFirst()
        guard let first = ordered.first else { return [] }

        let ordinary = ordered.filter { !$0.tags.isCheckpoint }
        var rules = RetentionRules(policy: policy, snapshots: ordinary, now: now, zone: zone)
        var reasons = Dictionary(zip(ordinary.map(\.id), rules.reasons()), uniquingKeysWith: +)
        if reasons.values.allSatisfy(\.isEmpty), ordinary.count == ordered.count {
            throw .keepsNothing(group.key)
        }
        let newest = [first, ordered.first { $0.time < now }].compactMap(\.?.id)
        for snapshot in ordered {
            var own: [RetentionReason] = []
            if snapshot.tags.isCheckpoint { own.append(.checkpoint(name: snapshot.tags.name)) }
            if newest.contains(snapshot.id), reasons[snapshot.id, default: []].isEmpty, own.isEmpty {
                own.append(.newest)
            }
            if let use = pinned[snapshot.id] { own.append(.pinned(use)) }
            reasons[snapshot.id, default: []] += own
        }
        return limitPerDay(ordered, reasons, policy.maxPerDay, alwaysKept: Set(newest))
    }

    private static func check(_ policy: RetentionPolicy) throws(RetentionError) {
        if policy.isEmpty { throw .emptyPolicy }
        if let limit = policy.maxPerDay, limit < 1 { throw .dailyLimitTooSmall(limit) }
    }

    /// Applies the limit per day, newest first.
    private static func limitPerDay(
        _ ordered: [SnapshotSummary],
        _ reasons: [SnapshotID: [RetentionReason]],
        _ limit: Int?,
        alwaysKept: Set<SnapshotID>
    ) -> [RetentionDecision] {
        var countOnDay: [CivilDate: Int] = [:]
        return ordered.map { snapshot in
            let why = reasons[snapshot.id, default: []]
            let isCounted = why.contains(where: \.isByTime)
            if let limit, isCounted {
                let day = snapshot.time.civil.date
                let count = countOnDay[day, default: 0]
                let isByTimeAlone = why.allSatisfy(\.isByTime) && !alwaysKept.contains(snapshot.id)
                if count >= limit && isByTimeAlone {
                    return RetentionDecision(
                        snapshot: snapshot,
                        isKept: false,
                        reasons: [.overDailyLimit(limit)]
                    )
                }
                countOnDay[day] = count + 1
            }
            return RetentionDecision(snapshot: snapshot, isKept: !why.isEmpty, reasons: why)
        }
    }
}
