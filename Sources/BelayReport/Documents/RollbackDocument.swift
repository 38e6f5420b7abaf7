import BelayCore
import BelaySystem
package import BelayWorkflows

/// What a rollback will do, to be read before it is agreed to.
package struct RollbackPlanDocument: ReportDocument {
    package struct Database: Encodable, Sendable {
        package let name: String
        package let engine: String
        /// `replace`, `create` or `leave`.
        package let action: String
        package let tables: Int
        package let rows: UInt64
        /// Whether a command does it.
        package let byCommand: Bool

        private enum CodingKeys: String, CodingKey {
            case name, engine, action, tables, rows
            case byCommand = "by_command"
        }
    }

    package let messageType = "plan"
    package let snapshotID: String
    package let databases: [Database]
    private let heading: String

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case snapshotID = "snapshot_id"
        case databases
    }

    package init(_ plan: RollbackPlan, in workspace: Workspace) {
        let time = plan.snapshot.snapshot.time
        snapshotID = plan.snapshot.id.hexadecimal
        heading =
            "\(time.compactText(in: workspace.zone)), \(Age.text(of: time, now: workspace.clock.now()))"
        databases = plan.databases.map { database in
            Database(
                name: database.argument,
                engine: [database.stored.engine, database.stored.version].compactMap(\.self)
                    .joined(separator: " "),
                action: Self.action(database.present),
                tables: database.stored.tables.count,
                rows: database.stored.tables.reduce(0) { $0 &+ $1.rows },
                byCommand: database.isByCommand
            )
        }
    }

    private static func action(_ present: RollbackPlan.Database.Present) -> String {
        switch present {
        case .same: "leave"
        case .other: "replace"
        case .missing: "create"
        }
    }

    package func text(_ style: TextStyle) -> String {
        var lines = ["back to  snapshot \(style.strong(String(snapshotID.prefix(8))))  \(heading)"]
        for database in databases {
            let name = PrintableText.of("\(database.name)  \(database.engine)")
            let size = "\(Count.text(database.tables, "table")), \(Count.text(database.rows, "row"))"
            switch database.action {
            case _ where database.byCommand:
                lines.append(
                    "\(style.warning("restore"))  \(name): by its command, which changes what is live; nothing is kept"
                )
            case "leave": lines.append("leave    \(name): not written to since")
            case "create": lines.append("create   \(name), \(size): it is not there")
            default: lines.append("\(style.warning("replace"))  \(name), \(size)")
            }
        }
        lines.append("files, and all other parts, are not touched")
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String { "" }
}

/// What a rollback did.
package struct RollbackDocument: ReportDocument {
    package struct Database: Encodable, Sendable {
        package let name: String
        package let engine: String
        package let tables: Int
        package let rows: UInt64
        package let kept: String?
        package let byCommand: Bool
        package let exchangeSeconds: Double

        private enum CodingKeys: String, CodingKey {
            case name, engine, tables, rows, kept
            case byCommand = "by_command"
            case exchangeSeconds = "exchange_seconds"
        }
    }

    package let messageType = "summary"
    package let snapshotID: String
    package let safetySnapshotID: String?
    package let databases: [Database]
    package let unstored: [String]
    package let undo: String?
    package let loadSeconds: Double
    package let seconds: Double
    private let duration: Duration

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case snapshotID = "snapshot_id"
        case safetySnapshotID = "safety_snapshot_id"
        case databases, undo
        case unstored = "not_stored_first"
        case loadSeconds = "load_seconds"
        case seconds = "seconds_elapsed"
    }

    package init(_ result: RollbackResult) {
        snapshotID = result.plan.snapshot.id.hexadecimal
        safetySnapshotID = result.safety?.id.hexadecimal
        databases = result.databases.map { database in
            Database(
                name: database.argument,
                engine: database.stored.engine,
                tables: database.stored.tables.count,
                rows: database.stored.tables.reduce(0) { $0 &+ $1.rows },
                kept: database.keptPlace,
                byCommand: database.isByCommand,
                exchangeSeconds: Elapsed.seconds(database.exchange)
            )
        }
        unstored = result.unstored
        undo = result.safety.flatMap { safety in
            // What was not there before, or could not be read, cannot be brought back from there.
            let names = result.databases.filter {
                $0.wasThere && !result.unstored.contains($0.stored.name)
            }
            if names.isEmpty { return nil }
            return "belay rollback \(safety.id.short)" + names.map { " --only \($0.argument)" }.joined()
        }
        loadSeconds = Elapsed.seconds(result.loading)
        duration = result.duration
        seconds = Elapsed.seconds(result.duration)
    }

    package func text(_ style: TextStyle) -> String {
        var lines: [String] = []
        for database in databases {
            let size = "\(Count.text(database.tables, "table")), \(Count.text(database.rows, "row"))"
            let name = PrintableText.of(database.name)
            if database.byCommand {
                lines.append(
                    "\(style.success("back"))     \(name)  by its command, which ended well; what it did was not looked at"
                )
                continue
            }
            lines.append(
                "\(style.success("back"))     \(name)  \(size), loaded and compared before it took its place"
            )
            if let kept = database.kept {
                lines.append("kept     what it replaced: \(PrintableText.of(kept))")
            }
        }
        for name in unstored {
            let isKept = databases.contains {
                ($0.name == name || $0.name.hasPrefix("\(name)/")) && $0.kept != nil
            }
            let fate = isKept ? "is kept, and in no snapshot" : "is neither kept nor in a snapshot"
            lines.append("\(style.warning("note"))     what \(PrintableText.of(name)) was \(fate)")
        }
        lines.append("took     \(Elapsed.text(duration))")
        if let undo { lines.append("undo     \(style.strong(undo))") }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String { "" }
}
