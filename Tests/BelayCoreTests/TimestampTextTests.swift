import BelayCore
import Testing

@Suite struct `A timestamp on the calendar` {
    private let time = Timestamp(seconds: 1_769_092_215, nanoseconds: 500_000_000, offsetMinutes: -210)

    @Test func `shows the fields of its own offset, or of a zone`() throws {
        let berlin = try #require(TimeZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3"))
        #expect(time.civil.description == "2026-01-22 11:00:15")
        #expect(time.localText(in: berlin) == "2026-01-22 15:30:15")
        #expect(time.compactText(in: .utc) == "20260122_143015")
        #expect(time.inZone(berlin) == time)
        #expect(time.inZone(berlin).offsetMinutes == 60)
    }

    @Test func `moves by the calendar, keeping its offset, or the clock of a zone`() throws {
        let berlin = try #require(TimeZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3"))
        let summer = Timestamp(seconds: 1_783_000_000, offsetMinutes: 120)
        #expect(summer.civil.description == "2026-07-02 15:46:40")
        let fixed = summer.subtracting(CalendarSpan(months: 6))
        #expect(fixed.civil.description == "2026-01-02 15:46:40")
        #expect(fixed.offsetMinutes == 120)
        let local = summer.subtracting(CalendarSpan(months: 6), in: berlin)
        #expect(local.civil.description == "2026-01-02 15:46:40")
        #expect(local.offsetMinutes == 60)
        #expect(local.seconds(since: fixed) == 3600)
        #expect(
            summer.subtracting(CalendarSpan(days: 1, hours: 2)).civil.description == "2026-07-01 13:46:40"
        )
        #expect(summer.adding(CalendarSpan(years: 1)).civil.description == "2027-07-02 15:46:40")
    }

    @Test func `counts whole seconds between instants towards zero`() {
        let early = Timestamp(seconds: 10, nanoseconds: 900)
        #expect(Timestamp(seconds: 12, nanoseconds: 800).seconds(since: early) == 1)
        #expect(early.seconds(since: Timestamp(seconds: 12, nanoseconds: 800)) == -1)
        #expect(early.seconds(since: early) == 0)
    }

    @Test(arguments: extremes)
    func `never traps`(seconds: Int64) {
        let longest = CalendarSpan(years: .max, months: .max, days: .max, hours: .max)
        for offset in [Int16.min, 0, .max] {
            let time = Timestamp(seconds: seconds, nanoseconds: .max, offsetMinutes: offset)
            for zone in [nil, TimeZoneRules.utc, TimeZoneRules(offsetSeconds: .max)] {
                _ = time.adding(longest, in: zone)
                _ = time.subtracting(longest, in: zone)
            }
            _ = time.adding(TimeSpan(seconds: .max)).subtracting(TimeSpan(seconds: .max))
            #expect(time.localText(in: .utc).utf8.count == 19)
            _ = Age.text(of: time, now: Timestamp(seconds: 0))
            _ = Age.text(of: Timestamp(seconds: .max), now: time)
        }
    }
}

@Suite struct `A typed time` {
    private let time = Timestamp(seconds: 1_769_092_215, nanoseconds: 120_000_000)

    @Test(arguments: [
        "2026", "202601", "2026012", "20260122", "20260122_", "20260122_1", "20260122_14", "20260122_1430",
        "20260122_143015",
        "20260122T143015", "20260122-1430", "2026-01", "2026-01-22", "2026-01-22 14", "2026-01-22 14:30",
        "2026-01-22 14:30:15", "2026-01-22T14:30:15Z", "2026-01-22T14:30:15.12Z",
        "2026-01-22T14:30:15.120000000Z",
        "2026-01-22T15:30:15+01:00", "2026-01-22T11:00-03:30", "2026-01-22 14:30:15.1",
        "2026-01-22 14:30:15.1200000009",
    ])
    func `matches what begins like it`(text: String) throws {
        #expect(try #require(TimestampPattern(text)).matches(time, in: .utc))
    }

    @Test(arguments: [
        "2025", "20260123", "20260122_15", "20260122_143016", "2026-01-22T14:30:15.13Z", "2026-01-22 14:31",
        "2026-01-22T14:30:15+01:00",
    ])
    func `does not match other times`(text: String) throws {
        #expect(try #require(TimestampPattern(text)).matches(time, in: .utc) == false)
    }

    @Test(arguments: [
        "", "202", "2026-1", "2026-13", "20261301", "20260230", "2026-02-30", "20260122_25", "20260122_1460",
        "2026-01-22 24:00",
        "2026-01-22x", "2026-01-22 14:3", "2026-01-22 14:30:15.", "2026-01-22T14:30+1:00",
        "2026-01-22T14:30+25:00", "123456789",
        "20260122_1430155", "2026-01-22Z", "deadbeef", "2026-", "2026-01-", "20260122x1", "٢٠٢٦",
    ])
    func `is nothing else`(text: String) {
        #expect(TimestampPattern(text) == nil)
    }

    @Test func `begins at the first instant that matches`() throws {
        for text in ["2026", "2026-01", "20260122", "2026-01-22 14:30", "2026-01-22T14:30:15.12+02:00"] {
            let pattern = try #require(TimestampPattern(text))
            let zone = TimeZoneRules(offsetSeconds: -12_600)
            let first = pattern.earliest(in: zone)
            #expect(pattern.matches(first, in: zone))
            let before = Timestamp(seconds: first.seconds - 1, nanoseconds: 999_999_999)
            #expect(!pattern.matches(before, in: zone))
        }
    }

    @Test func `is found again from every printed time`() throws {
        var generator = SeededGenerator(seed: 6)
        let berlin = try #require(TimeZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3"))
        for _ in 0..<1000 {
            let time = Timestamp(seconds: .random(in: -62_000_000_000...253_000_000_000, using: &generator))
            for text in [time.compactText(in: berlin), time.localText(in: berlin)] {
                #expect(try #require(TimestampPattern(text)).matches(time, in: berlin), "\(time.seconds)")
            }
        }
    }
}

@Suite struct `An age` {
    @Test(arguments: [
        (0, "just now"), (4, "just now"), (42, "42 s ago"), (60, "1 min ago"), (200, "3 min ago"),
        (3600, "1 hour ago"),
        (86_399, "23 hours ago"), (86_400, "1 day ago"), (172_800, "2 days ago"), (1_209_600, "2 weeks ago"),
        (5_270_400, "2 months ago"), (69_120_000, "2 years ago"), (-200, "in 3 min"), (-1, "just now"),
    ])
    func `is told in the largest useful unit`(seconds: Int64, text: String) {
        let now = Timestamp(seconds: 1_769_092_215)
        #expect(Age.text(of: Timestamp(seconds: now.seconds - seconds), now: now) == text)
    }
}
