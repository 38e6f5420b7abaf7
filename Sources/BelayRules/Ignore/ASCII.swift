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
