import BelayCore

// What a snapshot's manifest tells of databases and captures, for people.
extension ShowDocument {
    /// More tables of a database than this are summed up.
    private static let tablesShown = 20

    static func databaseLines(_ manifest: Manifest?) -> [String] {
        var lines: [String] = []
        for database in manifest?.databases ?? [] {
            var facts = ["\(ByteCount(database.bytes))"]
            for (name, result) in database.checks.sorted(by: { $0.key < $1.key }) {
                facts.append("\(name.replacing("_", with: " ")): \(result)")
            }
            if database.isReused { facts.append("not written to since the snapshot before") }
            let engine = [database.engine, database.version].compactMap(\.self).joined(separator: " ")
            lines += [
                "",
                PrintableText.of("database \(database.name)  \(engine), \(facts.joined(separator: ", "))"),
            ]
            lines += tableLines(database.tables)
        }
        let captures = manifest?.captures ?? []
        if !captures.isEmpty { lines.append("") }
        for capture in captures {
            lines.append(
                PrintableText.of("capture \(capture.name)  \(ByteCount(capture.bytes)) of `\(capture.run)`")
            )
        }
        return lines
    }

    private static func tableLines(_ tables: [Manifest.Table]) -> [String] {
        if tables.isEmpty { return [] }
        var text = TextTable([.left, .right], header: ["TABLE", "ROWS"])
        for table in tables.prefix(tablesShown) {
            text.add([PrintableText.of(table.name), Count.text(table.rows)])
        }
        let rest = tables.dropFirst(tablesShown)
        if !rest.isEmpty {
            text.add([Count.text(rest.count, "other table"), Count.text(rest.reduce(0) { $0 + $1.rows })])
        }
        return text.lines
    }
}
