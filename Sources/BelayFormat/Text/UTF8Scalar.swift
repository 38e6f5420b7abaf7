/// Strict decoding of one UTF-8 sequence: no overlong forms, no surrogates, nothing above U+10FFFF.
///
/// `String` would repair what is not UTF-8 in its own way; the format prescribes one escape per bad byte.
enum UTF8Scalar {
    /// The scalar that starts at `position` and its length in bytes; `nil` if no valid sequence starts there.
    static func decode(
        _ bytes: UnsafeRawBufferPointer,
        at position: Int
    ) -> (scalar: UInt32, length: Int)? {
        let first = bytes[position]
        if first < 0x80 { return (UInt32(first), 1) }
        let remaining = bytes.count - position
        switch first {
        case 0xC2...0xDF:
            guard remaining >= 2, let second = tail(bytes[position + 1]) else { return nil }
            return (UInt32(first & 0x1F) << 6 | second, 2)
        case 0xE0...0xEF:
            guard
                remaining >= 3, let second = tail(bytes[position + 1]),
                let third = tail(bytes[position + 2])
            else { return nil }
            let scalar = UInt32(first & 0x0F) << 12 | second << 6 | third
            guard scalar >= 0x800, !(0xD800...0xDFFF).contains(scalar) else { return nil }
            return (scalar, 3)
        case 0xF0...0xF4:
            guard
                remaining >= 4, let second = tail(bytes[position + 1]),
                let third = tail(bytes[position + 2]), let fourth = tail(bytes[position + 3])
            else { return nil }
            let scalar = UInt32(first & 0x07) << 18 | second << 12 | third << 6 | fourth
            guard (0x10000...0x10FFFF).contains(scalar) else { return nil }
            return (scalar, 4)
        default:
            return nil
        }
    }

    /// Appends the UTF-8 of a scalar, which must be one: no surrogate, at most U+10FFFF.
    static func append(_ scalar: UInt32, to target: inout [UInt8]) {
        switch scalar {
        case 0..<0x80:
            target.append(UInt8(scalar))
        case 0x80..<0x800:
            target.append(0xC0 | UInt8(scalar >> 6))
            target.append(continuation(scalar))
        case 0x800..<0x10000:
            target.append(0xE0 | UInt8(scalar >> 12))
            target.append(continuation(scalar >> 6))
            target.append(continuation(scalar))
        default:
            target.append(0xF0 | UInt8(scalar >> 18 & 7))
            target.append(continuation(scalar >> 12))
            target.append(continuation(scalar >> 6))
            target.append(continuation(scalar))
        }
    }

    /// Whether every byte belongs to a valid sequence.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        while position < bytes.count {
            guard let (_, length) = decode(bytes, at: position) else { return false }
            position += length
        }
        return true
    }

    /// What a bad byte is replaced by where the format has no way to keep it.
    static let replacement: UInt32 = 0xFFFD

    private static func tail(_ byte: UInt8) -> UInt32? {
        byte & 0xC0 == 0x80 ? UInt32(byte & 0x3F) : nil
    }

    private static func continuation(_ scalar: UInt32) -> UInt8 {
        0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F)
    }
}
