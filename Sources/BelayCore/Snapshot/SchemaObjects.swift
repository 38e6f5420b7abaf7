/// The objects that a text of definitions creates, for a line on what differs between two of them.
///
/// Knows how statements begin, not what they mean: a definition goes from a line that begins with `CREATE` to the next
/// line that begins a statement, and takes in what alters a table later. Enough for the texts that SQLite and `pg_dump` give; the patch shows all of it.
package enum SchemaObjects {
    private struct Object: Hashable {
        var kind: String
        var name: String
    }

    /// More objects of one kind and fate are only counted.
    private static let namedMaximum = 2

    /// Words between `CREATE` and the kind of object.
    private static let modifiers: Set<String> = [
        "OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "VIRTUAL", "UNLOGGED", "RECURSIVE", "CONSTRAINT",
        "GLOBAL", "LOCAL", "TRUSTED", "PROCEDURAL", "EVENT",
    ]
    /// First words of the statements in such texts.
    private static let beginnings: Set<String> = [
        "CREATE", "ALTER", "COMMENT", "GRANT", "REVOKE", "SET", "PRAGMA", "REFRESH", "SECURITY",
    ]

    /// What differs, such as `table audit added, index by_name removed`; `nil` if the texts are equal.
    package static func difference(_ old: String, _ new: String) -> String? {
        if old == new { return nil }
        let before = objects(in: old)
        let after = objects(in: new)
        var words: [String] = []
        for (fate, found) in [
            ("added", after.filter { before[$0.key] == nil }),
            ("removed", before.filter { after[$0.key] == nil }),
            ("changed", after.filter { before[$0.key] != nil && before[$0.key] != $0.value }),
        ] {
            let byKind = Dictionary(grouping: found.keys, by: \.kind)
            for (kind, objects) in byKind.sorted(by: { $0.key < $1.key }) {
                let names = objects.map(\.name).sorted()
                if names.count > namedMaximum {
                    let plural = kind.hasSuffix("x") ? kind + "es" : kind + "s"
                    words.append("\(Count.text(names.count, kind, plural)) \(fate)")
                } else {
                    words += names.map { "\(kind) \($0) \(fate)" }
                }
            }
        }
        return words.joined(separator: ", ")
    }

    /// The definitions by what they define; several of one thing are one.
    private static func objects(in text: String) -> [Object: String] {
        var objects: [Object: String] = [:]
        var current: Object?
        var created: [String: Object] = [:]
        // A statement begins on the line after one that ends a statement.
        var isBetween = true
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let blank = line.allSatisfy { $0 == " " || $0 == "\r" }
            if isBetween, beginnings.contains(String(line.prefix { $0 != " " })) {
                current = object(line)
                if let found = current {
                    // `pg_dump` alters views and sequences as if they were tables.
                    current = line.hasPrefix("ALTER") ? created[found.name] : found
                    if line.hasPrefix("CREATE") { created[found.name] = found }
                }
            }
            if let current, !blank, !line.hasPrefix("--") { objects[current, default: ""] += line + "\n" }
            isBetween = line.hasSuffix(";") || (isBetween && (blank || line.hasPrefix("--")))
        }
        return objects
    }

    /// What a line creates, or the table that it alters; `nil` if it begins another statement.
    private static func object(_ line: Substring) -> Object? {
        var words = line.split(separator: " ")[...]
        switch words.popFirst() {
        case "CREATE": break
        case "ALTER":
            guard words.popFirst() == "TABLE" else { return nil }
            if words.first == "ONLY" { words.removeFirst() }
            return name(words.joined(separator: " ")).map { Object(kind: "table", name: $0) }
        default: return nil
        }
        while let word = words.first, modifiers.contains(word.uppercased()) { words.removeFirst() }
        guard var kind = words.popFirst()?.lowercased() else { return nil }
        if kind == "materialized" {
            words.removeFirst(min(1, words.count))
            kind = "view"
        }
        if words.count > 3, words.prefix(2).map({ $0.uppercased() }) == ["IF", "NOT"] {
            words.removeFirst(3)
        }
        return name(words.joined(separator: " ")).map { Object(kind: kind, name: $0) }
    }

    /// The name at the start of a text, without what follows it.
    private static func name(_ text: String) -> String? {
        var name = ""
        var closing: Character?
        for character in text {
            if let end = closing {
                if character == end { closing = nil }
                name.append(character)
                continue
            }
            switch character {
            case "\"", "`": closing = character
            case "[": closing = "]"
            case " ", "(", ";": return name.isEmpty ? nil : name
            default: break
            }
            name.append(character)
        }
        return name.isEmpty ? nil : name
    }
}
