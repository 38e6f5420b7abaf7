/// What stands between the quotes of a JSON string, escaped as Go's encoder does.
package enum JSONEscaping {
    /// Appends `text` escaped; each byte that is not UTF-8 becomes `\ufffd`.
    package static func append(_ text: UnsafeRawBufferPointer, to target: inout [UInt8]) {
        var pending = 0
        var position = 0
        while position < text.count {
            let byte = text[position]
            if isPlain(byte) {
                position += 1
                continue
            }
            var length = 1
            if byte >= 0x80 {
                let decoded = UTF8Scalar.decode(text, at: position)
                length = decoded?.length ?? 1
                if let scalar = decoded?.scalar, scalar != 0x2028, scalar != 0x2029 {
                    position += length
                    continue
                }
            }
            target.append(raw: UnsafeRawBufferPointer(rebasing: text[pending..<position]))
            appendEscape(byte, isSeparator: length > 1, last: text[position + length - 1], to: &target)
            position += length
            pending = position
        }
        target.append(raw: UnsafeRawBufferPointer(rebasing: text[pending...]))
    }

    /// Whether `byte` stands for itself: ASCII from the space on but `"`, `\`, `<`, `>` and `&`.
    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5C && byte != 0x3C && byte != 0x3E
            && byte != 0x26
    }

    private static func appendEscape(
        _ byte: UInt8,
        isSeparator: Bool,
        last: UInt8,
        to target: inout [UInt8]
    ) {
        switch byte {
        case 0x22: target.append(#"\""#)
        case 0x5C: target.append(#"\\"#)
        case 0x08: target.append(#"\b"#)
        case 0x0C: target.append(#"\f"#)
        case 0x0A: target.append(#"\n"#)
        case 0x0D: target.append(#"\r"#)
        case 0x09: target.append(#"\t"#)
        case 0x00..<0x80:
            target.append(#"\u00"#)
            target.append(hexadecimal(byte >> 4))
            target.append(hexadecimal(byte & 15))
        default:
            guard isSeparator else { return target.append(#"\ufffd"#) }
            // U+2028 ends in the byte A8, U+2029 in A9.
            target.append(last == 0xA8 ? #"\u2028"# : #"\u2029"#)
        }
    }

    /// The lower case digit for a value below 16.
    static func hexadecimal(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? 0x30 + nibble : 0x61 - 10 + nibble
    }
}
