/// UTF-8 read as Go reads it: what is not valid counts as U+FFFD, byte by byte.
enum UTF8Text {
    static let replacement: UInt32 = 0xFFFD

    /// The scalar value at `position` and how many bytes it takes.
    @inline(__always)
    static func scalar(in text: UnsafeBufferPointer<UInt8>, at position: Int) -> (UInt32, Int) {
        let first = text[position]
        if first < 0x80 { return (UInt32(first), 1) }
        return multibyteScalar(in: text, at: position)
    }

    private static func multibyteScalar(
        in text: UnsafeBufferPointer<UInt8>,
        at position: Int
    ) -> (UInt32, Int) {
        let first = text[position]
        let length: Int
        var value: UInt32
        let minimum: UInt32
        switch first {
        case 0xC2...0xDF: (length, value, minimum) = (2, UInt32(first & 0x1F), 0x80)
        case 0xE0...0xEF: (length, value, minimum) = (3, UInt32(first & 0x0F), 0x800)
        case 0xF0...0xF4: (length, value, minimum) = (4, UInt32(first & 0x07), 0x10000)
        default: return (replacement, 1)
        }
        guard position + length <= text.count else { return (replacement, 1) }
        for offset in 1..<length {
            let byte = text[position + offset]
            guard byte & 0xC0 == 0x80 else { return (replacement, 1) }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard value >= minimum, Unicode.Scalar(value) != nil else { return (replacement, 1) }
        return (value, length)
    }

    /// `text` in lower case, scalar by scalar.
    static func lowercase(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return text.map(ASCII.lowercase) }
        var lowered: [UInt8] = []
        lowered.reserveCapacity(text.count + 8)
        var position = 0
        while position < text.count {
            let (value, length) = scalar(in: text, at: position)
            position += length
            // Invariant: `scalar(in:at:)` yields scalar values only; U+FFFD stands in to say so to the
            // compiler.
            let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
            let lower = scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
            lowered.append(contentsOf: Array(String(Character(lower)).utf8))
        }
        return lowered
    }
}
