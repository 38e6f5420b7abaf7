package import BelayCore

/// Digests as 64 hexadecimal digits, without a detour through `String`.
package enum DigestText {
    /// The number of digits.
    package static let length = 64

    /// Appends 64 lower case digits.
    package static func append(_ digest: Digest, to target: inout [UInt8]) {
        target.append(capacity: length) { room in
            write(digest.word0, to: room, at: 0)
            write(digest.word1, to: room, at: 16)
            write(digest.word2, to: room, at: 32)
            write(digest.word3, to: room, at: 48)
            return length
        }
    }

    private static func write(_ word: UInt64, to room: UnsafeMutableRawBufferPointer, at offset: Int) {
        let high = characters(spread(UInt32(truncatingIfNeeded: word >> 32)))
        let low = characters(spread(UInt32(truncatingIfNeeded: word)))
        room.storeBytes(of: high.bigEndian, toByteOffset: offset, as: UInt64.self)
        room.storeBytes(of: low.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
    }

    /// The digest written as exactly 64 digits of either case, as JSON may hold them; `nil` for anything
    /// else.
    package static func parse(_ text: UnsafeRawBufferPointer) -> Digest? {
        guard text.count == length else { return nil }
        guard
            let word0 = word(text, at: 0), let word1 = word(text, at: 16),
            let word2 = word(text, at: 32), let word3 = word(text, at: 48)
        else { return nil }
        return Digest(word0, word1, word2, word3)
    }

    private static func word(_ text: UnsafeRawBufferPointer, at offset: Int) -> UInt64? {
        var value: UInt64 = 0
        var invalid: UInt8 = 0
        for position in offset..<offset + 16 {
            let digit = values[Int(text[position])]
            invalid |= digit
            value = value << 4 | UInt64(digit & 15)
        }
        return invalid & 0x80 == 0 ? value : nil
    }

    /// The value of each character as a digit; 0x80 for what is none.
    private static let values: InlineArray<256, UInt8> = InlineArray { character in
        switch character {
        case 0x30...0x39: UInt8(character - 0x30)
        case 0x41...0x46: UInt8(character - 0x41 + 10)
        case 0x61...0x66: UInt8(character - 0x61 + 10)
        default: 0x80
        }
    }

    /// Puts each of eight nibbles into its own byte, first nibble highest.
    private static func spread(_ word: UInt32) -> UInt64 {
        var value = UInt64(word)
        value = (value | value << 16) & 0x0000_FFFF_0000_FFFF
        value = (value | value << 8) & 0x00FF_00FF_00FF_00FF
        value = (value | value << 4) & 0x0F0F_0F0F_0F0F_0F0F
        return value
    }

    /// Turns eight nibbles into eight digits at once: 39 is the distance between `9` + 1 and `a`.
    private static func characters(_ nibbles: UInt64) -> UInt64 {
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }
}
