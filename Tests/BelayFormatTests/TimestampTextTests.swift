import BelayCore
import BelayFormat
import Testing

@Suite struct `The text of a timestamp` {
    private func parse(_ text: String) -> Timestamp? {
        Array(text.utf8).withBytes { TimestampText.parse($0) }
    }

    @Test func `agrees with what restic wrote`() throws {
        for vector in try Vectors.shared.get().times where vector.lossless {
            let parsed = try #require(parse(vector.text), "\(vector.text)")
            #expect(
                parsed == Timestamp(seconds: vector.unixSeconds, nanoseconds: vector.nanoseconds),
                "\(vector.text)"
            )
            #expect(TimestampText.text(parsed) == vector.text)
        }
    }

    /// Each day of 800 years around the epoch and the ends of the range, against counting them off.
    @Test func `follows the calendar`() {
        var seconds: Int64 = -62_167_219_200  // 0000-01-01
        for year in [0, 1, 4, 100, 400] + Array(1896...2104) + [9999] {
            let first = Timestamp(seconds: seconds)
            var day =
                parse("\(String(repeating: "0", count: 4 - "\(year)".count))\(year)-01-01T00:00:00Z")?.seconds
                ?? 0
            if year == 0 { #expect(day == first.seconds) }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let months = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            for (month, length) in months.enumerated() {
                for number in 1...length {
                    let text = TimestampText.text(Timestamp(seconds: day))
                    let expected = [year, month + 1, number].map { "\($0 < 10 ? "0" : "")\($0)" }
                    #expect(text.hasSuffix("\(expected[1])-\(expected[2])T00:00:00Z"))
                    #expect(parse(text)?.seconds == day)
                    day += 86_400
                }
            }
            seconds = day
        }
    }

    @Test(arguments: [
        (Int64.min, "0000-"), (Int64.max, "9999-"), (-62_167_219_201, "0000-12-31T23:59:59Z"),
        (253_402_300_800, "9999-01-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_407_484_800, "9999-03-01T00:00:00Z"),
    ])
    func `stays within four digits of year`(seconds: Int64, start: String) throws {
        let text = TimestampText.text(Timestamp(seconds: seconds))
        #expect(text.hasPrefix(start), "\(text)")
        _ = try #require(parse(text))
        _ = TimestampText.text(Timestamp(seconds: seconds, nanoseconds: .max, offsetMinutes: .max))
        _ = TimestampText.text(Timestamp(seconds: seconds, nanoseconds: 1, offsetMinutes: .min))
    }

    @Test(
        arguments: [
            ("2024-05-01T10:00:00,5Z", 1_714_557_600, 500_000_000, 0),
            ("2024-05-01T10:00:00.1234567891234Z", 1_714_557_600, 123_456_789, 0),
            ("2024-05-01T10:00:00+00:00", 1_714_557_600, 0, 0),
            ("2024-05-01T10:00:00.000-23:59", 1_714_557_600 + 86_340, 0, -1439),
        ] as [(String, Int64, UInt32, Int16)]
    )
    func `is read leniently where restic is`(
        text: String,
        seconds: Int64,
        nanoseconds: UInt32,
        offset: Int16
    ) throws {
        let parsed = try #require(parse(text))
        #expect(parsed == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(parsed.offsetMinutes == offset)
    }

    @Test(arguments: [
        "", "2024", "2024-05-01t10:00:00Z", "2024-05-01T10:00:00z", "2024-05-01 10:00:00Z",
        "2024-05-01T10:00:00",
        "2024-05-01T10:00:00.Z", "2024-13-01T10:00:00Z", "2024-00-01T10:00:00Z", "2024-02-30T10:00:00Z",
        "2023-02-29T10:00:00Z", "2024-05-00T10:00:00Z", "2024-05-01T24:00:00Z", "2024-05-01T10:60:00Z",
        "2024-05-01T10:00:60Z", "2024-05-01T10:00:00+24:00", "2024-05-01T10:00:00+01:60",
        "2024-05-01T10:00:00+0100",
        "12024-05-01T10:00:00Z", "2024-05-01T10:00:00Zx", "2024-05-01T10:00:00+01:00x",
        "2024-05-01T10:00:00.",
        "2024-05-01T10:00:00.123", "-024-05-01T10:00:00Z", "2024-05-01T10:00:00+1:00",
    ])
    func `is refused otherwise`(text: String) {
        #expect(parse(text) == nil)
    }
}
