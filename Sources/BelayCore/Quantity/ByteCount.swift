/// A number of bytes.
package struct ByteCount: Hashable, Sendable {
    package var bytes: UInt64

    package init(_ bytes: UInt64) {
        self.bytes = bytes
    }

    package static let zero = ByteCount(0)

    /// That many times 1024 bytes, held to what fits.
    package static func kibibytes(_ number: UInt64) -> ByteCount { ByteCount(units: number, 1 << 10) }
    /// That many times 1024² bytes, held to what fits.
    package static func mebibytes(_ number: UInt64) -> ByteCount { ByteCount(units: number, 1 << 20) }
    /// That many times 1024³ bytes, held to what fits.
    package static func gibibytes(_ number: UInt64) -> ByteCount { ByteCount(units: number, 1 << 30) }

    private init(units: UInt64, _ size: UInt64) {
        let (value, overflow) = units.multipliedReportingOverflow(by: size)
        bytes = overflow ? .max : value
    }

    /// The sum, held to what fits.
    package static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        let (sum, overflow) = left.bytes.addingReportingOverflow(right.bytes)
        return ByteCount(overflow ? .max : sum)
    }

    /// The difference, or nothing if `right` is larger.
    package static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.bytes > right.bytes ? left.bytes - right.bytes : 0)
    }

    package static func += (left: inout ByteCount, right: ByteCount) {
        left = left + right
    }
}

extension ByteCount: Comparable {
    package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }
}

// MARK: - Text

extension ByteCount {
    /// The size that `text` spells: `512KiB`, `2GiB`, `1.5 MiB`, `10M`, `4096`.
    ///
    /// `K`, `M`, `G`, `T`, `P` and `E` alone count by 1024, as restic takes them, and so do `KiB` and the
    /// like; `kB`, `MB` and the like count by 1000. Case does not matter. A fraction of a byte is cut off.
    /// `nil` for anything else and for what does not fit.
    package init?(_ text: some StringProtocol) {
        let lower = text.lowercased().utf8
        let number = lower.prefix { $0 >= 0x30 && $0 <= 0x39 || $0 == UInt8(ascii: ".") }
        let unit = lower[number.endIndex...].drop { $0 == UInt8(ascii: " ") }
        guard let size = Self.size(ofUnit: String(unit) ?? "?") else { return nil }
        let parts = number.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, let units = UInt64(String(whole) ?? "") else { return nil }
        let (value, overflow) = units.multipliedReportingOverflow(by: size)
        var fraction: UInt64 = 0
        if parts.count == 2 {
            guard let part = Self.fraction(of: size, parts[1]) else { return nil }
            fraction = part
        }
        let (sum, carried) = value.addingReportingOverflow(fraction)
        if overflow || carried { return nil }
        bytes = sum
    }

    private static func size(ofUnit unit: String) -> UInt64? {
        if unit.isEmpty || unit == "b" { return 1 }
        guard let first = unit.utf8.first, let power = Array("kmgtpe".utf8).firstIndex(of: first) else {
            return nil
        }
        switch unit.dropFirst() {
        case "", "i", "ib": return 1 << UInt64(10 * (power + 1))
        case "b": return (0...power).reduce(1) { size, _ in size * 1000 }
        default: return nil
        }
    }

    /// `0.digits` of a size; `nil` unless there are 1 to 9 digits, which keeps the product exact.
    private static func fraction(of size: UInt64, _ digits: Substring.UTF8View) -> UInt64? {
        guard (1...9).contains(digits.count), let value = UInt64(String(digits) ?? "") else { return nil }
        let scale = digits.reduce(UInt64(1)) { scale, _ in scale * 10 }
        // Below `size`, since the value is below the scale; hence the division cannot overflow.
        return scale.dividingFullWidth(value.multipliedFullWidth(by: size)).quotient
    }
}

extension ByteCount: CustomStringConvertible {
    /// The size for people, by 1024: `0 B`, `512 KiB`, `1.3 GiB`.
    ///
    /// One digit after the point below 100, none from there on; rounded half up.
    package var description: String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        let names = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        var power = 0
        while power < 5, bytes >> UInt64(10 * (power + 2)) > 0 { power += 1 }
        let unit: UInt64 = 1 << UInt64(10 * (power + 1))
        let (whole, rest) = bytes.quotientAndRemainder(dividingBy: unit)
        guard whole >= 100 else {
            // A unit is at most 2⁶⁰, so ten times the remainder fits.
            let tenths = whole * 10 + (rest * 10 + unit / 2) / unit
            let fraction = tenths.isMultiple(of: 10) ? "" : ".\(tenths % 10)"
            return "\(tenths / 10)\(fraction) \(names[power])"
        }
        let rounded = whole + (rest >= unit - rest ? 1 : 0)
        // What rounds to 1024 of a unit is one of the next. There are at most 16 of the last.
        return rounded == 1024 ? "1 \(names[power + 1])" : "\(rounded) \(names[power])"
    }
}

/// Bytes in a time, for people: `12.3 MiB/s`.
package struct ByteRate: Hashable, Sendable {
    package let bytesPerSecond: UInt64

    /// The rate at which `count` bytes took `elapsed`; zero for no time at all.
    package init(_ count: ByteCount, in elapsed: Duration) {
        let (seconds, attoseconds) = elapsed.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let microseconds = overflow ? Int64.max : Saturating.sum(whole, attoseconds / 1_000_000_000_000)
        guard microseconds > 0 else {
            bytesPerSecond = 0
            return
        }
        let divisor = UInt64(microseconds)
        let product = count.bytes.multipliedFullWidth(by: 1_000_000)
        bytesPerSecond = product.high < divisor ? divisor.dividingFullWidth(product).quotient : .max
    }
}

extension ByteRate: CustomStringConvertible {
    package var description: String { "\(ByteCount(bytesPerSecond))/s" }
}
