import BelayCore
package import BelayRepository
package import BelayWorkflows

/// What a verification found.
package struct VerifyDocument: ReportDocument {
    package struct Item: Encodable, Sendable {
        package let severity: String
        package let code: String
        package let subject: String
        package let message: String
        package let advice: String
        package let affectedCount: Int
        package let affected: [Affected]

        private enum CodingKeys: String, CodingKey {
            case severity, code, subject, message, advice, affected
            case affectedCount = "affected_count"
        }
    }

    package struct Affected: Encodable, Sendable {
        package let snapshot: String
        package let path: String
    }

    package struct Database: Encodable, Sendable {
        package let snapshot: String
        package let name: String
        package let engine: String
        /// `same`, `wrong` or `untried`.
        package let outcome: String
        package let tables: Int?
        package let rows: UInt64?
        package let details: [String]
        package let seconds: Double

        private enum CodingKeys: String, CodingKey {
            case snapshot, name, engine, outcome, tables, rows, details
            case seconds = "seconds_elapsed"
        }
    }

    package let messageType = "summary"
    package let errors: Int
    package let hints: Int
    package let snapshots: Int
    package let indexes: Int
    package let packs: Int
    package let packBytes: UInt64
    package let trees: Int
    package let dataBlobs: Int
    package let readPacks: Int
    package let readBytes: UInt64
    package let unusedBlobs: Int
    package let seconds: Double
    package let findings: [Item]
    /// `nil` unless databases were to be loaded.
    package let databases: [Database]?
    private let duration: Duration

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case errors = "num_errors"
        case hints = "num_hints"
        case snapshots, indexes, packs
        case packBytes = "pack_bytes"
        case trees
        case dataBlobs = "data_blobs"
        case readPacks = "packs_read"
        case readBytes = "bytes_read"
        case unusedBlobs = "unused_blobs"
        case seconds = "seconds_elapsed"
        case findings, databases
    }

    package init(_ result: VerifyResult) {
        self.init(result.report, result.databases, duration: result.duration)
    }

    package init(_ report: CheckReport, _ rehearsed: [RehearsedDatabase]? = nil, duration: Duration) {
        databases = rehearsed.map { $0.map(Database.init) }
        findings = report.findings.map { finding in
            Item(
                severity: finding.severity.rawValue,
                code: finding.code,
                subject: finding.subject,
                message: finding.message,
                advice: report.advice(on: finding),
                affectedCount: finding.affected.count,
                affected: finding.affected.paths.map {
                    Affected(snapshot: $0.snapshot.hexadecimal, path: $0.path)
                }
            )
        }
        errors = report.errorCount
        hints = report.hintCount
        snapshots = report.snapshots
        indexes = report.indexes
        packs = report.packs
        packBytes = report.packBytes.bytes
        trees = report.trees
        dataBlobs = report.dataBlobs
        readPacks = report.readPacks
        readBytes = report.readBytes.bytes
        unusedBlobs = report.unusedBlobs
        seconds = Elapsed.seconds(duration)
        self.duration = duration
    }

    /// More affected paths of one finding are only counted.
    private static let pathsShown = 10

    package func text(_ style: TextStyle) -> String {
        var lines = findingLines(style)
        lines.append(
            "looked at  \(Count.text(snapshots, "snapshot")), \(Count.text(trees, "tree")), \(Count.text(dataBlobs, "data blob")), \(Count.text(packs, "pack")) of \(ByteCount(packBytes))"
        )
        if readPacks > 0 {
            lines.append(
                "read       \(Count.text(readPacks, "pack")), \(ByteCount(readBytes)): every byte against its hash"
            )
        } else {
            lines.append("read       no file contents; to read them as well: belay verify --read-data")
        }
        lines += databaseLines(style)
        lines.append("took       \(Elapsed.text(duration))")
        if hasWrongDatabases {
            lines.append(style.failure("databases are not what they should be") + "; nothing was changed")
        } else if errors == 0 {
            lines.append(
                style.success(
                    readPacks == packs && packs > 0
                        ? "no errors were found" : "no errors were found in what was looked at"
                )
            )
        } else {
            lines.append(errorLine(style))
        }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String {
        let wrong = (databases ?? []).filter { $0.outcome != "same" }.flatMap { lines($0, style) }
        return (findingLines(style) + wrong + (errors == 0 ? [] : [errorLine(style)])).joined(separator: "\n")
    }

    private var hasWrongDatabases: Bool { (databases ?? []).contains { $0.outcome == "wrong" } }

    private func databaseLines(_ style: TextStyle) -> [String] {
        guard let databases else { return [] }
        if databases.isEmpty { return ["databases  none"] }
        return databases.flatMap { lines($0, style) }
    }

    private func lines(_ database: Database, _ style: TextStyle) -> [String] {
        let name = PrintableText.of("\(database.name) of \(database.snapshot.prefix(8))")
        switch database.outcome {
        case "same":
            let tables = Count.text(database.tables ?? 0, "table")
            let rows = Count.text(database.rows ?? 0, "row")
            return ["database   \(name): loaded, and compared with what was stored: \(tables), \(rows)"]
        case "untried":
            return ["database   \(name): \(style.hint("not loaded")): \(reasons(database))"]
        default:
            return ["database   \(name): \(style.failure("not what was stored")): \(reasons(database))"]
        }
    }

    private func reasons(_ database: Database) -> String {
        PrintableText.of(database.details.joined(separator: "; "))
    }

    private func errorLine(_ style: TextStyle) -> String {
        style.failure("\(Count.text(errors, "error"))") + " found; nothing was changed"
    }

    private func findingLines(_ style: TextStyle) -> [String] {
        var lines: [String] = []
        for finding in findings {
            let label = finding.severity == "error" ? style.failure("error") : style.hint("hint")
            lines.append("\(label)  \(PrintableText.of("\(finding.subject) \(finding.message)"))")
            for path in finding.affected.prefix(Self.pathsShown) {
                lines.append("       snapshot \(path.snapshot.prefix(8))  \(PrintableText.of(path.path))")
            }
            if finding.affectedCount > Self.pathsShown {
                lines.append("       and \(finding.affectedCount - Self.pathsShown) more")
            }
            lines.append("       \(finding.advice)")
        }
        for (severity, count) in [(Finding.Severity.error, errors), (.hint, hints)] {
            let shown = findings.count { $0.severity == severity.rawValue }
            if count > shown { lines.append("and \(Count.text(count - shown, "more \(severity.rawValue)"))") }
        }
        return lines
    }
}

extension VerifyDocument.Database {
    fileprivate init(_ database: RehearsedDatabase) {
        snapshot = database.snapshot.id.hexadecimal
        name = database.name
        engine = database.engine
        seconds = Elapsed.seconds(database.duration)
        switch database.outcome {
        case .same(let tables, let rows):
            outcome = "same"
            self.tables = tables
            self.rows = rows
            details = []
        case .wrong(let reasons):
            outcome = "wrong"
            tables = nil
            rows = nil
            details = reasons
        case .untried(let reason):
            outcome = "untried"
            tables = nil
            rows = nil
            details = [reason]
        }
    }
}
