import BelayCore
import BelayRules
import Testing

@Suite struct `Retention, for belay's own rules,` {
    private let now = Timestamp(seconds: 1_769_092_215)
    private let hour: Int64 = 3600

    /// Snapshots that many hours old, numbered from 1.
    private func snapshots(
        _ ages: [Int64],
        checkpoints: Set<Int> = [],
        tagged: Set<Int> = []
    ) throws -> [SnapshotSummary] {
        try ages.enumerated().map { index, age in
            let number = index + 1
            let isCheckpoint = checkpoints.contains(number)
            return SnapshotSummary(
                id: identifier(number),
                time: Timestamp(seconds: now.seconds - age * hour),
                tags: try SnapshotTags(
                    kind: isCheckpoint ? .checkpoint : .backup,
                    name: isCheckpoint ? "mark \(number)" : nil,
                    project: "p",
                    userTags: tagged.contains(number) ? ["keep"] : []
                )
            )
        }
    }

    private func decide(
        _ snapshots: [SnapshotSummary],
        pinned: [SnapshotID: String] = [:],
        _ change: (inout RetentionPolicy) -> Void
    ) throws -> [RetentionDecision] {
        var policy = RetentionPolicy()
        change(&policy)
        return try RetentionDecision.decide(
            SnapshotGroup(snapshots: snapshots),
            policy: policy,
            now: now,
            pinned: pinned
        )
    }

    private func kept(_ decisions: [RetentionDecision]) -> [Int] {
        decisions.filter(\.isKept).map { Int($0.snapshot.id.digest.word0) }
    }

    @Test func `keeps checkpoints whatever the rules say, and they use up nothing`() throws {
        let history = try snapshots([1, 2, 3, 4, 5, 1000], checkpoints: [1, 3, 6])
        let decisions = try decide(history) { $0.keepLast = .atMost(2) }
        #expect(kept(decisions) == [1, 2, 3, 4, 6])
        #expect(decisions[0].reasons == [.checkpoint(name: "mark 1")])
        #expect(decisions[5].reasons == [.checkpoint(name: "mark 6")])
        #expect(decisions[1].reasons == [.last])
        #expect(decisions[4].reasons.isEmpty)
    }

    @Test func `keeps the newest snapshot, and the newest that is not in the future`() throws {
        let history = try snapshots([-50, 1, 2, 3], tagged: [4])
        let decisions = try decide(history) { $0.keepTags = [["keep"]] }
        #expect(kept(decisions) == [1, 2, 4])
        #expect(decisions[0].reasons == [.newest])
        #expect(decisions[1].reasons == [.newest])
    }

    @Test func `keeps what something else needs, with the use as the reason`() throws {
        let decisions = try decide(snapshots([1, 2, 3]), pinned: [identifier(3): "last drilled"]) {
            $0.keepLast = .atMost(1)
        }
        #expect(kept(decisions) == [1, 3])
        #expect(decisions[2].reasons == [.pinned("last drilled")])
    }

    @Test func `keeps at most so many a day, newest first, and drops nothing kept by name, tag or use`()
        throws
    {
        // 14:30 UTC now: the first five lie on one day, the others on the day before.
        let history = try snapshots([1, 2, 3, 4, 5, 20, 21, 22], checkpoints: [2], tagged: [5])
        let decisions = try decide(history, pinned: [identifier(8): "needed"]) {
            $0.keepWithin = CalendarSpan(days: 30)
            $0.keepTags = [["keep"]]
            $0.maxPerDay = 1
        }
        #expect(kept(decisions) == [1, 2, 5, 6, 8])
        #expect(decisions[2].reasons == [.overDailyLimit(1)])
        #expect(decisions[4].reasons == [.tags(["keep"]), .within(CalendarSpan(days: 30))])
    }

    @Test func `thins out everything if the number per day is the only rule`() throws {
        let decisions = try decide(snapshots([1, 2, 3, 20, 21, 1000])) { $0.maxPerDay = 2 }
        #expect(kept(decisions) == [1, 2, 4, 5, 6])
    }

    @Test func `counts days by the clock where the snapshot was made`() throws {
        var history = try snapshots([0, 1])
        // 00:10 in the one place, 23:10 the day before: two days, although an hour apart.
        history[0].time.offsetMinutes = 580
        history[1].time.offsetMinutes = 580
        #expect(kept(try decide(history) { $0.maxPerDay = 1 }) == [1, 2])
    }

    @Test func `refuses an empty policy`() throws {
        let history = try snapshots([1])
        #expect(throws: RetentionError.emptyPolicy) { try decide(history) { _ in } }
        #expect(throws: RetentionError.emptyPolicy) { try decide(history) { $0.keepLast = .atMost(0) } }
        #expect(throws: RetentionError.emptyPolicy) { try decide(history) { $0.keepWithin = CalendarSpan() } }
        #expect(throws: RetentionError.dailyLimitTooSmall(0)) { try decide(history) { $0.maxPerDay = 0 } }
        #expect(throws: RetentionError.emptyPolicy) { try decide([]) { _ in } }
        #expect(throws: RetentionError.emptyPolicy) {
            _ = try RetentionDecision.decide([], grouping: .project, policy: RetentionPolicy(), now: now)
        }
    }

    @Test func `refuses to remove all of a group, of any group`() throws {
        var history = try snapshots([1, 2], tagged: [1])
        #expect(throws: RetentionError.keepsNothing(SnapshotGroup.Key())) {
            try decide(history) { $0.keepTags = [["other"]] }
        }
        history.append(SnapshotSummary(id: identifier(9), time: now, hostname: "mill", paths: ["/b", "/a"]))
        var policy = RetentionPolicy()
        policy.keepTags = [["keep"]]
        let key = SnapshotGroup.Key(hostname: "mill", paths: ["/a", "/b"])
        #expect(throws: RetentionError.keepsNothing(key)) {
            _ = try RetentionDecision.decide(history, grouping: .project, policy: policy, now: now)
        }
        #expect(RetentionError.keepsNothing(key).report.message.contains("host mill, paths /a, /b"))
        #expect(try decide([]) { $0.keepLast = .atMost(1) }.isEmpty)
    }

    @Test func `groups by project, and without one by host and paths`() throws {
        func summary(
            _ number: Int,
            _ project: String?,
            _ host: String,
            _ paths: [String]
        ) throws -> SnapshotSummary {
            let tags = try project.map { try SnapshotTags(kind: .backup, project: $0) }
            return SnapshotSummary(
                id: identifier(number),
                time: Timestamp(seconds: Int64(number)),
                hostname: host,
                paths: paths,
                tags: tags ?? SnapshotTags([])
            )
        }
        let groups = SnapshotGrouping.project.groups(of: [
            try summary(1, "p", "a", ["/x"]), try summary(2, "p", "b", ["/y"]),
            try summary(3, nil, "a", ["/x", "/y"]),
            try summary(4, nil, "a", ["/y", "/x"]), try summary(5, nil, "b", ["/x", "/y"]),
        ])
        #expect(groups.map { $0.snapshots.map { Int($0.id.digest.word0) } } == [[5], [4, 3], [2], [1]])
        #expect(groups[3].key == SnapshotGroup.Key(project: "p", hostname: "a", paths: ["/x"]))
    }

    @Test func `keeps parts of a project and the whole apart, however they are grouped`() throws {
        func summary(_ number: Int, _ only: [String]) throws -> SnapshotSummary {
            SnapshotSummary(
                id: identifier(number),
                time: Timestamp(seconds: now.seconds - Int64(number)),
                hostname: "mill",
                paths: ["/p"],
                tags: try SnapshotTags(kind: .backup, project: "p", only: only)
            )
        }
        let history = [
            try summary(1, ["api"]), try summary(2, ["api"]), try summary(3, ["web"]),
            try summary(4, []), try summary(5, ["api", "web"]), try summary(6, []),
        ]
        var policy = RetentionPolicy()
        policy.keepLast = .atMost(1)
        for grouping in [SnapshotGrouping.project, .restic, .fields(host: false, paths: false, tags: false)] {
            let groups = try RetentionDecision.decide(history, grouping: grouping, policy: policy, now: now)
            #expect(groups.map { kept($0.decisions) } == [[1], [3], [4], [5]])
            #expect("\(groups[3].key)".hasSuffix("only api, web"))
        }
    }

    @Test func `never drops more when a snapshot becomes a checkpoint or is pinned`() throws {
        let seed: UInt64 = 9
        var generator = HistoryGenerator(seed: seed)
        for _ in 0..<500 {
            let ages = (0..<Int.random(in: 1...15, using: &generator)).map { _ in
                Int64.random(in: -20...2000, using: &generator)
            }
            let limits = (0..<3).map { _ in Int.random(in: 0...4, using: &generator) }
            let chosen = Int.random(in: 1...ages.count, using: &generator)
            func change(_ policy: inout RetentionPolicy) {
                policy.keepLast = .atMost(limits[0] + 1)
                policy.keepDaily = .atMost(limits[1])
                policy.keepWithinWeekly = CalendarSpan(days: limits[2] * 20)
            }
            let plain = Set(kept(try decide(snapshots(ages), change)))
            let pinned = Set(kept(try decide(snapshots(ages), pinned: [identifier(chosen): "x"], change)))
            let marked = Set(kept(try decide(snapshots(ages, checkpoints: [chosen]), change)))
            #expect(pinned == plain.union([chosen]), "seed \(seed)")
            #expect(marked.contains(chosen), "seed \(seed)")
            #expect(marked.count >= plain.count, "seed \(seed)")
        }
    }

    @Test func `never traps, whatever the times, spans and ids`() throws {
        let times: [Int64] = [.min, .min + 1, -62_135_596_800, 0, .max - 1, .max]
        var history: [SnapshotSummary] = []
        for seconds in times {
            for offset in [Int16.min, 0, .max] {
                let time = Timestamp(seconds: seconds, nanoseconds: .max, offsetMinutes: offset)
                history.append(SnapshotSummary(id: identifier(1), time: time))
            }
        }
        for instant in times {
            var policy = RetentionPolicy()
            policy.keepHourly = .unlimited
            policy.keepWeekly = .atMost(.max)
            policy.keepWithinYearly = CalendarSpan(years: .max, months: .max, days: .max, hours: .max)
            policy.maxPerDay = .max
            let decisions = try RetentionDecision.decide(
                SnapshotGroup(snapshots: history),
                policy: policy,
                now: Timestamp(seconds: instant)
            )
            #expect(decisions.count == history.count)
        }
    }

    @Test(arguments: [("5", "5"), ("0", "0"), ("unlimited", "unlimited")])
    func `reads limits`(text: String, printed: String) {
        #expect(RetentionPolicy.Limit(text)?.description == printed)
    }

    @Test(arguments: ["-1", "-2", "", "x", "1.5", "99999999999999999999", " 1"])
    func `refuses other limits`(text: String) {
        #expect(RetentionPolicy.Limit(text) == nil)
    }

    @Test func `reads what to group by`() {
        #expect(SnapshotGrouping("host,paths") == .restic)
        #expect(SnapshotGrouping("") == .fields(host: false, paths: false, tags: false))
        #expect(SnapshotGrouping("tag,path,hosts") == .fields(host: true, paths: true, tags: true))
        #expect(SnapshotGrouping("x") == nil)
    }
}
