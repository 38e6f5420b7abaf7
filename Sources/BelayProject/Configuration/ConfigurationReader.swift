import BelayCore
import BelayRules

/// Reads typed values out of nodes and collects what is wrong instead of stopping at the first mistake.
///
/// Every method returns `nil` for what is absent and for what it reported.
struct ConfigurationReader {
    /// A value and the keys that lead to it.
    struct Field {
        var node: ConfigurationNode
        var path: String
    }

    /// The values of a mapping whose keys the schema knows.
    struct Fields {
        var position: SourcePosition
        var path: String
        var fields: [String: Field]

        /// The value of a key; `nil` if the key is missing or has nothing behind it.
        subscript(_ key: String) -> Field? { fields[key] }
    }

    private(set) var problems: [ConfigurationProblem] = []
    let environment: [String: String]

    init(environment: [String: String]) {
        self.environment = environment
    }

    // MARK: Problems

    mutating func report(_ field: Field, _ message: String, suggestion: String? = nil) {
        report(field.node.position, field.path, message, suggestion: suggestion)
    }

    mutating func report(
        _ position: SourcePosition,
        _ path: String,
        _ message: String,
        suggestion: String? = nil
    ) {
        problems.append(
            ConfigurationProblem(position: position, keyPath: path, message: message, suggestion: suggestion)
        )
    }

    mutating func take(_ found: [ConfigurationProblem]) {
        problems += found
    }

    // MARK: Mappings and lists

    /// A mapping with some of the `known` keys and no others.
    mutating func fields(_ field: Field, known: [String]) -> Fields? {
        guard let entries = entries(field, expected: "a mapping with the keys \(Self.list(known))") else {
            return nil
        }
        var fields = Fields(position: field.node.position, path: field.path, fields: [:])
        for entry in entries {
            guard known.contains(entry.key) else {
                let suggestion = NearestName.suggestion(for: entry.key, among: known)
                report(
                    entry.position,
                    field.path,
                    "unknown key \(Self.shown(entry.key))",
                    suggestion: suggestion
                )
                continue
            }
            if case .nothing = entry.value.content { continue }
            fields.fields[entry.key] = Field(node: entry.value, path: Self.join(field.path, entry.key))
        }
        return fields
    }

    /// A mapping whose keys are names that the file's author chose, in their order.
    mutating func named(_ field: Field?, of what: String) -> [(name: String, field: Field)] {
        guard let field, let entries = entries(field, expected: "a mapping from names to \(what)") else {
            return []
        }
        var result: [(name: String, field: Field)] = []
        for entry in entries {
            let path = Self.join(field.path, entry.key)
            guard Self.isName(entry.key) else {
                report(
                    entry.position,
                    field.path,
                    "a name has 1 to 64 letters, digits, `.`, `_` or `-`, and begins with a letter or digit"
                )
                continue
            }
            result.append((entry.key, Field(node: entry.value, path: path)))
        }
        return result
    }

    private mutating func entries(_ field: Field, expected: String) -> [ConfigurationNode.Entry]? {
        switch field.node.content {
        case .nothing:
            return []
        case .mapping(let entries):
            var seen: Set<String> = []
            for entry in entries where !seen.insert(entry.key).inserted {
                report(entry.position, field.path, "the key \(Self.shown(entry.key)) stands here twice")
            }
            return entries
        case .text, .list:
            report(field, "expected \(expected), found \(field.node.kind)")
            return nil
        }
    }

    /// The items of a list.
    mutating func items(_ field: Field?, of what: String) -> [Field] {
        guard let field else { return [] }
        guard case .list(let nodes) = field.node.content else {
            report(field, "expected a list of \(what), such as `[one, two]`, found \(field.node.kind)")
            return []
        }
        return nodes.enumerated().map { Field(node: $1, path: "\(field.path)[\($0)]") }
    }

    /// A list of texts, none of them empty.
    mutating func texts(_ field: Field?, of what: String) -> [String] {
        var result: [String] = []
        for item in items(field, of: what) {
            if let text = text(item) { result.append(text) }
        }
        return result
    }

    /// A list of patterns as in a `.gitignore`, none of them one that could match nothing.
    mutating func patterns(_ field: Field?) -> [String] {
        var result: [String] = []
        for item in items(field, of: "patterns") {
            guard let text = text(item) else { continue }
            if IgnorePattern(verbatim: Array(text.utf8)[...], number: 1).matchesNothing {
                report(
                    item,
                    "nothing can match this pattern: a bracket is not closed or names an unknown class, or nothing follows "
                        + "a backslash, \(found(item)); put a backslash before what stands for itself"
                )
            } else {
                result.append(text)
            }
        }
        return result
    }

    // MARK: Texts

    /// A text, not empty, with its variables in place.
    mutating func text(_ field: Field?) -> String? {
        guard let field, let written = written(field) else { return nil }
        let expansion = Interpolation.expand(written, environment: environment)
        if expansion.isMalformed {
            report(
                field,
                "`${` is not followed by a variable's name and `}`; write `$${` for the characters themselves"
            )
            return nil
        }
        for name in expansion.missing {
            report(field, "the environment variable `\(name)` is not set")
        }
        guard expansion.missing.isEmpty else { return nil }
        guard !expansion.text.isEmpty else {
            report(field, "the text is empty once its variables are in place")
            return nil
        }
        guard !expansion.text.utf8.contains(0) else {
            report(field, "the text holds a NUL character")
            return nil
        }
        return expansion.text
    }

    /// A text that must never be shown.
    mutating func secret(_ field: Field?) -> Secret? {
        text(field).map { Secret($0) }
    }

    /// A command, exactly as written.
    ///
    /// The shell that runs it knows the environment: were variables put in here, their values would show in
    /// the list of processes, and the shell's own `${NAME:-word}` would not work.
    mutating func command(_ field: Field?) -> String? {
        guard let field, let written = written(field) else { return nil }
        guard !written.utf8.contains(0) else {
            report(field, "the text holds a NUL character")
            return nil
        }
        return written
    }

    private mutating func written(_ field: Field) -> String? {
        switch field.node.content {
        case .text(let text) where text.allSatisfy(\.isWhitespace):
            report(field, "expected a text, found an empty one")
            return nil
        case .text(let text):
            return text
        case .nothing, .list, .mapping:
            report(field, "expected a text, found \(field.node.kind)")
            return nil
        }
    }

    /// What to say of a value that does not fit: the value itself, unless it came from the environment.
    func found(_ field: Field) -> String {
        guard case .text(let written) = field.node.content else { return "found \(field.node.kind)" }
        return "found `\(Printable.text(written, limit: 40))`"
    }

    // MARK: Words, numbers, durations

    /// One of a few words.
    mutating func choice<Value: RawRepresentable & CaseIterable>(_ field: Field?) -> Value?
    where Value.RawValue == String {
        guard let field, let text = text(field) else { return nil }
        if let value = Value(rawValue: text) { return value }
        let words = Value.allCases.map(\.rawValue)
        let suggestion = NearestName.suggestion(for: text, among: words)
        report(field, "expected \(Self.list(words, "or")), \(found(field))", suggestion: suggestion)
        return nil
    }

    /// A whole number in a range.
    mutating func number(_ field: Field?, in range: ClosedRange<Int>) -> Int? {
        guard let field, let text = text(field) else { return nil }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            range.contains(number)
        {
            return number
        }
        report(
            field,
            "expected a whole number from \(range.lowerBound) to \(range.upperBound), \(found(field))"
        )
        return nil
    }

    /// A length of time that is not zero.
    mutating func duration(_ field: Field?) -> TimeSpan? {
        guard let field, let text = text(field) else { return nil }
        if let span = TimeSpan(text), span > .zero { return span }
        report(field, "expected a duration such as `90s`, `15m`, `2h` or `30d`, \(found(field))")
        return nil
    }

    /// A length of time by the calendar that is not zero.
    ///
    /// `m` is refused: here it would be months, and minutes everywhere else in the file.
    mutating func calendarSpan(_ field: Field?) -> CalendarSpan? {
        guard let field, let text = text(field) else { return nil }
        if !text.contains("m") {
            if let span = CalendarSpan(text), !span.isZero { return span }
            if let span = TimeSpan(text), span.seconds >= 3600, span.seconds.isMultiple(of: 3600) {
                return CalendarSpan(days: Int(span.seconds / 86_400), hours: Int(span.seconds / 3600 % 24))
            }
        }
        report(field, "expected a time such as `12h`, `30d`, `8w` or `1y`, \(found(field))")
        return nil
    }

    // MARK: Wording

    static func join(_ path: String, _ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    /// `a`, `b` and `c`.
    static func list(_ words: [String], _ conjunction: String = "and") -> String {
        let quoted = words.map { "`\($0)`" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.joined() }
        return quoted.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
    }

    /// A key for a message: what is no word may be a connection string in the wrong place.
    static func shown(_ key: String) -> String {
        isName(key) ? "`\(key)`" : "that is not a word"
    }

    static func isName(_ text: String) -> Bool {
        guard (1...64).contains(text.unicodeScalars.count), let first = text.unicodeScalars.first else {
            return false
        }
        func isWord(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isAlphabetic || scalar.properties.generalCategory == .decimalNumber
        }
        return isWord(first)
            && text.unicodeScalars.allSatisfy { isWord($0) || [".", "_", "-"].contains($0) }
    }
}
