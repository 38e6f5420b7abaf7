import Yams

/// Turns YAML into ``ConfigurationNode``s, within limits; the only place that knows the YAML library.
enum YAMLDocument {
    enum Limit {
        static let fileBytes = 1_024 * 1_024
        /// Lists and mappings inside each other; the schema needs four.
        static let depth = 32
        /// Nodes after all aliases are expanded; far beyond any real file.
        static let nodes = 50_000
        /// Aliases multiply what they name: with this few, the worst file grows some twenty-fold.
        static let aliases = 8
    }

    /// The root of the only document in `text`; `nil` if there is none.
    ///
    /// Reports every problem it can, and throws once nothing can be read.
    static func root(
        of text: String,
        problems: inout [ConfigurationProblem]
    ) throws(ConfigurationProblem) -> ConfigurationNode? {
        // The parser, told the encoding, takes a byte order mark for a part of the first key.
        let hasMark = text.unicodeScalars.first == "\u{FEFF}"
        let text = hasMark ? String(text.unicodeScalars.dropFirst()) : text
        try checkBeforeParsing(text)
        let node: Node?
        do {
            // The basic resolver leaves every scalar a text. The encoding is given, because the default is
            // taken from the environment. The parser keeps a pointer to the text, which a string of a few
            // bytes does not survive because it has no storage of its own: so it is made longer.
            let stable = text.utf8.count < 16 ? text + "\n# too short\n" : text
            node = try Yams.compose(yaml: stable, .basic, .default, .utf8)
        } catch {
            throw problem(for: error, in: text)
        }
        guard let node else { return nil }
        var conversion = Conversion()
        let root = try conversion.convert(node, depth: 0)
        problems += conversion.problems
        return root
    }

    /// What must be known before the parser sees the text.
    ///
    /// The parser compares keys, and a key may be an alias of an alias: its cost would be beyond any bound.
    private static func checkBeforeParsing(_ text: String) throws(ConfigurationProblem) {
        guard text.utf8.count <= Limit.fileBytes else {
            throw ConfigurationProblem(
                position: SourcePosition(line: 1, column: 1),
                keyPath: "",
                message: "the file is larger than \(Limit.fileBytes) bytes"
            )
        }
        var aliases = 0
        var line = 1
        // The last byte that is not a space, in this line: an alias can only follow one of these, or none.
        var previous: UInt8?
        let indicators = Set("[{,:-?".utf8)
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == 0x0A || byte == 0x0D {
                if byte == 0x0A { line += 1 }
                previous = nil
                continue
            }
            let begins = byte == UInt8(ascii: "*") && previous.map(indicators.contains) ?? true
            if begins, let next = rest.first, isNameByte(next) {
                aliases += 1
                if aliases > Limit.aliases {
                    throw ConfigurationProblem(
                        position: SourcePosition(line: line, column: 1),
                        keyPath: "",
                        message:
                            "more than \(Limit.aliases) aliases (`*name`); a pattern that begins with `*` needs quotes"
                    )
                }
            }
            if byte != 0x20 && byte != 0x09 { previous = byte }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
        default: byte >= 0x80
        }
    }

    private static func problem(for error: any Error, in text: String) -> ConfigurationProblem {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).count
        let start = SourcePosition(line: 1, column: 1)
        guard let error = error as? YamlError else {
            return ConfigurationProblem(position: start, keyPath: "", message: "this is not YAML")
        }
        switch error {
        case .scanner(_, let words, let mark, _), .parser(_, let words, let mark, _),
            .composer(_, let words, let mark, _):
            return ConfigurationProblem(
                position: SourcePosition(line: min(mark.line, lines), column: mark.column),
                keyPath: "",
                message: "this is not YAML: \(words)\(advice(for: words))"
            )
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map(ConfigurationReader.shown).joined(separator: ", ")
            return ConfigurationProblem(
                position: SourcePosition(context.mark),
                keyPath: "",
                message: "the key \(names) stands more than once in this mapping, first here"
            )
        case .reader(let words, _, _, _):
            return ConfigurationProblem(position: start, keyPath: "", message: "this is not YAML: \(words)")
        default:
            return ConfigurationProblem(position: start, keyPath: "", message: "this is not YAML")
        }
    }

    /// The parser's words say what it expected; what people do wrong is mostly one of these.
    private static func advice(for problem: String) -> String {
        if problem.contains("alphabetic or numeric character") || problem.contains("undefined alias") {
            return "; text that begins with `*` or `&` needs quotes"
        }
        if problem.contains("cannot start any token") {
            return "; indent with spaces, and quote text that begins with a special character"
        }
        if problem.contains("mapping values are not allowed") {
            return "; quote text with a colon in it, and check the indentation"
        }
        return ""
    }

    /// The walk over the library's nodes.
    private struct Conversion {
        var problems: [ConfigurationProblem] = []
        private var nodes = 0

        mutating func convert(_ node: Node, depth: Int) throws(ConfigurationProblem) -> ConfigurationNode {
            let position = node.mark.map(SourcePosition.init) ?? SourcePosition(line: 1, column: 1)
            nodes += 1
            guard nodes <= Limit.nodes else {
                throw ConfigurationProblem(
                    position: position,
                    keyPath: "",
                    message: "more than \(Limit.nodes) values, aliases included"
                )
            }
            guard depth <= Limit.depth else {
                throw ConfigurationProblem(
                    position: position,
                    keyPath: "",
                    message: "more than \(Limit.depth) lists and mappings inside each other"
                )
            }
            checkTag(of: node, at: position)
            switch node {
            case .scalar(let scalar):
                let isNothing =
                    scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
                return ConfigurationNode(
                    content: isNothing ? .nothing : .text(scalar.string),
                    position: position
                )
            case .sequence(let sequence):
                var items: [ConfigurationNode] = []
                for item in sequence { items.append(try convert(item, depth: depth + 1)) }
                return ConfigurationNode(content: .list(items), position: position)
            case .mapping(let mapping):
                var entries: [ConfigurationNode.Entry] = []
                for (key, value) in mapping {
                    let value = try convert(value, depth: depth + 1)
                    let place = key.mark.map(SourcePosition.init) ?? position
                    guard case .scalar(let scalar) = key else {
                        report(place, "a key is a single word, not a list or a mapping")
                        continue
                    }
                    entries.append(ConfigurationNode.Entry(key: scalar.string, position: place, value: value))
                }
                return ConfigurationNode(content: .mapping(entries), position: position)
            case .alias:
                throw ConfigurationProblem(position: position, keyPath: "", message: "an alias names nothing")
            }
        }

        private mutating func checkTag(of node: Node, at position: SourcePosition) {
            let known: Set<String> = [
                "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map", "!", "",
            ]
            if !known.contains(node.tag.rawValue) {
                report(position, "a tag (`!…`) has no meaning here")
            }
        }

        private mutating func report(_ position: SourcePosition, _ message: String) {
            problems.append(ConfigurationProblem(position: position, keyPath: "", message: message))
        }
    }
}

extension SourcePosition {
    fileprivate init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }
}
