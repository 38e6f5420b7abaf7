import BelayCore
import Foundation
import Testing

private struct Zone: Decodable {
    var name: String
    var posix: String
    var tzif: Data
    var offsets: [[Int64]]
}

@Suite struct `Time zone rules` {
    private let zones: [Zone]
    private let berlin: TimeZoneRules

    init() throws {
        zones = try fixture("zones.json", as: [Zone].self)
        berlin = try #require(TimeZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3"))
    }

    @Test func `agree with an independent reader at and between transitions`() throws {
        for zone in zones {
            let rules = try TimeZoneRules(zoneFile: Array(zone.tzif))
            for row in zone.offsets where Int64(rules.offset(at: row[0])) != row[1] {
                Issue.record("\(zone.name) at \(row[0]): \(rules.offset(at: row[0])), expected \(row[1])")
            }
        }
    }

    @Test func `follow the POSIX text alone after the last transition`() throws {
        for zone in zones where zone.name != "Africa/Casablanca" {
            let rules = try #require(TimeZoneRules(posix: zone.posix))
            for row in zone.offsets where row[0] > 1_800_000_000 {
                #expect(Int64(rules.offset(at: row[0])) == row[1], "\(zone.name) at \(row[0])")
            }
        }
    }

    @Test func `give back every instant for the time its clock shows`() throws {
        var generator = SeededGenerator(seed: 4)
        for zone in zones {
            let rules = try TimeZoneRules(zoneFile: Array(zone.tzif))
            let near = zone.offsets.map { $0[0] + Int64.random(in: -7200...7200, using: &generator) }
            for seconds in near + zone.offsets.map({ $0[0] }) {
                let time = Timestamp(seconds: seconds, nanoseconds: 7)
                switch rules.resolve(time.civil(in: rules)) {
                case .once(let found): #expect(found == time, "\(zone.name) \(seconds)")
                case .repeated(let earliest, let latest):
                    #expect(earliest < latest)
                    #expect(earliest <= time && time <= latest)
                    #expect(earliest.civil(in: rules) == latest.civil(in: rules))
                case .skipped: Issue.record("\(zone.name) \(seconds)")
                }
            }
        }
    }

    @Test func `move a time that the clock skips forwards by the gap`() throws {
        let time = try #require(CivilTime(date: day(2026, 3, 29), hour: 2, minute: 30))
        let expected = Timestamp(seconds: 1_774_747_800)
        #expect(berlin.resolve(time) == .skipped(expected))
        #expect(berlin.resolve(time).timestamp.localText(in: berlin) == "2026-03-29 03:30:00")
        #expect(berlin.resolve(time).timestamp.offsetMinutes == 120)
    }

    @Test func `take the earlier of two instants when the clock is set back`() throws {
        let time = try #require(CivilTime(date: day(2026, 10, 25), hour: 2, minute: 30))
        let first = Timestamp(seconds: 1_792_888_200)
        #expect(berlin.resolve(time) == .repeated(earliest: first, latest: Timestamp(seconds: 1_792_891_800)))
        #expect(berlin.resolve(time).timestamp == first)
        #expect(berlin.resolve(time).timestamp.offsetMinutes == 120)
    }

    @Test func `hold a whole day that a zone left out`() throws {
        // Samoa crossed the date line and had no 30 December 2011.
        let apia = try #require(zones.first { $0.name == "Pacific/Apia" })
        let rules = try TimeZoneRules(zoneFile: Array(apia.tzif))
        let time = try #require(CivilTime(date: day(2011, 12, 30), hour: 12))
        guard case .skipped(let instant) = rules.resolve(time) else {
            Issue.record("not skipped")
            return
        }
        #expect(instant.localText(in: rules) == "2011-12-31 12:00:00")
    }

    @Test(arguments: extremes)
    func `answer at any instant`(seconds: Int64) throws {
        for zone in zones {
            let rules = try TimeZoneRules(zoneFile: Array(zone.tzif))
            let time = Timestamp(seconds: seconds, nanoseconds: .max, offsetMinutes: .min)
            #expect(abs(rules.offset(at: seconds)) <= TimeZoneRules.offsetMaximum)
            _ = rules.resolve(time.civil(in: rules))
            _ = time.inZone(rules).civil
        }
    }

    @Test(arguments: [
        "", "A", "AB1", "ABC", "ABC25", "ABC1DEF,", "ABC1DEF,M3.5.0", "ABC1DEF,M13.5.0,M10.5.0",
        "ABC1DEF,M3.6.0,M1.1.0",
        "ABC1DEF,J0,J5", "ABC1DEF,366,5", "<>1", "<ABC1", "ABC1DEF,M3.5.0,M10.5.0,",
        "ABC1DEF,M3.5.0/168,M10.5.0",
        "CET-1CEST,M3.5.0,M10.5.0/3x",
    ])
    func `refuse a text that is no POSIX zone`(text: String) {
        #expect(TimeZoneRules(posix: text) == nil)
    }

    @Test func `read daylight saving time all year, Julian days, and dates left out`() throws {
        let always = try #require(TimeZoneRules(posix: "XXX3EDT4,0/0,J365/23"))
        for seconds in stride(from: Int64(1_700_000_000), to: 1_800_000_000, by: 100_003) {
            #expect(always.offset(at: seconds) == -14_400)
        }
        let julian = try #require(TimeZoneRules(posix: "AAA0BBB,J60/0,J300/0"))
        #expect(julian.offset(at: 1_709_251_199) == 0)  // 2024-02-29T23:59:59Z
        #expect(julian.offset(at: 1_709_251_200) == 3600)
        let american = try #require(TimeZoneRules(posix: "EST5EDT"))
        #expect(american.offset(at: 1_783_000_000) == -14_400)
        #expect(american.offset(at: 1_770_000_000) == -18_000)
    }

    @Test func `refuse damaged zone files and never trap on them`() throws {
        let file = Array(try #require(zones.first).tzif)
        #expect(throws: ZoneFileError.notZoneFile) { try TimeZoneRules(zoneFile: []) }
        #expect(throws: ZoneFileError.notZoneFile) { try TimeZoneRules(zoneFile: Array("hello".utf8)) }
        for length in 4..<file.count {
            #expect(throws: ZoneFileError.self) { try TimeZoneRules(zoneFile: Array(file[..<length])) }
        }
        let seed: UInt64 = 5
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            var damaged = file
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<damaged.count, using: &generator)
                damaged[place] = UInt8.random(in: 0...255, using: &generator)
            }
            // Whether it is refused depends on the byte; only that it answers or throws is asked here.
            guard let rules = try? TimeZoneRules(zoneFile: damaged) else { continue }
            #expect(abs(rules.offset(at: 1_774_747_800)) <= TimeZoneRules.offsetMaximum, "seed \(seed)")
        }
    }

    private func day(_ year: Int, _ month: Int, _ day: Int) throws -> CivilDate {
        try #require(CivilDate(year: year, month: month, day: day))
    }
}
