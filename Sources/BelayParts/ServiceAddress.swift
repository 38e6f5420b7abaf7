/// The parts of an address such as `mysql://user:password@host:3306/path?name=value`.
struct ServiceAddress: Hashable, Sendable {
    var scheme: String
    var user: String?
    var password: String?
    var host: String?
    var port: UInt16?
    /// Without the slash before it.
    var path: String?
    var query: [String: String] = [:]

    /// `nil` if the text is no such address.
    init?(_ text: String) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        scheme = text[..<mark.lowerBound].lowercased()
        var rest = text[mark.upperBound...]
        if let mark = rest.firstIndex(of: "?") {
            guard parse(query: rest[rest.index(after: mark)...]) else { return nil }
            rest = rest[..<mark]
        }
        if let slash = rest.firstIndex(of: "/") {
            guard let decoded = PercentEncoding.decoded(rest[rest.index(after: slash)...]) else { return nil }
            path = decoded.isEmpty ? nil : decoded
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let account = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decoded(account[0]) else { return nil }
            user = name.isEmpty ? nil : name
            if account.count == 2 {
                guard let word = PercentEncoding.decoded(account[1]) else { return nil }
                password = word
            }
            rest = rest[rest.index(after: at)...]
        }
        guard parse(host: rest) else { return nil }
    }

    private mutating func parse(query text: Substring) -> Bool {
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = PercentEncoding.decoded(parts[0]),
                let value = PercentEncoding.decoded(parts[1])
            else { return false }
            query[name] = value
        }
        return true
    }

    private mutating func parse(host text: Substring) -> Bool {
        var name = text
        var number: Substring = ""
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            name = text[text.index(after: text.startIndex)..<end]
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return false }
            number = after.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            name = text[..<colon]
            number = text[text.index(after: colon)...]
        }
        guard let decoded = PercentEncoding.decoded(name) else { return false }
        host = decoded.isEmpty ? nil : decoded
        if number.isEmpty { return true }
        port = UInt16(number)
        return port != nil
    }
}
