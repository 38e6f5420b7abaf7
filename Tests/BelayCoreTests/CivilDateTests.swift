import BelayCore
import Testing

@Suite struct `A civil date` {
    @Test func `agrees with an independent calendar, ISO weeks and weekdays included`() throws {
        for row in try fixture("calendar.json", as: [[Int]].self) {
            let date = CivilDate(daysSinceEpoch: Int64(row[0]))
            #expect([date.year, date.month, date.day] == Array(row[1...3]))
            #expect([date.isoWeek.year, date.isoWeek.week, date.weekday] == Array(row[4...6]))
            #expect(date == CivilDate(year: row[1], month: row[2], day: row[3]))
        }
    }

    @Test func `converts every day of four centuries both ways, in order`() throws {
        var previous = CivilDate(daysSinceEpoch: -150_000)
        for days in Int64(-149_999)...10_000 {
            let date = CivilDate(daysSinceEpoch: days)
            try #require(date.daysSinceEpoch == days)
            try #require(previous < date)
            try #require(previous.weekday % 7 + 1 == date.weekday)
            previous = date
        }
    }

    @Test(arguments: [
        (2015, 12, 31, 2015, 53), (2016, 1, 3, 2015, 53), (2016, 1, 4, 2016, 1), (2020, 12, 31, 2020, 53),
        (2021, 1, 3, 2020, 53), (2024, 12, 30, 2025, 1), (2026, 12, 31, 2026, 53), (2008, 12, 29, 2009, 1),
    ])
    func `counts a week to the year of its Thursday`(_ row: (Int, Int, Int, Int, Int)) throws {
        let week = try #require(CivilDate(year: row.0, month: row.1, day: row.2)).isoWeek
        #expect((week.year, week.week) == (row.3, row.4))
    }

    @Test func `refuses what the calendar does not have`() {
        #expect(CivilDate(year: 2025, month: 2, day: 29) == nil)
        #expect(CivilDate(year: 1900, month: 2, day: 29) == nil)
        #expect(CivilDate(year: 2000, month: 2, day: 29) != nil)
        #expect(CivilDate(year: 2025, month: 13, day: 1) == nil)
        #expect(CivilDate(year: 2025, month: 0, day: 1) == nil)
        #expect(CivilDate(year: 2025, month: 4, day: 31) == nil)
        #expect(CivilDate(year: .max, month: 1, day: 1) == nil)
    }

    @Test(arguments: [
        ("2026-03-31", 0, -1, 0, "2026-03-03"), ("2024-03-31", 0, -1, 0, "2024-03-02"),
        ("2024-02-29", -1, 0, 0, "2023-03-01"), ("2026-01-15", 0, -13, 0, "2024-12-15"),
        ("2026-12-31", 0, 14, 1, "2028-03-03"), ("2026-01-01", 0, 0, -1, "2025-12-31"),
    ])
    func `moves by years, months and days, running over into the next month`(
        start: String,
        years: Int,
        months: Int,
        days: Int,
        end: String
    ) throws {
        let parts = start.split(separator: "-").compactMap { Int($0) }
        let date = try #require(CivilDate(year: parts[0], month: parts[1], day: parts[2]))
        #expect(date.moved(years: years, months: months, days: days).description == end)
    }

    @Test(arguments: extremes)
    func `stays in its range whatever is asked`(number: Int64) {
        let date = CivilDate(daysSinceEpoch: number)
        let other = CivilDate(daysSinceEpoch: -number.magnitude.clamped)
        for date in [date, other] {
            #expect(CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date)
            #expect((1...53).contains(date.isoWeek.week))
            for amount in extremes.map({ Int(truncatingIfNeeded: $0) }) {
                let moved = date.moved(years: amount, months: amount, days: amount)
                #expect(CivilDate.years.contains(moved.year))
            }
        }
    }

    @Test func `prints years outside four digits as the nearest with four`() {
        #expect(CivilTime(secondsSinceEpoch: .max).description == "9999-12-31 23:59:59")
        #expect(CivilTime(secondsSinceEpoch: .min).description == "0000-01-01 00:00:00")
        #expect(CivilTime(secondsSinceEpoch: -62_135_596_800).description == "0001-01-01 00:00:00")
        #expect(CivilTime(secondsSinceEpoch: 1_769_092_215).compact == "20260122_143015")
    }
}

extension UInt64 {
    fileprivate var clamped: Int64 { Int64(Swift.min(self, UInt64(Int64.max))) }
}

@Suite struct `A civil time` {
    @Test func `converts seconds both ways, also before 1970`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let seconds = Int64.random(in: -100_000_000_000...300_000_000_000, using: &generator)
            #expect(CivilTime(secondsSinceEpoch: seconds).secondsSinceEpoch == seconds)
        }
        #expect(CivilTime(secondsSinceEpoch: -1).description == "1969-12-31 23:59:59")
    }

    @Test(arguments: CalendarPeriod.allCases)
    func `has one number for each period, and no number twice`(period: CalendarPeriod) {
        func isSame(_ left: CivilTime, _ right: CivilTime) -> Bool {
            switch period {
            case .hour: left.date == right.date && left.hour == right.hour
            case .day: left.date == right.date
            case .week: left.date.isoWeek == right.date.isoWeek
            case .month: left.date.year == right.date.year && left.date.month == right.date.month
            case .year: left.date.year == right.date.year
            }
        }
        var previous = CivilTime(secondsSinceEpoch: -40_000_000)
        for step in 1...40_000 {
            let next = CivilTime(secondsSinceEpoch: -40_000_000 + Int64(step) * 1800)
            let hasSameNumber = previous.number(of: period) == next.number(of: period)
            if hasSameNumber != isSame(previous, next)
                || previous.number(of: period) > next.number(of: period)
            {
                Issue.record("\(previous) and \(next)")
            }
            previous = next
        }
    }

    @Test func `refuses what no clock shows`() {
        let date = CivilDate(daysSinceEpoch: 0)
        #expect(CivilTime(date: date, hour: 24) == nil)
        #expect(CivilTime(date: date, minute: 60) == nil)
        #expect(CivilTime(date: date, second: 60) == nil)
        #expect(CivilTime(date: date, hour: 23, minute: 59, second: 59, nanosecond: 999_999_999) != nil)
    }
}
