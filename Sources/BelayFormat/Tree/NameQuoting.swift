package import BelayCore

/// Entry names as text: first quoted as Go quotes strings, then escaped for JSON.
///
/// The first layer keeps bytes that are not UTF-8 and characters that cannot be printed, which JSON alone
/// would lose. What is printable is fixed by the format, see ``PrintableScalars``.
package enum NameQuoting {
    /// Appends what stands between the quotes of the `name` field.
    package static func append(_ name: FileName, to target: inout [UInt8]) {
        name.bytes.withBytes { bytes in
            if bytes.allSatisfy({ JSONEscaping.isPlain($0) && $0 != 0x7F }) {
                return target.append(raw: bytes)
            }
            quoted(bytes).withBytes { JSONEscaping.append($0, to: &target) }
        }
    }

    /// The first layer: Go's quoting without the outer quotes.
    package static func quoted(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count + 16)
        var position = 0
        while position < bytes.count {
            guard let (scalar, length) = UTF8Scalar.decode(bytes, at: position) else {
                appendHexadecimal(UInt32(bytes[position]), digits: 2, marker: 0x78, to: &text)
                position += 1
                continue
            }
            appendQuoted(scalar, to: &text)
            position += length
        }
        return text
    }

    /// Undoes the first layer; `nil` if `text` is not quoted text.
    ///
    /// Octal escapes are accepted, as Go does; a bare quote, a line end and unknown escapes are not.
    package static func unquoted(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let byte = text[position]
            switch byte {
            case 0x22, 0x0A:
                return nil
            case 0x5C:
                guard appendUnquoted(text, at: &position, to: &bytes) else { return nil }
            default:
                bytes.append(byte)
                position += 1
            }
        }
        return bytes
    }

    /// The name in the `name` field of a node; `nil` if it is not quoted text.
    package static func name(_ field: JSONText) -> FileName? {
        // Without a backslash in the JSON there is none in the quoted text, and no quote or line end either.
        if field.isPlain { return FileName([UInt8](field.raw)) }
        guard let bytes = unquoted(field.bytes) else { return nil }
        return FileName(bytes)
    }

    private static func appendQuoted(_ scalar: UInt32, to text: inout [UInt8]) {
        switch scalar {
        case 0x22: text.append(#"\""#)
        case 0x5C: text.append(#"\\"#)
        case 0x07: text.append(#"\a"#)
        case 0x08: text.append(#"\b"#)
        case 0x0C: text.append(#"\f"#)
        case 0x0A: text.append(#"\n"#)
        case 0x0D: text.append(#"\r"#)
        case 0x09: text.append(#"\t"#)
        case 0x0B: text.append(#"\v"#)
        case _ where PrintableScalars.contains(scalar):
            UTF8Scalar.append(scalar, to: &text)
        case 0..<0x80: appendHexadecimal(scalar, digits: 2, marker: 0x78, to: &text)
        case 0x80..<0x10000: appendHexadecimal(scalar, digits: 4, marker: 0x75, to: &text)
        default: appendHexadecimal(scalar, digits: 8, marker: 0x55, to: &text)
        }
    }

    private static func appendHexadecimal(
        _ value: UInt32,
        digits: Int,
        marker: UInt8,
        to text: inout [UInt8]
    ) {
        text.append(0x5C)
        text.append(marker)
        for digit in (0..<digits).reversed() {
            text.append(JSONEscaping.hexadecimal(UInt8(truncatingIfNeeded: value >> (4 * digit) & 15)))
        }
    }

    /// Undoes the escape at `position` and moves past it; `false` if it is none.
    private static func appendUnquoted(
        _ text: [UInt8],
        at position: inout Int,
        to bytes: inout [UInt8]
    ) -> Bool {
        guard position + 1 < text.count else { return false }
        let kind = text[position + 1]
        position += 2
        switch kind {
        case 0x61: bytes.append(0x07)
        case 0x62: bytes.append(0x08)
        case 0x66: bytes.append(0x0C)
        case 0x6E: bytes.append(0x0A)
        case 0x72: bytes.append(0x0D)
        case 0x74: bytes.append(0x09)
        case 0x76: bytes.append(0x0B)
        case 0x22, 0x5C: bytes.append(kind)
        case 0x78:
            guard let value = number(text, at: &position, digits: 2, bits: 4) else { return false }
            bytes.append(UInt8(truncatingIfNeeded: value))
        case 0x75, 0x55:
            guard
                let value = number(text, at: &position, digits: kind == 0x75 ? 4 : 8, bits: 4),
                value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value)
            else { return false }
            UTF8Scalar.append(value, to: &bytes)
        case 0x30...0x37:
            position -= 1
            guard let value = number(text, at: &position, digits: 3, bits: 3), value <= 0xFF else {
                return false
            }
            bytes.append(UInt8(truncatingIfNeeded: value))
        default: return false
        }
        return true
    }

    private static func number(
        _ text: [UInt8],
        at position: inout Int,
        digits: Int,
        bits: UInt32
    ) -> UInt32? {
        guard position + digits <= text.count else { return nil }
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = Hexadecimal.value(of: text[position]), digit < 1 << bits else { return nil }
            value = value << bits | UInt32(digit)
            position += 1
        }
        return value
    }
}
