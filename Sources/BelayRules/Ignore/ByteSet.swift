/// A set of byte values, as a bracket expression of a pattern describes it.
struct ByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// The empty set.
    init() {}

    /// Whether the set has `byte`.
    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(byte & 63) & 1 == 1
    }

    /// Adds `byte`.
    mutating func insert(_ byte: UInt8) {
        let bit: UInt64 = 1 << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    /// Takes `byte` out.
    mutating func remove(_ byte: UInt8) {
        var single = ByteSet()
        single.insert(byte)
        words.0 &= ~single.words.0
        words.1 &= ~single.words.1
        words.2 &= ~single.words.2
        words.3 &= ~single.words.3
    }

    /// Replaces the set by all bytes that it lacks.
    mutating func invert() {
        words = (~words.0, ~words.1, ~words.2, ~words.3)
    }

    static func == (left: ByteSet, right: ByteSet) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

/// What git takes bytes for; it looks at ASCII alone, whatever the locale says.
enum ASCII {
    static let slash: UInt8 = 0x2F
    static let backslash: UInt8 = 0x5C
    static let star: UInt8 = 0x2A
    static let question: UInt8 = 0x3F
    static let bracket: UInt8 = 0x5B
    static let closingBracket: UInt8 = 0x5D
    static let bang: UInt8 = 0x21
    static let caret: UInt8 = 0x5E
    static let hash: UInt8 = 0x23
    static let hyphen: UInt8 = 0x2D
    static let colon: UInt8 = 0x3A
    static let dot: UInt8 = 0x2E
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let quote: UInt8 = 0x22

    @inline(__always)
    static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }

    @inline(__always)
    static func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    static func isLetter(_ byte: UInt8) -> Bool { isUpper(byte) || isLower(byte) }

    /// Space, tab, line feed, carriage return: git has no vertical tab and no form feed here.
    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == space || byte == tab || byte == lineFeed || byte == carriageReturn
    }

    /// `byte` with an upper case letter replaced by the lower case one.
    @inline(__always)
    static func lowercase(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }

    /// What starts something other than itself in a pattern.
    @inline(__always)
    static func isSpecial(_ byte: UInt8) -> Bool {
        byte == star || byte == question || byte == bracket || byte == backslash
    }
}

/// The named classes of bracket expressions, such as `[:alpha:]`.
enum ByteClass: String {
    case alnum, alpha, blank, cntrl, digit, graph, lower, print, punct, space, upper, xdigit

    /// Whether the class has `byte`, which is lower case already when `foldsCase`.
    func contains(_ byte: UInt8, foldsCase: Bool) -> Bool {
        let isPrintable = byte >= 0x20 && byte <= 0x7E
        let isAlphanumeric = ASCII.isLetter(byte) || ASCII.isDigit(byte)
        return switch self {
        case .alnum: isAlphanumeric
        case .alpha: ASCII.isLetter(byte)
        case .blank: byte == ASCII.space || byte == ASCII.tab
        case .cntrl: byte < 0x20 || byte == 0x7F
        case .digit: ASCII.isDigit(byte)
        case .graph: isPrintable && byte != ASCII.space
        case .lower: ASCII.isLower(byte)
        case .print: isPrintable
        case .punct: isPrintable && byte != ASCII.space && !isAlphanumeric
        case .space: ASCII.isSpace(byte)
        case .upper: ASCII.isUpper(byte) || foldsCase && ASCII.isLower(byte)
        case .xdigit: ASCII.isDigit(byte) || ASCII.lowercase(byte) &- 0x61 < 6
        }
    }
}
