import BelayArchive
package import BelayCore
package import BelayWorkflows

/// A path that was found in snapshots, with a row for each of its contents.
package struct FindDocument: ReportDocument {
    package struct Snapshot: Encodable, Sendable {
        package let id: String
        package let shortID: String
        package let time: String
        package let timestamp: String

        private enum CodingKeys: String, CodingKey {
            case id
            case shortID = "short_id"
            case time, timestamp
        }

        init(_ stored: StoredSnapshot, _ zone: TimeZoneRules) {
            id = stored.id.hexadecimal
            shortID = stored.id.short
            time = InstantText.of(stored.snapshot.time)
            timestamp = stored.snapshot.time.compactText(in: zone)
        }
    }

    /// Successive snapshots in which the path holds the same.
    package struct Run: Encodable, Sendable {
        package let first: Snapshot
        package let last: Snapshot
        package let snapshots: Int
        package let type: String
        package let size: UInt64?
        package let mtime: String
        fileprivate let modified: String

        private enum CodingKeys: String, CodingKey {
            case first, last, snapshots, type, size, mtime
        }
    }

    package let path: String
    package let project: String
    /// Newest first.
    package let runs: [Run]

    /// The document of what was found; with `newestOnly` only of its newest contents.
    package init(_ found: FoundPath, newestOnly: Bool, zone: TimeZoneRules) {
        path = String(decoding: found.path, as: UTF8.self)
        project = found.project
        let chosen = newestOnly ? found.runs.suffix(1) : found.runs[...]
        runs = chosen.reversed().map { run in
            Run(
                first: Snapshot(run.first, zone),
                last: Snapshot(run.last, zone),
                snapshots: run.snapshotCount,
                type: run.node.kind.word,
                size: run.node.kind == .file ? run.node.size : nil,
                mtime: InstantText.of(run.node.modified),
                modified: run.node.modified.localText(in: zone)
            )
        }
    }

    package func text(_ style: TextStyle) -> String {
        let isFolder = runs.first?.type == Node.Kind.directory.word
        var table = TextTable([.left, .left, .left, .right, .left])
        for run in runs {
            let isOne = run.snapshots == 1
            table.add([
                "  \(run.last.shortID) \(run.last.timestamp)",
                isOne ? "" : "since \(run.first.shortID) \(run.first.timestamp)",
                Count.text(run.snapshots, "snapshot"),
                run.size.map { "\(ByteCount($0))" } ?? run.type,
                "modified \(run.modified)",
            ])
        }
        let title = style.strong(PrintableText.of(path) + (isFolder ? "/" : ""))
        return ([title] + table.lines).joined(separator: "\n")
    }
}
