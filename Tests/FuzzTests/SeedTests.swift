import BelayParsers
import Foundation
import Testing

@Suite struct `The parsers of bytes from outside` {
    private static let seeds = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzz/seeds")

    private static func files(_ parser: String) throws -> [[UInt8]] {
        let folder = seeds.appendingPathComponent(parser)
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
            .map { Array(try Data(contentsOf: $0)) }
    }

    /// A short run of what `make fuzz` does for long: a trap would end the process, and the test with it.
    @Test(arguments: Parsers.all.keys.sorted())
    func `survive their seeds and what chance makes of them`(name: String) throws {
        let parser = try #require(Parsers.all[name])
        let seeds = try Self.files(name)
        #expect(!seeds.isEmpty, "there is no seed for \(name)")
        parser([])
        var chance = Mutation(seed: 42)
        for seed in seeds {
            parser(seed)
            for length in 0..<min(seed.count, 200) { parser(Array(seed[..<length])) }
            for _ in 0..<400 { parser(chance.mutated(seed, splicing: seeds)) }
        }
    }

    @Test func `have a folder of seeds each, and no other`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.seeds.path)
        #expect(folders.sorted() == Parsers.all.keys.sorted())
    }
}

/// The usual damage: bits, bytes, lengths, repetitions, and halves of two inputs put together.
private struct Mutation {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return limit == 0 ? 0 : Int(state >> 33) % limit
    }

    mutating func mutated(_ seed: [UInt8], splicing others: [[UInt8]]) -> [UInt8] {
        var bytes = seed
        for _ in 0...below(4) {
            let place = below(bytes.count)
            switch below(7) {
            case 0 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(below(8))
            case 1 where !bytes.isEmpty: bytes[place] = [0, 0x7F, 0x80, 0xFF, 0x22, 0x5C, 0x7B][below(7)]
            case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
            case 3: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + below(64))], at: place)
            case 4:
                bytes.insert(contentsOf: [UInt8](repeating: UInt8(below(256)), count: below(40)), at: place)
            case 5:
                let other = others[below(others.count)]
                bytes = Array(bytes[..<place] + other[min(place, other.count)...])
            default: bytes = Array(bytes[..<place])
            }
        }
        return bytes
    }
}
