package import BelayCore

/// Reads JSON piece by piece from bytes, without building a document.
///
/// Call the functions in the shape that is expected; they throw where the text has another one:
///
///     try reader.enterObject()
///     while let key = try reader.nextKey() {
///         switch key {
///         case "pid": pid = try reader.signed()
///         default: try reader.skipValue()
///         }
///     }
///     try reader.finish()
///
/// Numbers are exact 64-bit integers; a fraction or exponent is refused where a number is asked for. Nesting
/// is limited. The reader is a value: a copy returns to where it was made.
package struct JSONReader {
    /// How deeply objects and arrays may be nested.
    package static let depthLimit = 128

    private let text: UnsafeRawBufferPointer
    private let what: StaticString
    private var position = 0
    private var depth = 0
    /// Whether the next member or element is the first of its object or array.
    private var isAtStart = false

    /// A reader at the start of `text`, which must outlive it; `what` names the text in errors.
    package init(_ text: UnsafeRawBufferPointer, of what: StaticString) {
        self.text = text
        self.what = what
    }

    /// Enters the object that must come next; ``nextKey()`` leaves it.
    package mutating func enterObject() throws(FormatError) {
        try enter(0x7B, "an object")
    }

    /// The name of the next member, whose value must be read or skipped next; `nil` leaves the object.
    package mutating func nextKey() throws(FormatError) -> JSONText? {
        guard try advance(closing: 0x7D) else { return nil }
        let key = try string()
        skipSpace()
        guard current == 0x3A else { throw expected("':'") }
        position += 1
        return key
    }

    /// Enters the array that must come next; ``nextElement()`` leaves it.
    package mutating func enterArray() throws(FormatError) {
        try enter(0x5B, "an array")
    }

    /// Whether another element follows, which must be read or skipped next; `false` leaves the array.
    package mutating func nextElement() throws(FormatError) -> Bool {
        try advance(closing: 0x5D)
    }

    /// Skips a `null` if the next value is one, and tells whether it was.
    package mutating func skipNull() throws(FormatError) -> Bool {
        skipSpace()
        guard current == 0x6E else { return false }
        try word("null")
        return true
    }

    /// The next value, which must be `true` or `false`.
    package mutating func boolean() throws(FormatError) -> Bool {
        skipSpace()
        if current == 0x74 {
            try word("true")
            return true
        }
        guard current == 0x66 else { throw expected("true or false") }
        try word("false")
        return false
    }

    /// The next value, which must be an integer, not negative and below 2^64.
    package mutating func unsigned() throws(FormatError) -> UInt64 {
        skipSpace()
        let start = position
        var value: UInt64 = 0
        while position < text.count {
            let digit = text[position] &- 0x30
            guard digit < 10 else { break }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { throw malformed("a number exceeds 64 bits") }
            value = sum
            position += 1
        }
        guard position > start else { throw expected("a number that is not negative") }
        guard position == start + 1 || text[start] != 0x30 else { throw malformed("a number starts with 0") }
        guard current != 0x2E, current | 0x20 != 0x65 else { throw expected("an integer") }
        return value
    }

    /// An unsigned integer that fits into 32 bits.
    package mutating func unsigned32() throws(FormatError) -> UInt32 {
        guard let value = UInt32(exactly: try unsigned()) else { throw malformed("a number exceeds 32 bits") }
        return value
    }

    /// The next value, which must be an integer of 64 bits with its sign.
    package mutating func signed() throws(FormatError) -> Int64 {
        skipSpace()
        guard current == 0x2D else {
            guard let value = Int64(exactly: try unsigned()) else {
                throw malformed("a number exceeds 63 bits")
            }
            return value
        }
        position += 1
        guard current &- 0x30 < 10 else { throw expected("a digit") }
        let magnitude = try unsigned()
        guard magnitude <= Int64.min.magnitude else { throw malformed("a number exceeds 63 bits") }
        return Int64(truncatingIfNeeded: 0 &- magnitude)
    }

    /// The next string, with its escapes checked but not undone.
    package mutating func string() throws(FormatError) -> JSONText {
        skipSpace()
        guard current == 0x22 else { throw expected("a string") }
        let start = position + 1
        var isPlain = true
        position = start
        while true {
            skipPlain()
            guard position < text.count else { throw malformed("the text ends within a string") }
            let byte = text[position]
            if byte == 0x22 { break }
            guard byte >= 0x20 else { throw malformed("a control character stands in a string") }
            isPlain = isPlain && byte < 0x80 && byte != 0x5C
            if byte == 0x5C { try skipEscape() } else { position += 1 }
        }
        position += 1
        return JSONText(
            raw: UnsafeRawBufferPointer(rebasing: text[start..<position - 1]),
            isPlain: isPlain
        )
    }

    /// A string of 64 hexadecimal digits, either case.
    package mutating func digest() throws(FormatError) -> Digest {
        guard let digest = try string().digest else {
            throw expected("an id of 64 hexadecimal digits before")
        }
        return digest
    }

    /// An RFC 3339 timestamp.
    package mutating func timestamp() throws(FormatError) -> Timestamp {
        let spelled = try string()
        let value =
            spelled.isPlain
            ? TimestampText.parse(spelled.raw) : spelled.bytes.withBytes { TimestampText.parse($0) }
        guard let value else { throw expected("a time before") }
        return value
    }

    /// Bytes written in base64.
    package mutating func base64() throws(FormatError) -> [UInt8] {
        let spelled = try string()
        let value = spelled.isPlain ? Base64.decode(spelled.raw) : Base64.decode(spelled.bytes)
        guard let value else { throw expected("base64 before") }
        return value
    }

    /// Skips a value of any kind and returns its text, checked to be well-formed.
    @discardableResult
    package mutating func skipValue() throws(FormatError) -> UnsafeRawBufferPointer {
        skipSpace()
        let start = position
        switch current {
        case 0x7B:
            try enterObject()
            while try nextKey() != nil { try skipValue() }
        case 0x5B:
            try enterArray()
            while try nextElement() { try skipValue() }
        case 0x22: _ = try string()
        case 0x74, 0x66: _ = try boolean()
        case 0x6E: try word("null")
        default: try skipNumber()
        }
        return UnsafeRawBufferPointer(rebasing: text[start..<position])
    }

    /// Makes sure that nothing but space follows.
    package mutating func finish() throws(FormatError) {
        skipSpace()
        guard position == text.count else { throw expected("the end") }
    }

    /// An error that says what is wrong near the current position.
    package func malformed(_ detail: String) -> FormatError {
        .malformed(what: "\(what)", detail: "\(detail), at byte \(position)")
    }
}

extension JSONReader {
    /// The byte to be read next; NUL, which no value starts with, at the end.
    @inline(__always)
    private var current: UInt8 { position < text.count ? text[position] : 0 }

    @inline(__always)
    private mutating func skipSpace() {
        while position < text.count {
            let byte = text[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    private mutating func enter(_ bracket: UInt8, _ name: StaticString) throws(FormatError) {
        skipSpace()
        guard current == bracket else { throw expected(name) }
        guard depth < Self.depthLimit else { throw malformed("nested too deeply") }
        position += 1
        depth += 1
        isAtStart = true
    }

    /// Moves to the next member or element; at the closing bracket, past it, returning `false`.
    private mutating func advance(closing bracket: UInt8) throws(FormatError) -> Bool {
        skipSpace()
        if current == bracket {
            position += 1
            depth -= 1
            isAtStart = false
            return false
        }
        if isAtStart {
            isAtStart = false
            return true
        }
        guard current == 0x2C else { throw expected("',' or the end of the list") }
        position += 1
        skipSpace()
        guard current != bracket else { throw expected("a value after ','") }
        return true
    }

    private mutating func word(_ literal: StaticString) throws(FormatError) {
        let length = literal.utf8CodeUnitCount
        guard text.count - position >= length else { throw expected(literal) }
        for offset in 0..<length where text[position + offset] != literal.utf8Start[offset] {
            throw expected(literal)
        }
        position += length
    }

    /// Skips bytes that end no string and need no attention, eight at a time.
    @inline(__always)
    private mutating func skipPlain() {
        var cursor = position
        while cursor + 8 <= text.count {
            let word = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: cursor, as: UInt64.self))
            let marks = Self.marks(word)
            guard marks == 0 else {
                position = cursor + marks.trailingZeroBitCount >> 3
                return
            }
            cursor += 8
        }
        while cursor < text.count, Self.marks(UInt64(text[cursor]) | Self.spaces << 8) == 0 { cursor += 1 }
        position = cursor
    }

    /// Marks the high bit of the first byte that is a quote, a backslash, a control character or not ASCII.
    ///
    /// Bytes above that one may be marked without reason, as borrows run upwards.
    @inline(__always)
    private static func marks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highBits: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ 0x2222_2222_2222_2222
        let backslashes = word ^ 0x5C5C_5C5C_5C5C_5C5C
        let isQuote = (quotes &- ones) & ~quotes
        let isBackslash = (backslashes &- ones) & ~backslashes
        let isControl = (word &- spaces) & ~word
        return (isQuote | isBackslash | isControl | word) & highBits
    }

    private static let spaces: UInt64 = 0x2020_2020_2020_2020

    private mutating func skipEscape() throws(FormatError) {
        guard position + 1 < text.count else { throw malformed("the text ends within a string") }
        switch text[position + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74:
            position += 2
        case 0x75:
            guard position + 6 <= text.count else { throw malformed("the text ends within a string") }
            for offset in 2..<6 where Hexadecimal.value(of: text[position + offset]) == nil {
                throw malformed("an escape is not of four hexadecimal digits")
            }
            position += 6
        default:
            throw malformed("an escape is unknown")
        }
    }

    private mutating func skipNumber() throws(FormatError) {
        if current == 0x2D { position += 1 }
        let start = position
        try skipDigits()
        guard position == start + 1 || text[start] != 0x30 else { throw malformed("a number starts with 0") }
        if current == 0x2E {
            position += 1
            try skipDigits()
        }
        if current | 0x20 == 0x65 {
            position += 1
            if current == 0x2B || current == 0x2D { position += 1 }
            try skipDigits()
        }
    }

    private mutating func skipDigits() throws(FormatError) {
        guard current &- 0x30 < 10 else { throw expected("a value") }
        while current &- 0x30 < 10 { position += 1 }
    }

    @inline(never)
    private func expected(_ thing: StaticString) -> FormatError {
        malformed("expected \(thing)")
    }
}
