/// Reads the text of a git configuration byte by byte.
struct GitConfigParser {
    private let text: [UInt8]
    private var position = 0
    private var line = 1
    private var isAtEnd = false
    /// The section of what follows, with the dot behind it; empty before the first one.
    private var section: [UInt8] = []

    init(_ text: [UInt8]) {
        self.text = text
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// Reads everything.
    mutating func entries() throws(GitConfigError) -> [GitConfigText.Entry] {
        var entries: [GitConfigText.Entry] = []
        while true {
            let byte = next()
            if isAtEnd { return entries }
            if ASCII.isSpace(byte) { continue }
            switch byte {
            case ASCII.hash, UInt8(ascii: ";"):
                while next() != ASCII.lineFeed {}
            case ASCII.bracket:
                section = try sectionName() + [ASCII.dot]
            default:
                guard ASCII.isLetter(byte) else { throw failure }
                entries.append(try variable(startingWith: byte))
            }
        }
    }

    private var failure: GitConfigError {
        // The line feed just read belongs to the line that is wrong.
        let isPastLine = position > 0 && position <= text.count && text[position - 1] == ASCII.lineFeed
        return GitConfigError(line: isPastLine && !isAtEnd ? line - 1 : line)
    }

    /// The next byte, with the two bytes that end a line on other systems as one; the end is a line feed.
    private mutating func next() -> UInt8 {
        guard position < text.count else {
            isAtEnd = true
            return ASCII.lineFeed
        }
        var byte = text[position]
        position += 1
        if byte == ASCII.carriageReturn, position < text.count, text[position] == ASCII.lineFeed {
            byte = ASCII.lineFeed
            position += 1
        }
        if byte == ASCII.lineFeed { line += 1 }
        return byte
    }

    /// Reads what stands in brackets, as it appears in names.
    private mutating func sectionName() throws(GitConfigError) -> [UInt8] {
        var name: [UInt8] = []
        var byte = next()
        while !ASCII.isSpace(byte) {
            if byte == ASCII.closingBracket { return name }
            guard Self.isKeyByte(byte) || byte == ASCII.dot else { throw failure }
            name.append(ASCII.lowercase(byte))
            byte = next()
        }
        while ASCII.isSpace(byte) {
            guard byte != ASCII.lineFeed else { throw failure }
            byte = next()
        }
        guard byte == ASCII.quote else { throw failure }
        name.append(ASCII.dot)
        while true {
            byte = next()
            if byte == ASCII.quote { break }
            if byte == ASCII.backslash { byte = next() }
            guard byte != ASCII.lineFeed else { throw failure }
            name.append(byte)
        }
        guard next() == ASCII.closingBracket else { throw failure }
        return name
    }

    private mutating func variable(startingWith first: UInt8) throws(GitConfigError) -> GitConfigText.Entry {
        let start = line
        var name = section + [ASCII.lowercase(first)]
        var byte = next()
        while Self.isKeyByte(byte) {
            name.append(ASCII.lowercase(byte))
            byte = next()
        }
        while byte == ASCII.space || byte == ASCII.tab { byte = next() }
        if byte == ASCII.lineFeed { return GitConfigText.Entry(name: name, value: nil, line: start) }
        guard byte == UInt8(ascii: "=") else { throw failure }
        return GitConfigText.Entry(name: name, value: try value(), line: start)
    }

    /// Reads a value to the end of its last line.
    private mutating func value() throws(GitConfigError) -> [UInt8] {
        var value: [UInt8] = []
        var isQuoted = false
        // Blanks count once something follows them.
        var blanks: [UInt8] = []
        while true {
            var byte = next()
            if byte == ASCII.lineFeed {
                guard !isQuoted else { throw failure }
                return value
            }
            if ASCII.isSpace(byte), !isQuoted {
                if !value.isEmpty { blanks.append(byte) }
                continue
            }
            if !isQuoted, byte == ASCII.hash || byte == UInt8(ascii: ";") {
                while next() != ASCII.lineFeed {}
                return value
            }
            value.append(contentsOf: blanks)
            blanks = []
            if byte == ASCII.quote {
                isQuoted.toggle()
                continue
            }
            if byte == ASCII.backslash {
                byte = next()
                switch byte {
                case ASCII.lineFeed: continue
                case UInt8(ascii: "t"): byte = ASCII.tab
                case UInt8(ascii: "n"): byte = ASCII.lineFeed
                case UInt8(ascii: "b"): byte = 0x08
                case ASCII.backslash, ASCII.quote: break
                default: throw failure
                }
            }
            value.append(byte)
        }
    }

    private static func isKeyByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || byte == ASCII.hyphen
    }
}
