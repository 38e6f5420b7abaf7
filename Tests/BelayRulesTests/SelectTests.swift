import BelayCore
import BelayRules
import Testing

@Suite struct `A snapshot argument` {
    private let now = Timestamp(seconds: 1_769_092_215)  // 2026-01-22 14:30:15 UTC
    private let zone = TimeZoneRules(offsetSeconds: 3600)

    private func summary(
        _ id: String,
        _ seconds: Int64,
        name: String? = nil,
        isReleased: Bool = false
    ) throws -> SnapshotSummary {
        let padded = id + String(repeating: "0", count: 64 - id.utf8.count)
        return SnapshotSummary(
            id: try #require(SnapshotID(hexadecimal: padded)),
            time: Timestamp(seconds: seconds),
            tags: try SnapshotTags(kind: name != nil && !isReleased ? .checkpoint : .backup, name: name)
        )
    }

    /// Local times: now − 1 h is 14:30:15, − 1 day, − 2 days, − 10 days.
    private func history() throws -> [SnapshotSummary] {
        [
            try summary("aa11", now.seconds - 86_400),
            try summary("ab22", now.seconds - 3600, name: "before upgrade"),
            try summary("20260112", now.seconds - 2 * 86_400),
            try summary("cafe", now.seconds - 10 * 86_400, name: "milestone"),
            try summary("aa12", now.seconds - 86_400 - 60),
        ]
    }

    private func resolve(_ text: String, among snapshots: [SnapshotSummary]? = nil) throws -> String {
        let id = try SnapshotResolver.resolve(text, among: snapshots ?? history(), now: now, zone: zone)
        var digits = Substring(id.hexadecimal)
        while digits.last == "0" { digits.removeLast() }
        return String(digits)
    }

    @Test(arguments: [
        ("latest", "ab22"), ("latest~0", "ab22"), ("latest~1", "aa11"), ("latest~4", "cafe"),
        (" latest ", "ab22"),
        ("before upgrade", "ab22"), ("milestone", "cafe"), ("cafe", "cafe"), ("CAFE", "cafe"), ("c", "cafe"),
        ("aa11", "aa11"),
        ("20260122", "ab22"), ("20260122_143015", "ab22"), ("20260121_1530", "aa11"),
        ("20260121_1529", "aa12"),
        ("2026-01-20", "20260112"), ("2026-01-21 15:30", "aa11"), ("2026-01-22T13:30:15Z", "ab22"),
        ("20260112_", "cafe"),
        ("2 hours ago", "aa11"), ("1 hour ago", "ab22"), ("an hour ago", "ab22"), ("59 min ago", "ab22"),
        ("61m ago", "aa11"),
        ("yesterday", "aa11"), ("3 days ago", "cafe"), ("2d ago", "20260112"), ("1 week ago", "cafe"),
        ("A  Day Ago", "aa11"),
        ("1h30m ago", "aa11"), ("now", "?"), ("0 seconds ago", "ab22"),
    ])
    func `finds the one snapshot it means`(text: String, id: String) throws {
        if id == "?" {
            #expect(throws: SnapshotResolutionError.self) { try resolve(text) }
        } else {
            #expect(try resolve(text) == id)
        }
    }

    @Test(arguments: [
        ("latest", false), ("latest~1", false), ("2 hours ago", false), ("20260122", false),
        ("2026-01-22 14:30:15", false), ("ab22", true), ("AB2", true), ("before upgrade", true),
        ("aa11", false),
    ])
    func `means the same whatever else there is, if it is an id or a name`(text: String, isNamed: Bool) throws
    {
        let snapshot = try summary("ab22", now.seconds - 3600, name: "before upgrade")
        #expect(try #require(SnapshotReference(text)).names(snapshot) == isNamed)
        #expect(try #require(SnapshotReference(snapshot.id.hexadecimal)).names(snapshot))
    }

    @Test func `prefers, of equal times, what was made from another, and then the smaller id`() throws {
        var all = [try summary("aa", now.seconds), try summary("bb", now.seconds), try summary("cc", 0)]
        #expect(try resolve("latest", among: all) == "aa")
        all[1].original = all[0].id
        #expect(try resolve("latest", among: all) == "bb")
        #expect(try resolve("latest~1", among: all) == "aa")
        #expect(try resolve("latest~2", among: all) == "cc")
        #expect(all.oldestFirst() == [all[2], all[0], all[1]])
    }

    @Test func `takes a whole id for nothing else`() throws {
        let all = try history()
        #expect(try resolve(all[2].id.hexadecimal) == "20260112")
        let other = String(repeating: "a", count: 64)
        #expect(throws: SnapshotResolutionError.notFound(other, suggestions: [])) { try resolve(other) }
    }

    @Test(arguments: ["aa", "2026", "202601", "20260121", "2026-01-21", "20260112", "a"])
    func `is ambiguous if several snapshots fit, also as a time and as an id`(text: String) throws {
        do {
            _ = try resolve(text)
            Issue.record("resolved")
        } catch SnapshotResolutionError.ambiguous(let asked, let candidates) {
            #expect(asked == text)
            #expect(candidates.count >= 2)
            #expect(candidates == candidates.newestFirst())
        }
    }

    @Test func `prefers the exact name of a checkpoint to beginnings of times and ids`() throws {
        var all = try history()
        all.append(try summary("dd", 0, name: "aa11"))
        all.append(try summary("ee", 1, name: "2026-01-20"))
        #expect(try resolve("aa11", among: all) == "dd")
        #expect(try resolve("2026-01-20", among: all) == "ee")
    }

    @Test func `prefers a checkpoint to released ones, and is ambiguous between two of a kind`() throws {
        var all = [
            try summary("aa", 3, name: "x", isReleased: true),
            try summary("bb", 2, name: "x", isReleased: true),
        ]
        #expect(throws: SnapshotResolutionError.ambiguous("x", candidates: all)) {
            try resolve("x", among: all)
        }
        all.append(try summary("cc", 1, name: "x"))
        #expect(try resolve("x", among: all) == "cc")
        all.append(try summary("dd", 0, name: "x"))
        #expect(throws: SnapshotResolutionError.self) { try resolve("x", among: all) }
    }

    @Test func `is not ambiguous if the same snapshot fits twice`() throws {
        let one = try summary("20260122", now.seconds)
        #expect(try resolve("20260122", among: [one, one]) == "20260122")
    }

    @Test func `suggests names and neighbouring times when nothing fits`() throws {
        let all = try history()
        #expect(throws: SnapshotResolutionError.notFound("milestome", suggestions: ["milestone"])) {
            try resolve("milestome", among: all)
        }
        let neighbours = ["20260120_153015", "20260112_153015"]
        #expect(throws: SnapshotResolutionError.notFound("2026-01-15", suggestions: neighbours)) {
            try resolve("2026-01-15", among: all)
        }
        #expect(throws: SnapshotResolutionError.notFound("zzz", suggestions: [])) {
            try resolve("zzz", among: all)
        }
    }

    @Test func `says why it leads nowhere`() throws {
        let all = try history()
        #expect(throws: SnapshotResolutionError.empty) { try resolve(" ") }
        #expect(throws: SnapshotResolutionError.noSnapshots) { try resolve("latest", among: []) }
        #expect(throws: SnapshotResolutionError.tooFewSnapshots(count: 5)) { try resolve("latest~5") }
        #expect(throws: SnapshotResolutionError.tooFewSnapshots(count: 5)) {
            try resolve("latest~99999999999999999999")
        }
        let moment = now.subtracting(CalendarSpan(days: 30), in: zone)
        #expect(throws: SnapshotResolutionError.nothingBefore(moment, oldest: all[3])) {
            try resolve("30 days ago")
        }
    }

    @Test func `reports failures in words that can be typed`() throws {
        let all = try history()
        let ambiguous = SnapshotResolutionError.ambiguous("a", candidates: [all[1], all[0]]).report(in: zone)
        #expect(ambiguous.code == .snapshotAmbiguous)
        #expect(ambiguous.message == "`a` fits 2 snapshots")
        #expect(
            ambiguous.subjects == ["20260122_143015 ab220000 before upgrade", "20260121_153015 aa110000"]
        )
        #expect(ambiguous.hint == "type the id of the one that is meant: `ab220000` or `aa110000`")
        let many = SnapshotResolutionError.ambiguous("a", candidates: all).report(in: zone)
        #expect(many.hint?.hasSuffix("or another of those above") == true)
        let missing = SnapshotResolutionError.notFound("x", suggestions: ["y", "z"]).report(in: zone)
        #expect(missing.hint == "type `y` or `z`")
        #expect(
            SnapshotResolutionError.tooFewSnapshots(count: 1).report(in: zone).message
                == "there is only 1 snapshot"
        )
        let before = SnapshotResolutionError.nothingBefore(now, oldest: all[3]).report(in: zone)
        #expect(before.message == "no snapshot was made until 2026-01-22 15:30:15")
        #expect(SnapshotResolutionError.empty.report(in: zone).code == .usage)
        #expect(SnapshotResolutionError.noSnapshots.report(in: zone).code == .snapshotNotFound)
    }

    @Test(arguments: [
        "latest", "latest~1", "yesterday", "2 days ago", " x", "x ", "", "a\nb",
        String(repeating: "a", count: 64), "2026", "20261121", "2026-11-21", "20261121_1430", "abcdef12",
        "ABCDEF123",
    ])
    func `leaves no name to a checkpoint that means something else or hides it`(name: String) {
        #expect(!SnapshotReference.isUsableAsName(name))
    }

    @Test(arguments: [
        "before upgrade", "latest-1", "v1.2", "v2026", "漢", "days ago", "cafe", "facade", "20269999x",
    ])
    func `leaves every other name`(name: String) {
        #expect(SnapshotReference.isUsableAsName(name))
    }

    @Test func `finds every snapshot by its time and by its id`() throws {
        let seed: UInt64 = 10
        var state = seed
        var all: [SnapshotSummary] = []
        for index in 0..<400 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let id = SnapshotID(Digest(state, state &* 3, UInt64(index), 0))
            all.append(SnapshotSummary(id: id, time: Timestamp(seconds: now.seconds - Int64(index) * 997)))
        }
        for snapshot in all {
            for text in [
                snapshot.time.compactText(in: zone), snapshot.time.localText(in: zone),
                snapshot.id.hexadecimal,
            ] {
                #expect(
                    try SnapshotResolver.resolve(text, among: all, now: now, zone: zone) == snapshot.id,
                    "seed \(seed)"
                )
            }
            let short = String(snapshot.id.hexadecimal.prefix(12))
            #expect(
                try SnapshotResolver.resolve(short, among: all, now: now, zone: zone) == snapshot.id,
                "seed \(seed)"
            )
        }
    }
}

@Suite struct `A time from now` {
    @Test(arguments: [
        "ago", "2 ago", "two hours ago", "-1 hours ago", "1.5 hours ago", "2 hours", "2 fortnights ago",
        "yesterday ago",
        "99999999999999999999 days ago", "1000000000 weeks ago", "2 3 hours ago", "+1 day ago", "٣ days ago",
    ])
    func `is nothing but a number, a unit and "ago"`(text: String) {
        #expect(RelativeTime(text) == nil)
    }

    @Test func `keeps the time of day over a change of the clock`() throws {
        let berlin = try #require(TimeZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3"))
        let now = Timestamp(seconds: 1_774_785_600)  // 2026-03-29 14:00 in Berlin, after the change
        let day = try #require(RelativeTime("1 day ago")).moment(now: now, in: berlin)
        #expect(day.localText(in: berlin) == "2026-03-28 14:00:00")
        let hours = try #require(RelativeTime("24 hours ago")).moment(now: now, in: berlin)
        #expect(hours.localText(in: berlin) == "2026-03-28 13:00:00")
        let yesterday = try #require(RelativeTime("Yesterday")).moment(now: now, in: berlin)
        #expect(yesterday.localText(in: berlin) == "2026-03-28 23:59:59")
        let month = try #require(RelativeTime("1 month ago")).moment(now: now, in: berlin)
        #expect(month.localText(in: berlin) == "2026-03-01 14:00:00")
    }

    @Test(arguments: [Int64.min, -1, .max])
    func `never traps`(seconds: Int64) throws {
        for text in [
            "1000000000 years ago", "999999999 seconds ago", "yesterday", "9223372036854775807s ago",
        ] {
            let time = try #require(RelativeTime(text))
            _ = time.moment(now: Timestamp(seconds: seconds), in: TimeZoneRules(offsetSeconds: -90_000))
        }
    }
}
