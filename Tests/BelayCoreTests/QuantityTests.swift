import BelayCore
import Testing

@Suite struct `A byte count` {
    @Test(arguments: [
        ("0", 0), ("4096", 4096), ("10B", 10), ("512KiB", 524_288), ("2GiB", 2_147_483_648),
        ("10M", 10_485_760),
        ("10m", 10_485_760), ("1k", 1024), ("1.5 MiB", 1_572_864), ("5MB", 5_000_000), ("1kB", 1000),
        ("0.5K", 512),
        ("15E", 17_293_822_569_102_704_640), ("18446744073709551615", UInt64.max),
        ("1.999999999GiB", 2_147_483_646),
        ("3T", 3_298_534_883_328), ("2Gi", 2_147_483_648), ("1P", 1_125_899_906_842_624),
    ])
    func `reads sizes with units`(text: String, bytes: UInt64) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "K", "-1", "+1", "1X", "1KiBs", "1..5M", "1.M", ".5M", "1.5.5M", "16E", "18446744073709551616",
        "1 0", " 1",
        "15.9999E1", "1.0000000001G", "MiB5", "1e3", "٣",
    ])
    func `refuses anything else, and what does not fit`(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(arguments: [
        (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (524_288, "512 KiB"),
        (1_395_864_371, "1.3 GiB"),
        (102_348, "99.9 KiB"), (102_399, "100 KiB"), (102_862, "100 KiB"), (1_048_063, "1023 KiB"),
        (1_048_064, "1 MiB"),
        (1_048_575, "1 MiB"), (UInt64.max, "16 EiB"), (2_147_483_648, "2 GiB"),
    ])
    func `prints sizes for people`(bytes: UInt64, text: String) {
        #expect(ByteCount(bytes).description == text)
    }

    @Test func `reads back what it prints, to a twentieth`() throws {
        var generator = SeededGenerator(seed: 7)
        for shift in 1..<64 {
            let count = ByteCount(UInt64.random(in: 0...UInt64.max >> UInt64(shift), using: &generator))
            let read = try #require(ByteCount(count.description))
            let difference = max(read.bytes, count.bytes) - min(read.bytes, count.bytes)
            #expect(difference <= count.bytes / 20, "\(count.bytes)")
        }
    }

    @Test func `adds and subtracts within its range`() {
        #expect(ByteCount(.max) + ByteCount(1) == ByteCount(.max))
        #expect(ByteCount(1) - ByteCount(2) == .zero)
        #expect(ByteCount.gibibytes(.max) == ByteCount(.max))
        #expect(ByteCount.mebibytes(2) == ByteCount(2_097_152))
    }

    @Test func `makes a rate with a time`() {
        #expect(ByteRate(.mebibytes(100), in: .seconds(8)).description == "12.5 MiB/s")
        #expect(ByteRate(.mebibytes(1), in: .milliseconds(500)).description == "2 MiB/s")
        #expect(ByteRate(.mebibytes(1), in: .zero).description == "0 B/s")
        #expect(ByteRate(ByteCount(.max), in: .microseconds(1)).bytesPerSecond == .max)
        #expect(ByteRate(ByteCount(.max), in: .seconds(Int64.max)).bytesPerSecond > 0)
    }
}

@Suite struct `Other quantities` {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"),
        (Int.min, "-9,223,372,036,854,775,808"),
    ])
    func `group thousands`(number: Int, text: String) {
        #expect(Count.text(number) == text)
    }

    @Test func `name what is counted`() {
        #expect(Count.text(1, "file") == "1 file")
        #expect(Count.text(2000, "file") == "2,000 files")
        #expect(Count.text(0, "entry", "entries") == "0 entries")
    }

    @Test(arguments: [
        (0, 10, "0.0 %"), (453, 1000, "45.3 %"), (999_999, 1_000_000, "99.9 %"), (5, 5, "100 %"),
        (0, 0, "100 %"), (9, 5, "100 %"),
    ])
    func `show a part of a whole, never complete too early`(part: UInt64, whole: UInt64, text: String) {
        #expect(Percentage(part, of: whole).description == text)
    }

    @Test func `stay exact at the end of the range`() {
        #expect(Percentage(.max - 1, of: .max).thousandths == 999)
        #expect(Percentage(ByteCount(.max / 2), of: ByteCount(.max)).thousandths == 499)
    }
}
