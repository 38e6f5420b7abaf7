import BelayArchive
import BelayCore
package import BelayWorkflows

/// What became of a database.
package struct DiffDatabaseDocument: ReportDocument {
    package struct Table: Encodable, Sendable {
        package let name: String
        package let rowsBefore: UInt64?
        package let rowsAfter: UInt64?
        package let rows: DiffRowsDocument?

        private enum CodingKeys: String, CodingKey {
            case name
            case rowsBefore = "rows_before"
            case rowsAfter = "rows_after"
            case rows = "changed_rows"
        }
    }

    package let messageType = "database"
    package let name: String
    package let engine: String
    package let engineBefore: String?
    /// `appeared`, `vanished`, `unchanged`, `changed`, or `written` where nothing is known but that somebody wrote.
    package let state: String
    package let tables: [Table]
    /// `null` where the definitions of both sides are not known.
    package let isSchemaChanged: Bool?
    package let schema: String?
    package let patch: String?
    package let problem: String?
    private let form: DiffForm
    private let diff: DatabaseDiff

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case name, engine
        case engineBefore = "engine_before"
        case state, tables
        case isSchemaChanged = "schema_changed"
        case schema = "schema_changes"
        case patch = "schema_patch"
        case problem
    }

    package init(_ diff: DatabaseDiff, form: DiffForm) {
        self.diff = diff
        self.form = form
        let difference = diff.difference
        name = difference.name
        engine = difference.engine
        engineBefore = difference.engineBefore
        state = difference.state.rawValue
        tables = difference.tables.map { table in
            let rows = diff.rows.first { $0.table == table.name }
            return Table(
                name: table.name,
                rowsBefore: table.before,
                rowsAfter: table.after,
                rows: rows.map(DiffRowsDocument.init)
            )
        }
        isSchemaChanged = difference.comparesSchemas ? difference.schema != nil : nil
        schema = difference.schema.flatMap { $0.isEmpty ? nil : $0 }
        patch = form == .patch ? diff.schemaPatch.flatMap { DiffPartText.hunks($0) } : nil
        problem = diff.rowsProblem
    }

    /// More tables of a database that came or went are summed up.
    private static let tablesShown = 20

    package func text(_ style: TextStyle) -> String {
        let lines = [PrintableText.of("database \(name)  ") + words(style)] + details(style)
        return DiffPartText.text(lines, form)
    }

    private func words(_ style: TextStyle) -> String {
        let engines = PrintableText.of([engineBefore, engine].compactMap(\.self).joined(separator: " -> "))
        switch diff.difference.state {
        case .appeared: return "\(engines), \(style.success("appeared"))"
        case .vanished: return "\(engines), \(style.failure("vanished"))"
        case .unchanged: return "\(engines), unchanged"
        case .changed: return "\(engines), changed"
        case .written:
            let schema = isSchemaChanged == nil ? "" : " and schema"
            return "\(engines), written to; tables, their numbers of rows\(schema) are the same"
        }
    }

    private func details(_ style: TextStyle) -> [String] {
        var lines: [String] = []
        var text = TextTable([.left, .left])
        let isWhole = diff.difference.state == .appeared || diff.difference.state == .vanished
        let shown = isWhole ? diff.difference.tables.prefix(Self.tablesShown) : diff.difference.tables[...]
        for table in shown { text.add([PrintableText.of(table.name), count(table, isWhole: isWhole)]) }
        for (table, line) in zip(shown, text.lines) {
            lines.append("  " + line)
            if let rows = diff.rows.first(where: { $0.table == table.name }) {
                lines += DiffRowsDocument.lines(rows, style).map { "    " + $0 }
            }
        }
        let rest = diff.difference.tables.count - shown.count
        if rest > 0 { lines.append("  \(BelayCore.Count.text(rest, "other table"))") }
        if let problem { lines.append("  " + PrintableText.of(problem)) }
        if isSchemaChanged == true {
            lines.append(PrintableText.of("  schema changed" + (schema.map { ": \($0)" } ?? "")))
        }
        if let body = diff.schemaPatch { lines += DiffPartText.lines(body, style, form) }
        return lines
    }

    private func count(_ table: DatabaseDifference.Table, isWhole: Bool) -> String {
        func rows(_ count: UInt64) -> String { BelayCore.Count.text(count, "row") }
        switch (table.before, table.after) {
        case (nil, let after?): return (isWhole ? "" : "added, ") + rows(after)
        case (let before?, nil): return (isWhole ? "" : "removed, ") + rows(before)
        case (let before?, let after?) where before == after:
            let unit = engine == "json" ? "other contents" : "other rows"
            return "\(rows(after)), \(unit)"
        case (let before?, let after?):
            let sign = after > before ? "+" : "-"
            let change = after > before ? after - before : before - after
            return
                "\(BelayCore.Count.text(before)) -> \(rows(after)) (\(sign)\(BelayCore.Count.text(change)))"
        case (nil, nil): return ""
        }
    }
}

/// What became of a command's output.
package struct DiffCaptureDocument: ReportDocument {
    package let messageType = "capture"
    package let name: String
    /// As that of a database.
    package let state: String
    package let sizeBefore: UInt64?
    package let sizeAfter: UInt64?
    package let linesAdded: Int?
    package let linesRemoved: Int?
    package let patch: String?
    private let form: DiffForm
    private let diff: CaptureDiff

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case name, state
        case sizeBefore = "size_before"
        case sizeAfter = "size_after"
        case linesAdded = "lines_added"
        case linesRemoved = "lines_removed"
        case patch
    }

    package init(_ diff: CaptureDiff, form: DiffForm) {
        self.diff = diff
        self.form = form
        name = diff.name
        state = diff.state.rawValue
        sizeBefore = diff.sizeBefore
        sizeAfter = diff.sizeAfter
        if case .text(_, let added, let removed)? = diff.body {
            (linesAdded, linesRemoved) = (added, removed)
        } else {
            (linesAdded, linesRemoved) = (nil, nil)
        }
        patch = form == .patch ? diff.body.flatMap { DiffPartText.hunks($0) } : nil
    }

    package func text(_ style: TextStyle) -> String {
        var lines = [PrintableText.of("capture \(name)  ") + words(style)]
        if let body = diff.body, form == .patch { lines += DiffPartText.lines(body, style, form) }
        return DiffPartText.text(lines, form)
    }

    private func words(_ style: TextStyle) -> String {
        switch (diff.state, diff.body) {
        case (.appeared, _): return style.success("appeared") + size(sizeAfter)
        case (.vanished, _): return style.failure("vanished") + size(sizeBefore)
        case (.unchanged, _): return "unchanged"
        case (.written, _): return "too large to compare" + size(sizeAfter)
        case (.changed, .text(_, let added, let removed)?): return "changed, +\(added) -\(removed)"
        case (.changed, _):
            return "changed, \(ByteCount(sizeBefore ?? 0)) -> \(ByteCount(sizeAfter ?? 0))"
        }
    }

    private func size(_ bytes: UInt64?) -> String { bytes.map { ", \(ByteCount($0))" } ?? "" }
}

/// Texts that databases and captures share.
enum DiffPartText {
    /// The lines as one text; in a patch, which others take, they are comments.
    static func text(_ lines: [String], _ form: DiffForm) -> String {
        let mark = form == .patch ? "# " : ""
        return lines.map { mark + $0 }.joined(separator: "\n")
    }

    /// The hunks as text; `nil` if there are none to tell.
    static func hunks(_ body: DiffPatch.Body) -> String? {
        guard case .text(let hunks, _, _) = body, !hunks.isEmpty else { return nil }
        return String(decoding: hunks, as: UTF8.self)
    }

    /// The hunks line by line, for people.
    static func lines(_ body: DiffPatch.Body, _ style: TextStyle, _ form: DiffForm) -> [String] {
        guard form == .patch else { return [] }
        switch body {
        case .binary: return ["is binary and differs"]
        case .tooLarge: return ["differs and is too large to be compared"]
        case .text:
            let text = hunks(body) ?? ""
            return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
                let shown = line.split(separator: "\t", omittingEmptySubsequences: false)
                    .map { PrintableText.of(String($0)) }.joined(separator: "\t")
                switch line.first {
                case "+": return style.success(shown)
                case "-": return style.failure(shown)
                case "@": return style.hint(shown)
                default: return shown
                }
            }
        }
    }
}
