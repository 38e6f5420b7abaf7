/// Base64 in the standard alphabet with padding, as keys and attribute values are written.
package enum Base64 {
    /// Appends the text of `bytes`.
    package static func append(_ bytes: UnsafeRawBufferPointer, to target: inout [UInt8]) {
        target.append(capacity: (bytes.count + 2) / 3 * 4) { room in
            var written = 0
            var position = 0
            while position < bytes.count {
                let available = min(3, bytes.count - position)
                var group = UInt32(bytes[position]) << 16
                if available > 1 { group |= UInt32(bytes[position + 1]) << 8 }
                if available > 2 { group |= UInt32(bytes[position + 2]) }
                room[written] = digit(group >> 18)
                room[written + 1] = digit(group >> 12)
                room[written + 2] = available > 1 ? digit(group >> 6) : padding
                room[written + 3] = available > 2 ? digit(group) : padding
                position += 3
                written += 4
            }
            return written
        }
    }

    /// The text of `bytes`.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        bytes.withBytes { append($0, to: &text) }
        return text
    }

    /// The bytes that `text` stands for; `nil` if it is not base64.
    ///
    /// Line ends between digits are skipped, as Go does; everything else, missing padding included, is
    /// refused.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var digits = 0
        var paddings = 0
        for character in text where character != 0x0A && character != 0x0D {
            if character == padding {
                paddings += 1
                continue
            }
            guard paddings == 0, let value = value(of: character) else { return nil }
            group = group << 6 | value
            digits += 1
            if digits == 4 {
                bytes.append(UInt8(truncatingIfNeeded: group >> 16))
                bytes.append(UInt8(truncatingIfNeeded: group >> 8))
                bytes.append(UInt8(truncatingIfNeeded: group))
                group = 0
                digits = 0
            }
        }
        switch (digits, paddings) {
        case (0, 0): break
        case (2, 2): bytes.append(UInt8(truncatingIfNeeded: group >> 4))
        case (3, 1):
            bytes.append(UInt8(truncatingIfNeeded: group >> 10))
            bytes.append(UInt8(truncatingIfNeeded: group >> 2))
        default: return nil
        }
        return bytes
    }

    private static let padding: UInt8 = 0x3D

    private static func digit(_ bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 63)
        return switch value {
        case 0..<26: value + 0x41
        case 26..<52: value - 26 + 0x61
        case 52..<62: value - 52 + 0x30
        case 62: 0x2B
        default: 0x2F
        }
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character - 0x41)
        case 0x61...0x7A: UInt32(character - 0x61 + 26)
        case 0x30...0x39: UInt32(character - 0x30 + 52)
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }
}
