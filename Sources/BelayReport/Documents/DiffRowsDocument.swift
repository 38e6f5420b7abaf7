import BelayCore

/// The rows of a table that differ.
package struct DiffRowsDocument: Encodable, Sendable {
    private let rows: TableRows

    init(_ rows: TableRows) {
        self.rows = rows
    }

    private enum CodingKeys: String, CodingKey {
        case added, removed, changed, rows, problem
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        if let problem = rows.problem { return try container.encode(problem, forKey: .problem) }
        try container.encode(rows.added, forKey: .added)
        try container.encode(rows.removed, forKey: .removed)
        try container.encode(rows.changed, forKey: .changed)
        try container.encode(rows.shown.map(Row.init), forKey: .rows)
    }

    // MARK: - Text

    /// A line for each row that is told, and one for the others.
    static func lines(_ rows: TableRows, _ style: TextStyle) -> [String] {
        if let problem = rows.problem { return [PrintableText.of("rows not compared: \(problem)")] }
        var lines = rows.shown.map { line($0, style) }
        if rows.unshown > 0 {
            lines.append("and \(Count.text(rows.unshown, "other row")), shown with a larger --limit")
        }
        return lines
    }

    private static func line(_ change: RowChange, _ style: TextStyle) -> String {
        let key = change.key.map(text).joined(separator: " ")
        switch change.kind {
        case .added:
            return style.success("+ " + ([key] + change.fields.map(text)).joined(separator: " "))
        case .removed:
            return style.failure("- " + ([key] + change.fields.map(text)).joined(separator: " "))
        case .changed:
            return "~ \(key): " + change.changes.map(text).joined(separator: ", ")
        }
    }

    private static func text(_ field: RowChange.Field) -> String {
        "\(PrintableText.of(field.name))=\(text(field.value))"
    }

    private static func text(_ change: RowChange.FieldChange) -> String {
        let (before, after) = (change.before.map(text) ?? "none", change.after.map(text) ?? "none")
        let note = before == after ? ", which differ further on" : ""
        return "\(PrintableText.of(change.name)) \(before) -> \(after)\(note)"
    }

    /// Characters of a value that are shown.
    private static let charactersShown = 60

    private static func text(_ value: RowValue) -> String {
        switch value {
        case .null: return "NULL"
        case .integer(let number): return "\(number)"
        case .real(let number): return "\(number)"
        case .text(let text, let bytes):
            return shortened(text.replacing("'", with: "''"), of: text, bytes) { "'\($0)'" }
        case .json(let text, let bytes): return shortened(text, of: text, bytes) { $0 }
        case .blob(let bytes, let digest):
            return "BLOB(\(ByteCount(bytes)), \(digest.hexadecimal.prefix(8)))"
        }
    }

    private static func shortened(
        _ shown: String,
        of text: String,
        _ bytes: UInt64,
        _ dress: (String) -> String
    ) -> String {
        if shown.count <= charactersShown && UInt64(text.utf8.count) == bytes {
            return dress(PrintableText.of(shown))
        }
        return dress(PrintableText.of(String(shown.prefix(charactersShown))) + "…") + " (\(ByteCount(bytes)))"
    }

    // MARK: - JSON

    private struct Row: Encodable {
        let change: RowChange

        init(_ change: RowChange) { self.change = change }

        private enum CodingKeys: String, CodingKey {
            case change, key, fields
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(change.kind.rawValue, forKey: .change)
            try encode(change.key.map { ($0.name, Value($0.value)) }, in: &container, .key)
            if change.kind == .changed {
                let changes = change.changes.map {
                    ($0.name, Pair(before: $0.before.map(Value.init), after: $0.after.map(Value.init)))
                }
                try encode(changes, in: &container, .fields)
            } else {
                try encode(change.fields.map { ($0.name, Value($0.value)) }, in: &container, .fields)
            }
        }

        private func encode(
            _ members: [(String, some Encodable)],
            in container: inout KeyedEncodingContainer<CodingKeys>,
            _ key: CodingKeys
        ) throws {
            // Two columns of one name: SQLite has none.
            let object = Dictionary(members, uniquingKeysWith: { _, last in last })
            try container.encode(object, forKey: key)
        }
    }

    private struct Pair: Encodable {
        let before: Value?
        let after: Value?
    }

    private struct Value: Encodable {
        let value: RowValue

        init(_ value: RowValue) { self.value = value }

        private enum CodingKeys: String, CodingKey {
            case start, bytes, sha256, json
        }

        func encode(to encoder: any Encoder) throws {
            switch value {
            case .null:
                var container = encoder.singleValueContainer()
                try container.encodeNil()
            case .integer(let number): try number.encode(to: encoder)
            // JSON has no infinity, and SQLite has.
            case .real(let number) where !number.isFinite: try "\(number)".encode(to: encoder)
            case .real(let number): try number.encode(to: encoder)
            case .text(let text, let bytes) where UInt64(text.utf8.count) == bytes:
                try text.encode(to: encoder)
            case .text(let text, let bytes):
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(text, forKey: .start)
                try container.encode(bytes, forKey: .bytes)
            case .json(let text, let bytes):
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(text, forKey: .json)
                try container.encode(bytes, forKey: .bytes)
            case .blob(let bytes, let digest):
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(bytes, forKey: .bytes)
                try container.encode(digest.hexadecimal, forKey: .sha256)
            }
        }
    }
}
