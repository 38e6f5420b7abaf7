/// The statements of a script that PostgreSQL's own programs wrote.
enum SQLStatements {
    /// Splits at semicolons outside of quotes; comments and psql's own commands between statements are left out.
    static func split(_ script: String) -> [String] {
        var statements: [String] = []
        var current: [UInt8] = []
        var quote: UInt8?
        var rest = Array(script.utf8)[...]
        while let byte = rest.first {
            if current.isEmpty {
                if byte == 0x2D || byte == 0x5C {
                    rest = rest.drop { $0 != 0x0A }
                    continue
                }
                if byte == 0x0A || byte == 0x20 {
                    rest.removeFirst()
                    continue
                }
            }
            rest.removeFirst()
            if quote == nil && byte == 0x3B {
                statements.append(String(decoding: current, as: UTF8.self))
                current = []
                continue
            }
            if quote == byte {
                quote = nil
            } else if quote == nil, byte == 0x27 || byte == 0x22 {
                quote = byte
            }
            current.append(byte)
        }
        return statements
    }

    /// The statement with another name in the place of the first identifier that follows `DATABASE`.
    static func renamed(_ statement: String, to name: String) -> String {
        guard let mark = statement.firstRange(of: "DATABASE ") else { return statement }
        let rest = statement[mark.upperBound...]
        var end = rest.startIndex
        if rest.first == "\"" {
            end = rest.index(after: end)
            while end < rest.endIndex {
                let isQuote = rest[end] == "\""
                end = rest.index(after: end)
                guard isQuote else { continue }
                // Two of them are one in the name.
                guard end < rest.endIndex, rest[end] == "\"" else { break }
                end = rest.index(after: end)
            }
        } else {
            end = rest.firstIndex(of: " ") ?? rest.endIndex
        }
        return statement[..<mark.upperBound] + quoted(name) + rest[end...]
    }

    /// A name as it stands in a statement.
    static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// A text as it stands in a statement.
    static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
