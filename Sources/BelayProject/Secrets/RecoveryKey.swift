package import BelayCore

/// A random key of 256 bits in a form that people can copy from paper.
///
/// The key is 52 symbols of Crockford's alphabet, which has no letters that look like digits; these symbols
/// are the repository's password. For people they stand in thirteen groups of four, and a fourteenth group
/// proves the others: all 56 symbols together spell a multiple of a prime. So every one or two wrong symbols
/// and every swap of neighbours are noticed, and any other mistake but one in a million.
package struct RecoveryKey: Equatable, Sendable {
    /// Why a text is not a recovery key.
    package enum Failure: Error, Equatable {
        /// The number of symbols that were found, when it is not 56 (or 52, without the last group).
        case wrongLength(Int)
        /// A character that no key has, and the group it stands in, counted from 1.
        case unknownSymbol(Character, group: Int)
        /// The groups do not belong together; the group that is probably wrong, counted from 1, if one stands
        /// out.
        case mistyped(group: Int?)
    }

    /// The 52 symbols, which are the password of the repository.
    package let secret: Secret

    /// The number of random bytes a key is made of.
    package static let byteCount = 32
    private static let symbolCount = 52
    private static let groupLength = 4
    /// The largest prime below 2^20 for which no two wrong symbols make up for each other: of all differences
    /// of one symbol at one of 56 places, no two are equal modulo this number.
    private static let modulus = 1_048_517
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The key made of exactly 32 random bytes; `nil` for any other number.
    package init?(randomBytes bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        var symbols: [Int] = []
        var buffer = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                symbols.append(buffer >> bits & 31)
            }
            buffer &= (1 << bits) - 1
        }
        symbols.append(buffer << (5 - bits))
        self.init(symbols: symbols)
    }

    private init(symbols: [Int]) {
        secret = Secret(bytes: symbols.map { Self.alphabet[$0] })
    }

    /// The fourteen groups of four symbols, the last of which is the proof.
    package var groups: [String] {
        let symbols = secret.reveal().compactMap { Self.alphabet.firstIndex(of: $0) }
        let all = symbols + Self.proof(of: symbols)
        return stride(from: 0, to: all.count, by: Self.groupLength).map { start in
            String(
                decoding: all[start..<min(start + Self.groupLength, all.count)].map { Self.alphabet[$0] },
                as: UTF8.self
            )
        }
    }

    /// Reads a key that somebody typed.
    ///
    /// Case, spaces and dashes do not matter, and `O`, `I` and `L` count as the digits they look like.
    /// Without its last group a key is taken unproved, because that is what restic's users hold.
    package init(typed text: String) throws(Failure) {
        var symbols: [Int] = []
        for character in text where !character.isWhitespace && !"-–—‐.".contains(character) {
            guard let symbol = Self.symbol(for: character) else {
                throw .unknownSymbol(character, group: symbols.count / Self.groupLength + 1)
            }
            symbols.append(symbol)
            if symbols.count > 1_000 { break }
        }
        let key = Array(symbols.prefix(Self.symbolCount))
        switch symbols.count {
        case Self.symbolCount:
            break
        case Self.symbolCount + Self.groupLength:
            let proof = Array(symbols.suffix(Self.groupLength))
            guard Self.proof(of: key) == proof else {
                throw .mistyped(group: Self.suspect(in: symbols))
            }
        default:
            throw .wrongLength(symbols.count)
        }
        // 52 symbols hold 260 bits: the last four are always zero.
        guard let last = key.last, last & 15 == 0 else {
            throw .mistyped(group: Self.symbolCount / Self.groupLength)
        }
        self.init(symbols: key)
    }

    private static func symbol(for character: Character) -> Int? {
        guard let byte = character.uppercased().utf8.first, character.isASCII else { return nil }
        switch byte {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return alphabet.firstIndex(of: byte)
        }
    }

    private static func remainder(of symbols: [Int]) -> Int {
        symbols.reduce(0) { ($0 * 32 + $1) % modulus }
    }

    /// The four symbols that make the whole a multiple of the prime.
    private static func proof(of symbols: [Int]) -> [Int] {
        let value = (modulus - remainder(of: symbols + [0, 0, 0, 0])) % modulus
        return [15, 10, 5, 0].map { value >> $0 & 31 }
    }

    /// The group with the only symbol that can be changed, or else the only two neighbours that can be
    /// swapped, to make the proof right.
    private static func suspect(in symbols: [Int]) -> Int? {
        let wrong = remainder(of: symbols)
        var changed: Set<Int> = []
        var swapped: Set<Int> = []
        var weight = 1
        for position in symbols.indices.reversed() {
            let group = position / groupLength + 1
            let old = symbols[position]
            // What the whole would be modulo the prime if `difference` were added at this place.
            func isRight(adding difference: Int, weighing factor: Int) -> Bool {
                (wrong + (difference + modulus) * factor) % modulus == 0
            }
            for symbol in 0..<32 where symbol != old && isRight(adding: symbol - old, weighing: weight) {
                changed.insert(group)
            }
            // Swapping with the neighbour to the left adds the difference there and takes it away here.
            if position > 0, isRight(adding: old - symbols[position - 1], weighing: weight * 31 % modulus) {
                swapped.insert(group)
            }
            weight = weight * 32 % modulus
        }
        let groups = changed.isEmpty ? swapped : changed
        return groups.count == 1 ? groups.first : nil
    }
}

extension RecoveryKey.Failure: CustomStringConvertible {
    /// What is wrong with the key, without quoting more of it than one character.
    package var description: String {
        switch self {
        case .wrongLength(let count):
            "a recovery key has 14 groups of 4 symbols, 56 in all; found \(count)"
        case .unknownSymbol(let character, let group):
            "`\(Printable.text(String(character)))` in group \(group) occurs in no recovery key"
        case .mistyped(let group?):
            "the recovery key is mistyped, probably in group \(group)"
        case .mistyped(nil):
            "the recovery key is mistyped"
        }
    }
}

extension RecoveryKey {
    /// A page to print or copy and to keep somewhere else: the key, and what it opens.
    ///
    /// The repository is named without credentials, the date as text.
    package func sheet(repository: String, keyID: String, date: String) -> String {
        let groups = self.groups
        let lines = stride(from: 0, to: groups.count, by: 4).map { start in
            "    " + groups[start..<min(start + 4, groups.count)].joined(separator: "-")
        }
        return """
            belay recovery key

            Repository  \(Printable.text(repository))
            Key         \(Printable.text(keyID))
            Made        \(Printable.text(date))

            \(lines.joined(separator: "\n"))

            Whoever has this key can read everything in the repository. Without it, and without the key
            file on the machine that made it, nobody can. Keep it away from both.

            belay takes it as it stands; dashes, spaces and case do not matter.
            For restic the password is the first 13 groups in capitals, without the dashes.

            """
    }
}
