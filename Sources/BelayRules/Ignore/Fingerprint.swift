/// A 64-bit hash of rules that is the same in every run.
///
/// FNV-1a with a final mix. It tells that rules changed, not that somebody made them look unchanged.
struct Fingerprint {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// Adds bytes with their number, so that neighbours cannot trade bytes.
    mutating func add(_ bytes: some Collection<UInt8>) {
        add(UInt64(truncatingIfNeeded: bytes.count))
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }

    /// Adds a number.
    mutating func add(_ value: UInt64) {
        var value = value
        for _ in 0..<8 {
            state = (state ^ value & 0xFF) &* 0x0000_0100_0000_01B3
            value >>= 8
        }
    }

    /// Adds what is true or false.
    mutating func add(_ flag: Bool) {
        add(flag ? 1 : 0 as UInt64)
    }

    /// The hash of all that was added so far.
    var value: UInt64 {
        var mixed = state
        mixed ^= mixed >> 33
        mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
        mixed ^= mixed >> 33
        mixed = mixed &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
    }
}

/// A hash of an entry's name, for tables that live as long as the run.
@inline(__always)
func nameHash(_ name: UnsafeBufferPointer<UInt8>, foldsCase: Bool) -> UInt64 {
    var hash = UInt64(truncatingIfNeeded: name.count) &* 0x9E37_79B9_7F4A_7C15
    var index = 0
    while index < name.count {
        // Eight bytes at a time; a multiplication for each byte would be the longest part of a verdict.
        var word: UInt64 = 0
        if index + 8 <= name.count {
            word = UnsafeRawBufferPointer(name).loadUnaligned(fromByteOffset: index, as: UInt64.self)
            word = UInt64(littleEndian: word)
        } else {
            for offset in 0..<(name.count - index) {
                word |= UInt64(name[index + offset]) << UInt64(offset * 8)
            }
        }
        // A letter's case is one bit, so dropping that bit folds it; what else falls together costs a
        // comparison.
        if foldsCase { word |= 0x2020_2020_2020_2020 }
        hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 32
        index += 8
    }
    return hash
}
