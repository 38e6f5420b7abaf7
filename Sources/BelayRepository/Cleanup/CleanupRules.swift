package import BelayCore

/// How much waste a cleanup leaves where it is, because taking it out costs more than it is worth.
package struct CleanupRules: Hashable, Sendable {
    /// How many unused bytes may stay in packs that hold used ones too.
    package enum UnusedLimit: Hashable, Sendable {
        /// A share of what the packs hold afterwards, in hundredths of a percent.
        case share(hundredths: UInt64)
        case bytes(ByteCount)
        case unlimited
    }

    package var unusedLimit: UnusedLimit
    /// The most bytes of packs to be written anew; `nil` for any number.
    package var repackMaximum: ByteCount?
    /// The length from which on a pack is closed, in bytes.
    package var packSize: Int

    /// What restic takes by default: 5 % unused, packs of 16 MiB.
    package init(
        unusedLimit: UnusedLimit = .share(hundredths: 500),
        repackMaximum: ByteCount? = nil,
        packSize: Int = 16 << 20
    ) {
        self.unusedLimit = unusedLimit
        self.repackMaximum = repackMaximum
        self.packSize = packSize
    }

    /// A pack below this length is small: it would be better off joined with others.
    var smallPackLength: UInt64 { UInt64(packSize / 25) }

    /// So many small packs of a type are joined; fewer are not worth it.
    static let smallPacksMinimum = 10

    /// How many unused bytes may stay beside so many used ones.
    func unusedMaximum(used: UInt64) -> UInt64 {
        switch unusedLimit {
        case .unlimited: return .max
        case .bytes(let count): return count.bytes
        case .share(let hundredths):
            guard hundredths < 10_000 else { return .max }
            // p of the whole is p / (1 - p) of the used part.
            let divisor = 10_000 - hundredths
            let product = used.multipliedFullWidth(by: hundredths)
            return product.high < divisor ? divisor.dividingFullWidth(product).quotient : .max
        }
    }
}

extension CleanupRules.UnusedLimit {
    /// The limit that `text` spells as restic's `--max-unused` does: `5%`, `0.5%`, `200M`, `0`, `unlimited`.
    ///
    /// `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        if text == "unlimited" {
            self = .unlimited
        } else if text.hasSuffix("%") {
            guard let hundredths = Self.hundredths(of: text.dropLast()) else { return nil }
            self = .share(hundredths: hundredths)
        } else {
            guard let count = ByteCount(text) else { return nil }
            self = .bytes(count)
        }
    }

    /// The hundredths of a percent in a decimal number from 0 to 100; digits beyond two are cut off.
    static func hundredths(of text: some StringProtocol) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, first.allSatisfy(\.isASCII), let whole = UInt64(first), whole <= 100
        else {
            return nil
        }
        var hundredths: UInt64 = 0
        if parts.count == 2 {
            let digits = parts[1]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
            hundredths = UInt64((digits + "0").prefix(2)) ?? 0
        }
        let value = whole * 100 + hundredths
        return value <= 10_000 ? value : nil
    }
}
