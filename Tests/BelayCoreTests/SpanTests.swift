import BelayCore
import Testing

@Suite struct `A time span` {
    @Test(arguments: [
        ("90s", 90), ("15m", 900), ("2h", 7200), ("30d", 2_592_000), ("1w", 604_800), ("1h30m", 5400),
        ("0s", 0),
        (" 5m ", 300), ("1w1d1h1m1s", 694_861),
    ])
    func `reads what settings say`(text: String, seconds: Int64) {
        #expect(TimeSpan(text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", " ", "5", "m", "-5m", "+5m", "5x", "5M", "1m1h", "1h1h", "1.5h", "1 h", "5m5", "1y", "٣m",
        "9223372036854775808s", "9223372036854775807m", "15250284452471w15250284452471d9223372036854775807s",
    ])
    func `refuses anything else, and what does not fit`(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(arguments: [(0, "0s"), (90, "1m30s"), (604_800, "7d"), (2_592_000, "30d"), (7200, "2h")])
    func `prints days and smaller units`(seconds: Int64, text: String) {
        #expect(TimeSpan(seconds: seconds).description == text)
    }

    @Test func `reads back what it prints`() {
        var generator = SeededGenerator(seed: 2)
        for shift in 0..<63 {
            let span = TimeSpan(seconds: Int64.random(in: 0...Int64.max >> Int64(shift), using: &generator))
            #expect(TimeSpan(span.description) == span)
        }
        #expect(TimeSpan(seconds: .min) == .zero)
    }
}

@Suite struct `A calendar span` {
    @Test func `reads what restic reads`() {
        #expect(CalendarSpan("2y5m7d3h") == CalendarSpan(years: 2, months: 5, days: 7, hours: 3))
        #expect(CalendarSpan("30d") == CalendarSpan(days: 30))
        #expect(CalendarSpan("3h2d") == CalendarSpan(days: 2, hours: 3))
        #expect(CalendarSpan(" 5d") == CalendarSpan(days: 5))
        #expect(CalendarSpan("0d")?.isZero == true)
    }

    @Test(arguments: ["", "h", "5", "-2d", "5w", "5D", "2d2d", "1000000001d", "99999999999999999999d"])
    func `refuses what restic refuses, repeated units and numbers beyond any use`(text: String) {
        #expect(CalendarSpan(text) == nil)
    }

    @Test func `reads back what it prints`() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            func number() -> Int {
                Bool.random(using: &generator) ? 0 : .random(in: 0...1_000_000_000, using: &generator)
            }
            let span = CalendarSpan(years: number(), months: number(), days: number(), hours: number())
            #expect(CalendarSpan(span.description) == span)
        }
        #expect(CalendarSpan(years: .max, hours: .min) == CalendarSpan(years: CalendarSpan.maximum))
    }
}
