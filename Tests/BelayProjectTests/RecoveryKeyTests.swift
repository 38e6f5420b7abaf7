import BelayCore
import BelayProject
import Testing

private func key(seed: UInt64) throws -> RecoveryKey {
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return try #require(RecoveryKey(randomBytes: bytes))
}

private let symbols = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

@Suite struct `A recovery key` {
    @Test func `is made of 256 random bits`() throws {
        #expect(RecoveryKey(randomBytes: []) == nil)
        #expect(RecoveryKey(randomBytes: Array(repeating: 0, count: 31)) == nil)
        let zero = try #require(RecoveryKey(randomBytes: Array(repeating: 0, count: 32)))
        #expect(zero.secret == Secret(String(repeating: "0", count: 52)))
        #expect(zero.groups == Array(repeating: "0000", count: 14))
        let ones = try #require(RecoveryKey(randomBytes: Array(repeating: 255, count: 32)))
        #expect(ones.secret == Secret(String(repeating: "Z", count: 51) + "G"))
        let counting = try #require(RecoveryKey(randomBytes: Array(0..<32)))
        #expect(counting.secret.revealText() == "000G40R40M30E209185GR38E1W8124GK2GAHC5RR34D1P70X3RFG")
        // Two keys that differ in one bit differ.
        var all: Set<String> = []
        for bit in 0..<256 {
            var bytes = [UInt8](repeating: 0, count: 32)
            bytes[bit / 8] = 1 << UInt8(bit % 8)
            all.insert(try #require(RecoveryKey(randomBytes: bytes)).secret.revealText())
        }
        #expect(all.count == 256)
    }

    @Test(arguments: 0..<20)
    func `is read back however it is typed`(seed: UInt64) throws {
        let key = try key(seed: seed)
        let groups = key.groups
        #expect(groups.count == 14)
        #expect(groups.allSatisfy { $0.count == 4 })
        #expect(groups.prefix(13).joined() == key.secret.revealText())
        for text in [
            groups.joined(separator: "-"), groups.joined(), groups.joined(separator: " \n").lowercased(),
            "  " + groups.joined(separator: " – "), groups.prefix(13).joined(separator: "-"),
            groups.joined(separator: "-").replacing("0", with: "O").replacing("1", with: "l"),
            groups.joined(separator: "-").replacing("0", with: "o").replacing("1", with: "I"),
        ] {
            #expect(try RecoveryKey(typed: text) == key)
        }
    }

    @Test func `shows every single wrong symbol and where it is, and every swap of neighbours`() throws {
        let key = try key(seed: 7)
        let text = Array(key.groups.joined())
        var found = 0
        var located = 0
        for position in text.indices {
            for symbol in symbols where symbol != text[position] {
                var typed = text
                typed[position] = symbol
                do {
                    _ = try RecoveryKey(typed: String(typed))
                    Issue.record("accepted with \(symbol) at \(position)")
                } catch {
                    found += 1
                    if error == .mistyped(group: position / 4 + 1) { located += 1 }
                }
            }
            guard position > 0, text[position] != text[position - 1] else { continue }
            var typed = text
            typed.swapAt(position - 1, position)
            #expect(throws: RecoveryKey.Failure.self) { try RecoveryKey(typed: String(typed)) }
        }
        #expect(found == 56 * 31)
        #expect(located == found)
    }

    @Test(arguments: 0..<8)
    func `shows two wrong symbols`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let text = Array(try key(seed: seed).groups.joined())
        for _ in 0..<300 {
            var typed = text
            for _ in 0..<2 {
                typed[Int.random(in: 0..<56, using: &generator)] =
                    symbols[Int.random(in: 0..<32, using: &generator)]
            }
            guard typed != text else { continue }
            #expect(throws: RecoveryKey.Failure.self, "seed \(seed)") {
                try RecoveryKey(typed: String(typed))
            }
        }
    }

    @Test func `has a proof in which no two wrong symbols make up for each other`() {
        let modulus = 1_048_517
        #expect((2...1_024).allSatisfy { !modulus.isMultiple(of: $0) })
        var differences: Set<Int> = [0]
        var weight = 1
        for _ in 0..<56 {
            for difference in 1...31 {
                #expect(differences.insert(difference * weight % modulus).inserted)
                #expect(differences.insert((modulus - difference * weight % modulus) % modulus).inserted)
            }
            weight = weight * 32 % modulus
        }
    }

    @Test(arguments: [
        ("", "a recovery key has 14 groups of 4 symbols, 56 in all; found 0"),
        ("0000-0000", "a recovery key has 14 groups of 4 symbols, 56 in all; found 8"),
        ("0000-00U0", "`U` in group 2 occurs in no recovery key"),
        ("ÄÖÜ", "`Ä` in group 1 occurs in no recovery key"),
        ("\u{1B}", "`\\u{1b}` in group 1 occurs in no recovery key"),
        (String(repeating: "0", count: 51) + "1", "the recovery key is mistyped, probably in group 13"),
    ])
    func `is refused with a reason`(text: String, message: String) {
        let error = #expect(throws: RecoveryKey.Failure.self) { try RecoveryKey(typed: text) }
        #expect(error?.description == message)
    }

    @Test func `is printed with what it opens`() throws {
        let key = try #require(RecoveryKey(randomBytes: Array(0..<32)))
        let sheet = key.sheet(repository: "/srv/b", keyID: "1a2b3c4d", date: "2026-01-22 14:30 UTC")
        #expect(
            sheet == """
                belay recovery key

                Repository  /srv/b
                Key         1a2b3c4d
                Made        2026-01-22 14:30 UTC

                    000G-40R4-0M30-E209
                    185G-R38E-1W81-24GK
                    2GAH-C5RR-34D1-P70X
                    3RFG-\(key.groups[13])

                Whoever has this key can read everything in the repository. Without it, and without the key
                file on the machine that made it, nobody can. Keep it away from both.

                belay takes it as it stands; dashes, spaces and case do not matter.
                For restic the password is the first 13 groups in capitals, without the dashes.

                """
        )
    }
}
