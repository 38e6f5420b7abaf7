package import BelayCore

/// Which packs a check reads whole.
package enum PackSelection: Hashable, Sendable {
    case none
    case all
    /// The packs whose first byte leaves `number - 1` when divided by `count`, as restic's `n/t` has it.
    case part(number: Int, count: Int)
    /// A random choice of so many hundredths of a percent of the packs.
    case share(hundredths: UInt64)
    /// A random choice of packs of about that size together.
    case size(ByteCount)
    /// The packs that hold something these snapshots need.
    case snapshots(Set<SnapshotID>)

    /// The selection that `text` spells as restic's `--read-data-subset` does: `1/5`, `2.5%`, `500M`.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let number = Int(parts[0]), let count = Int(parts[1]), (1...256).contains(count),
                (1...count).contains(number)
            else { return nil }
            self = .part(number: number, count: count)
        } else if text.hasSuffix("%") {
            guard let hundredths = CleanupRules.UnusedLimit.hundredths(of: text.dropLast()), hundredths > 0
            else {
                return nil
            }
            self = .share(hundredths: hundredths)
        } else {
            guard let count = ByteCount(text), count > .zero else { return nil }
            self = .size(count)
        }
    }

    /// A pack that could be read.
    struct Candidate: Sendable {
        var number: Int
        var id: PackID
        /// Bytes that its blobs and header need.
        var length: UInt64
        /// Bytes that the store tells, which may be any number.
        var listedLength: UInt64
    }

    /// The selected ones of `packs`; `isNeeded` tells whether a snapshot of the selection needs a pack.
    ///
    /// The same seed chooses the same packs of the same repository.
    func choose(_ packs: [Candidate], seed: UInt64, isNeeded: (Candidate) -> Bool) -> [Candidate] {
        switch self {
        case .none: return []
        case .all: return packs
        case .part(let number, let count):
            return packs.filter { Int($0.id.digest.firstByte) % count == number - 1 }
        case .share(let hundredths):
            let product = UInt64(packs.count) * hundredths
            return Array(Self.shuffled(packs, seed).prefix(max(1, Int(product / 10_000))))
        case .size(let wanted):
            var size = ByteCount.zero
            return Self.shuffled(packs, seed).filter { pack in
                guard size < wanted else { return false }
                size += ByteCount(pack.length)
                return true
            }
        case .snapshots: return packs.filter(isNeeded)
        }
    }

    private static func shuffled(_ packs: [Candidate], _ seed: UInt64) -> [Candidate] {
        var generator = SeededGenerator(seed: seed)
        return packs.sorted { $0.id < $1.id }.shuffled(using: &generator)
    }
}

/// Random numbers that follow from a seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
