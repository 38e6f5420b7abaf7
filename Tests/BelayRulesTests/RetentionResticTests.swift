import BelayCore
import BelayRules
import Testing

@Suite struct `Retention, for the rules that restic has,` {
    @Test(arguments: ["utc", "berlin", "new-york"])
    func `keeps what restic keeps, for restic's reasons, on thousands of histories`(name: String) throws {
        let file = try resticFixture("retention-\(name).json", as: ResticVerdicts.self)
        let zone = try #require(TimeZoneRules(posix: file.zone))
        let now = Timestamp(seconds: file.now)
        var count = 0
        for batch in file.sets {
            let policies = try batch.policies.map(RetentionPolicy.init(flags:))
            for history in batch.histories {
                let entries = history.timesAndTags(names: file.tags)
                for (policy, verdict) in zip(policies, history.verdicts) {
                    count += 1
                    let answers = try decide(entries, policy, now, zone, verdict: verdict)
                    if !answers.contains(verdict) {
                        Issue.record(
                            "\(name): \(history.snapshots)\n\(policy)\n\(answers)\nrestic: \(verdict)"
                        )
                    }
                }
            }
        }
        #expect(count > 1500)
    }

    /// Our verdict for each order in which snapshots of equal time can stand; restic leaves that order to chance.
    private func decide(
        _ entries: [(time: Timestamp, tags: [String])],
        _ policy: RetentionPolicy,
        _ now: Timestamp,
        _ zone: TimeZoneRules,
        verdict: String
    ) throws -> [String] {
        let hasTies = Set(entries.map(\.time)).count < entries.count
        var answers: [String] = []
        for order in 0..<(hasTies ? 256 : 1) {
            let snapshots = entries.enumerated().map { index, entry in
                // Ids order ties; scattering them tries other orders.
                var generator = HistoryGenerator(seed: UInt64(order * 1000 + index))
                let key = Int(generator.next() >> 40)
                return SnapshotSummary(
                    id: identifier(key, UInt64(index)),
                    time: entry.time,
                    tags: SnapshotTags(entry.tags)
                )
            }
            let decisions = try RetentionDecision.decide(
                SnapshotGroup(snapshots: snapshots),
                policy: policy,
                now: now,
                zone: zone
            )
            var letters = [String](repeating: "", count: entries.count)
            for decision in decisions {
                let index = Int(decision.snapshot.id.digest.word3)
                letters[index] = String(decision.reasons.compactMap(\.letter))
                let isNewestOnly = decision.reasons == [.newest]
                #expect(decision.isKept == (!letters[index].isEmpty || isNewestOnly))
            }
            answers.append(letters.joined(separator: ","))
            if answers.last == verdict { break }
        }
        return answers
    }

    @Test func `groups like restic`() throws {
        let file = try resticFixture("grouping.json", as: ResticGroups.self)
        let snapshots = summaries(file)
        var policy = RetentionPolicy()
        policy.keepDaily = .atMost(3)
        policy.keepWeekly = .atMost(2)
        for (text, expected) in file.groups {
            let grouping = try #require(SnapshotGrouping(text))
            let groups = try RetentionDecision.decide(
                snapshots,
                grouping: grouping,
                policy: policy,
                now: Timestamp(seconds: file.now)
            )
            let found = groups.map { group in
                [true, false].map { kept in
                    group.decisions.filter { $0.isKept == kept }.map { Int($0.snapshot.id.digest.word0) }
                        .sorted()
                }
            }
            #expect(Set(found) == Set(expected), "--group-by '\(text)'")
            #expect(found.count == expected.count)
        }
    }

    @Test func `understands lists of tags like restic`() throws {
        let file = try resticFixture("grouping.json", as: ResticGroups.self)
        for (text, expected) in file.keepTags {
            var policy = RetentionPolicy()
            policy.keepLast = .atMost(1)
            policy.keepTags = [RetentionPolicy.tagList(text)]
            let decisions = try RetentionDecision.decide(
                SnapshotGroup(snapshots: summaries(file)),
                policy: policy,
                now: Timestamp(seconds: file.now)
            )
            let kept = decisions.filter(\.isKept).map { Int($0.snapshot.id.digest.word0) }.sorted()
            #expect(kept == expected, "--keep-tag '\(text)'")
        }
    }

    @Test func `names reasons like restic`() {
        let span = CalendarSpan(days: 1, hours: 12)
        #expect(RetentionReason.last.description == "last snapshot")
        #expect(RetentionReason.period(.day, isOldest: true).description == "oldest daily snapshot")
        #expect(RetentionReason.within(span).description == "within 1d12h")
        #expect(
            RetentionReason.periodWithin(.week, span, isOldest: false).description == "weekly within 1d12h"
        )
        #expect(RetentionReason.tags(["a", "b"]).description == "has tags [a, b]")
    }

    private func summaries(_ file: ResticGroups) -> [SnapshotSummary] {
        file.snapshots.enumerated().map { index, snapshot in
            SnapshotSummary(
                id: identifier(index),
                time: Timestamp(seconds: snapshot.seconds),
                hostname: snapshot.hostname,
                paths: snapshot.paths,
                tags: SnapshotTags(snapshot.tags)
            )
        }
    }
}
