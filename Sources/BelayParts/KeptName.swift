package import BelayCore

/// Names of kept states: `shop_belay_20261121_152233`, the name of what was replaced and when, in UTC.
///
/// The moment stands in the name, so that what is kept needs no list that could be lost.
package enum KeptName {
    private static let mark = "_belay_"
    private static let momentLength = 15

    /// The name of a state of `base` that was replaced at `moment`, no longer than `maximum` bytes.
    package static func text(_ base: String, _ moment: Timestamp, maximum: Int = 63) -> String {
        prefix(base, maximum) + moment.compactText(in: .utc)
    }

    /// The name of a state of `base` that is replaced at `moment`, or at the next one whose name is not taken.
    package static func free(
        _ base: String,
        _ moment: Timestamp,
        maximum: Int = 63,
        isTaken: (String) -> Bool
    ) -> (name: String, moment: Timestamp) {
        var moment = moment
        while true {
            let name = text(base, moment, maximum: maximum)
            if !isTaken(name) { return (name, moment) }
            moment = Timestamp(seconds: moment.seconds &+ 1)
        }
    }

    /// When the state of that name was replaced; `nil` if it is none of `base`.
    package static func moment(of name: String, base: String, maximum: Int = 63) -> Timestamp? {
        let prefix = prefix(base, maximum)
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        guard rest.utf8.count == momentLength else { return nil }
        return TimestampPattern(rest)?.earliest(in: .utc)
    }

    /// What the state of that name replaced, if the name was not too long to be there as a whole.
    package static func base(of name: String) -> String? {
        guard name.utf8.count > momentLength + mark.utf8.count else { return nil }
        let base = String(name.dropLast(momentLength))
        guard base.hasSuffix(mark), TimestampPattern(name.suffix(momentLength)) != nil else { return nil }
        return String(base.dropLast(mark.utf8.count))
    }

    /// The name of a state of `base` that is being loaded, another one each time.
    package static func arriving(_ base: String, maximum: Int = 63) -> String {
        let digits = String(UInt64.random(in: 0..<1_000_000_000_000_000))
        let padding = String(repeating: "0", count: momentLength - digits.utf8.count)
        return prefix(base, maximum) + padding + digits
    }

    /// Whether that is the name of a state of `base` that was being loaded.
    package static func isArriving(_ name: String, base: String, maximum: Int = 63) -> Bool {
        let prefix = prefix(base, maximum)
        guard name.hasPrefix(prefix) else { return false }
        let rest = name.dropFirst(prefix.count)
        // A moment has a mark between day and time.
        return rest.utf8.count == momentLength && rest.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func prefix(_ base: String, _ maximum: Int) -> String {
        let room = maximum - mark.utf8.count - momentLength
        var short = base
        while short.utf8.count > room { short.removeLast() }
        return short + mark
    }
}
