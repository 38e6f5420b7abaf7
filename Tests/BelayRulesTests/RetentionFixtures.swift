import BelayCore
import BelayRules
import Foundation

/// What restic 0.18 decided about generated histories.
struct ResticVerdicts: Decodable {
    struct Batch: Decodable {
        /// Each policy as its flags, without the dashes, and their values.
        var policies: [[[String]]]
        var histories: [History]
    }

    struct History: Decodable {
        /// Per snapshot: seconds since the one before, offset in minutes, tags as bits, nanoseconds.
        var snapshots: String
        /// Per policy and snapshot, a letter for each reason to keep it.
        var verdicts: [String]
    }

    var now: Int64
    /// The zone restic ran in.
    var zone: String
    var tags: [String]
    var sets: [Batch]
}

/// restic's grouping of some snapshots, and what it kept of them.
struct ResticGroups: Decodable {
    struct Snapshot: Decodable {
        var seconds: Int64
        var hostname: String
        var paths: [String]
        var tags: [String]

        init(from decoder: any Decoder) throws {
            var fields = try decoder.unkeyedContainer()
            seconds = try fields.decode(Int64.self)
            hostname = try fields.decode(String.self)
            paths = try fields.decode([String].self)
            tags = try fields.decode([String].self)
        }
    }

    var now: Int64
    var snapshots: [Snapshot]
    /// Per `--group-by` value, each group as what was kept and what was removed.
    var groups: [String: [[[Int]]]]
    /// Per `--keep-tag` value, what was kept together with `--keep-last 1`.
    var keepTags: [String: [Int]]
}

func resticFixture<Value: Decodable>(
    _ name: String,
    as type: Value.Type,
    file: String = #filePath
) throws -> Value {
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Fixtures")
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent(name)))
}

/// An id that a test can tell: its first word is the number.
func identifier(_ number: Int, _ last: UInt64 = 0) -> SnapshotID {
    SnapshotID(Digest(UInt64(number), 0, 0, last))
}

extension ResticVerdicts.History {
    func timesAndTags(names: [String]) -> [(time: Timestamp, tags: [String])] {
        var seconds: Int64 = 0
        return snapshots.split(separator: ",").map { entry in
            let fields = entry.split(separator: "/").map { Int64($0) ?? 0 }
            func field(_ index: Int) -> Int64 { index < fields.count ? fields[index] : 0 }
            seconds += fields[0]
            let time = Timestamp(
                seconds: seconds,
                nanoseconds: UInt32(field(3)),
                offsetMinutes: Int16(field(1))
            )
            return (time, names.indices.filter { field(2) >> Int64($0) & 1 == 1 }.map { names[$0] })
        }
    }
}

extension RetentionPolicy {
    /// The policy of restic's flags.
    init(flags: [[String]]) throws {
        self.init()
        for flag in flags {
            let value = flag[1]
            switch flag[0] {
            case "keep-last": keepLast = Limit(value)
            case "keep-hourly": keepHourly = Limit(value)
            case "keep-daily": keepDaily = Limit(value)
            case "keep-weekly": keepWeekly = Limit(value)
            case "keep-monthly": keepMonthly = Limit(value)
            case "keep-yearly": keepYearly = Limit(value)
            case "keep-within": keepWithin = CalendarSpan(value)
            case "keep-within-hourly": keepWithinHourly = CalendarSpan(value)
            case "keep-within-daily": keepWithinDaily = CalendarSpan(value)
            case "keep-within-weekly": keepWithinWeekly = CalendarSpan(value)
            case "keep-within-monthly": keepWithinMonthly = CalendarSpan(value)
            case "keep-within-yearly": keepWithinYearly = CalendarSpan(value)
            case "keep-tag": keepTags.append(Self.tagList(value))
            default: throw UnknownFlag(name: flag[0])
            }
        }
    }

    struct UnknownFlag: Error {
        var name: String
    }
}

extension RetentionReason {
    /// The letter that stands for the reason in the fixtures; `nil` for reasons that restic does not have.
    var letter: Character? {
        func pick(_ letters: String, _ period: CalendarPeriod, _ isOldest: Bool) -> Character {
            let letter = Array(letters)[Int(period.rawValue)]
            return isOldest ? Character(letter.uppercased()) : letter
        }
        switch self {
        case .last: return "a"
        case .period(let period, let isOldest): return pick("bcdef", period, isOldest)
        case .within: return "w"
        case .periodWithin(let period, _, let isOldest): return pick("ghijk", period, isOldest)
        case .tags: return "t"
        default: return nil
        }
    }
}

/// Seeded randomness: the same seed gives the same test.
struct HistoryGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let mixed = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
        return mixed ^ mixed >> 32
    }
}
