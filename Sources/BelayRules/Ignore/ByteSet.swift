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
