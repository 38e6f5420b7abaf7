/// The statements of a script that PostgreSQL's own programs wrote.
package enum SQLStatements {
    /// Splits at semicolons outside of quotes; comments and psql's own commands between statements are left out.
    package static func split(_ script: String) -> [String] {
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
    package static func renamed(_ statement: String, to name: String) -> String {
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

    /// Keywords after which a role stands, by how a statement begins.
    private static let rolesAfter: [(beginning: [String], keywords: [String])] = [
        (["GRANT"], ["TO"]),
        (["REVOKE"], ["FROM"]),
        (["ALTER", "DEFAULT", "PRIVILEGES"], ["ROLE", "TO", "FROM"]),
        (["ALTER", "ROLE"], ["ROLE"]),
        (["SET", "SESSION", "AUTHORIZATION"], ["AUTHORIZATION"]),
        (["CREATE", "POLICY"], ["TO"]),
        (["CREATE", "USER", "MAPPING"], ["FOR"]),
    ]

    /// The roles that a statement names which is about privileges, policies or settings of roles.
    package static func roles(in statement: String) -> [String] {
        let words = words(statement)
        let keywords = rolesAfter.first { words.starts(with: $0.beginning.map(Word.bare)) }?.keywords ?? []
        var roles: [String] = []
        var isNext = false
        for word in words {
            switch word {
            // What follows are conditions and options.
            case .bare("USING"), .bare("WITH"), .bare("OPTIONS"): return roles
            case .bare(let text) where keywords.contains(text): isNext = true
            // Everybody, and whoever asks; what else is in capitals is quoted.
            case .bare(let text) where isNext && (text == "public" || text.contains(where: \.isUppercase)):
                isNext = false
            case .bare(let text) where isNext, .quoted(let text) where isNext:
                roles.append(text)
                isNext = false
            case .comma where !roles.isEmpty && words.starts(with: [.bare("CREATE"), .bare("POLICY")]):
                isNext = true
            default: break
            }
        }
        return roles
    }

    private enum Word: Hashable {
        case bare(String)
        /// A name in quotes, without them.
        case quoted(String)
        case comma
    }

    /// Words and names; texts and other marks are left out.
    private static func words(_ statement: String) -> [Word] {
        var words: [Word] = []
        var rest = Array(statement.utf8)[...]
        while let byte = rest.first {
            if byte == 0x22 || byte == 0x27 {
                let name = quotation(&rest)
                if byte == 0x22 { words.append(.quoted(name)) }
                continue
            }
            let bare = rest.prefix { isNamed($0) }
            rest = rest.dropFirst(max(bare.count, 1))
            if !bare.isEmpty {
                words.append(.bare(String(decoding: bare, as: UTF8.self)))
            } else if byte == 0x2C {
                words.append(.comma)
            }
        }
        return words
    }

    private static func isNamed(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x24, 0x80...: true
        default: false
        }
    }

    /// Takes away what stands between quotes, of which two are one in it.
    private static func quotation(_ rest: inout ArraySlice<UInt8>) -> String {
        let quote = rest.popFirst()
        var text: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == quote {
                guard rest.first == quote else { break }
                rest = rest.dropFirst()
            }
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
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
