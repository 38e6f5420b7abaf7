import BelayCore
import BelayFormat
import COpenSSL
import Testing

@Suite struct `A lane hasher` {
    typealias Implementation = LaneHasher.Implementation

    static let available = Implementation.allCases.filter(\.isAvailable)

    // FIPS 180-4's examples, and the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
                + "mnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func `knows the published examples`(message: String, expected: String) {
        for implementation in Self.available {
            let digest = Array(message.utf8).withUnsafeBytes { LaneHasher.digest($0, using: implementation) }
            #expect(digest == Digest(hexadecimal: expected), "\(implementation)")
        }
    }

    @Test(arguments: available)
    func `knows the published million of letters`(implementation: Implementation) {
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let digest = letters.withUnsafeBytes { LaneHasher.digest($0, using: implementation) }
        #expect(
            digest
                == Digest(hexadecimal: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        )
    }

    @Test(arguments: available)
    func `agrees with OpenSSL on every short length, one by one`(implementation: Implementation) {
        let bytes = randomBytes(300, seed: 1)
        bytes.withUnsafeBytes { bytes in
            for length in 0...300 {
                let input = UnsafeRawBufferPointer(rebasing: bytes[0..<length])
                #expect(
                    LaneHasher.digest(input, using: implementation) == reference(input),
                    "\(length) bytes"
                )
            }
        }
    }

    @Test(arguments: available)
    func `agrees with OpenSSL on every short length, all at once`(implementation: Implementation) {
        let lengths = Array(0...300)
        expectAgreement(on: lengths.map { (offset: $0 % 7, length: $0) }, seed: 2, using: implementation)
    }

    @Test(arguments: available)
    func `agrees with OpenSSL around the borders of blocks`(implementation: Implementation) {
        let borders = [1, 2, 3, 4, 15, 16, 17, 63, 64, 65, 128, 1024].map { $0 * 64 }
        let lengths = borders.flatMap { border in (-10...10).map { border + $0 } }
        expectAgreement(on: lengths.map { (offset: 1, length: $0) }, seed: 3, using: implementation)
    }

    // Around the number of lanes of each implementation and the point where it leaves the last few to another.
    @Test(arguments: available, [1, 2, 3, 7, 8, 9, 10, 11, 12, 15, 16, 17, 31, 32, 33, 100])
    func `fills its lanes with any number of buffers`(implementation: Implementation, count: Int) {
        let equal = (0..<count).map { (offset: $0, length: 1000) }
        expectAgreement(on: equal, seed: 4, using: implementation)
        let rising = (0..<count).map { (offset: $0, length: $0 * 37) }
        expectAgreement(on: rising, seed: 5, using: implementation)
        let oneLong = (0..<count).map { (offset: $0, length: $0 == count / 2 ? 20_000 : 100) }
        expectAgreement(on: oneLong, seed: 6, using: implementation)
    }

    // More buffers than are put in order at a time.
    @Test(arguments: available)
    func `takes any number of buffers`(implementation: Implementation) {
        let ranges = (0..<9_000).map { (offset: $0, length: $0 % 80) }
        expectAgreement(on: ranges, seed: 7, using: implementation)
    }

    @Test(arguments: available, 1...10 as ClosedRange<UInt64>)
    func `agrees with OpenSSL on random mixes`(implementation: Implementation, seed: UInt64) {
        var random = SplitMix(state: seed)
        let count = Int.random(in: 0...60, using: &random)
        let ranges = (0..<count).map { _ in
            let magnitude = Int.random(in: 0...16, using: &random)
            return (
                offset: Int.random(in: 0...100, using: &random),
                length: Int.random(in: 0...(1 << magnitude), using: &random)
            )
        }
        expectAgreement(on: ranges, seed: seed, using: implementation)
    }

    @Test func `makes an array fit, whatever it held`() {
        var digests = [Digest](repeating: Digest(1, 2, 3, 4), count: 5)
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        LaneHasher.digests(of: [none, none], into: &digests)
        #expect(digests == [reference(none), reference(none)])
        LaneHasher.digests(of: [], into: &digests)
        #expect(digests.isEmpty)
        LaneHasher.digests(in: none, offsets: [0, 0, 0], lengths: [0, 0, 0], into: &digests)
        #expect(digests == [reference(none), reference(none), reference(none)])
    }

    @Test func `can tell what it runs`() {
        #expect(Implementation.automatic.isAvailable)
        #expect(Implementation.portable.isAvailable)
        let names = Self.available.filter { $0 != .automatic }.map(\.name)
        #expect(names.contains(LaneHasher.implementationName))
        #expect(Set(names).count == names.count)
    }
}

/// Compares both ways to hash ranges of random bytes with OpenSSL.
private func expectAgreement(
    on ranges: [(offset: Int, length: Int)],
    seed: UInt64,
    using implementation: LaneHasher.Implementation,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let bytes = randomBytes(ranges.map { $0.offset + $0.length }.max() ?? 0, seed: seed)
    bytes.withUnsafeBytes { bytes in
        let inputs = ranges.map {
            UnsafeRawBufferPointer(rebasing: bytes[$0.offset..<$0.offset + $0.length])
        }
        let expected = inputs.map(reference)
        var digests: [Digest] = []
        LaneHasher.digests(of: inputs, into: &digests, using: implementation)
        #expect(digests == expected, "seed \(seed)", sourceLocation: sourceLocation)

        digests.removeAll()
        LaneHasher.digests(
            in: bytes,
            offsets: ranges.map(\.offset),
            lengths: ranges.map(\.length),
            into: &digests,
            using: implementation
        )
        #expect(digests == expected, "ranges, seed \(seed)", sourceLocation: sourceLocation)
    }
}

private func reference(_ input: UnsafeRawBufferPointer) -> Digest {
    withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
        let isDone = EVP_Digest(input.baseAddress, input.count, digest.baseAddress, nil, EVP_sha256(), nil)
        #expect(isDone == 1)
        return Digest(loading: UnsafeRawBufferPointer(digest))
    }
}

private func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix(state: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}

/// SplitMix64, by Steele, Lea and Flood: the same numbers for the same seed everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
