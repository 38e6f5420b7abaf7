package import BelayCore

/// A string found by ``JSONReader``, as it stands between its quotes.
///
/// It points into the text being read and is only valid as long as that is. Its escapes are well-formed.
package struct JSONText {
    /// The bytes between the quotes.
    package let raw: UnsafeRawBufferPointer
    /// Whether the bytes are all ASCII without escapes, so that they are the value.
    package let isPlain: Bool

    /// The value in UTF-8: escapes undone, and what is not UTF-8 replaced by U+FFFD as Go does.
    package var bytes: [UInt8] {
        isPlain ? [UInt8](raw) : unescaped
    }

    /// The value.
    package var text: String {
        isPlain ? String(decoding: raw, as: UTF8.self) : String(decoding: unescaped, as: UTF8.self)
    }

    /// The value as a digest of 64 hexadecimal digits, if it is one.
    package var digest: Digest? {
        isPlain ? DigestText.parse(raw) : unescaped.withBytes { DigestText.parse($0) }
    }

    /// Whether the value is that of the literal.
    package static func ~= (literal: StaticString, text: JSONText) -> Bool {
        text.isPlain
            ? equal(literal, text.raw)
            : text.unescaped.withBytes { equal(literal, $0) }
    }

    @inline(__always)
    private static func equal(_ literal: StaticString, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard literal.utf8CodeUnitCount == bytes.count else { return false }
        let start = literal.utf8Start
        for position in 0..<bytes.count where start[position] != bytes[position] { return false }
        return true
    }

    private var unescaped: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(raw.count)
        var position = 0
        while position < raw.count {
            let byte = raw[position]
            if byte == 0x5C {
                unescape(at: &position, into: &result)
            } else if let (_, length) = UTF8Scalar.decode(raw, at: position) {
                for offset in 0..<length { result.append(raw[position + offset]) }
                position += length
            } else {
                UTF8Scalar.append(UTF8Scalar.replacement, to: &result)
                position += 1
            }
        }
        return result
    }

    private func unescape(at position: inout Int, into result: inout [UInt8]) {
        let kind = raw[position + 1]
        guard kind == 0x75 else {
            position += 2
            switch kind {
            case 0x62: result.append(0x08)
            case 0x66: result.append(0x0C)
            case 0x6E: result.append(0x0A)
            case 0x72: result.append(0x0D)
            case 0x74: result.append(0x09)
            default: result.append(kind)
            }
            return
        }
        let unit = codeUnit(at: position)
        position += 6
        guard (0xD800...0xDFFF).contains(unit) else { return UTF8Scalar.append(unit, to: &result) }
        // A surrogate means something only as the first of a pair; alone it is replaced.
        if unit < 0xDC00, position + 6 <= raw.count, raw[position] == 0x5C, raw[position + 1] == 0x75 {
            let low = codeUnit(at: position)
            if (0xDC00...0xDFFF).contains(low) {
                position += 6
                return UTF8Scalar.append(0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00)), to: &result)
            }
        }
        UTF8Scalar.append(UTF8Scalar.replacement, to: &result)
    }

    /// The number in the four digits of the `\u` escape at `position`.
    private func codeUnit(at position: Int) -> UInt32 {
        var unit: UInt32 = 0
        for offset in 2..<6 {
            unit = unit << 4 | UInt32(Hexadecimal.value(of: raw[position + offset]) ?? 0)
        }
        return unit
    }
}
