import Foundation

/// Seeded randomness: the same seed gives the same test.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// A JSON file beside the tests.
func fixture<Value: Decodable>(_ name: String, as type: Value.Type, file: String = #filePath) throws -> Value
{
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent().appendingPathComponent("Fixtures")
    return try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent(name)))
}

/// Numbers at which arithmetic goes wrong.
let extremes: [Int64] = [
    .min, .min + 1, -1_000_000_000_000, -62_135_596_801, -1, 0, 1, 253_402_300_800, 1_000_000_000_000,
    .max - 1, .max,
]
