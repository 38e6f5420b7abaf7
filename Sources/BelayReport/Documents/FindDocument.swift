import BelayArchive
package import BelayCore
package import BelayWorkflows

/// What was found in snapshots, a row for each path.
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

    package struct Match: Encodable, Sendable {
        package let path: String
        package let project: String
        /// Newest first.
        package let runs: [Run]
    }

    package let matches: [Match]
    private let snapshotCount: Int
    private let showsProjects: Bool

    /// The document of what was found; with `newestOnly` only of the newest run of each path.
    package init(_ groups: [FoundGroup], newestOnly: Bool, zone: TimeZoneRules) {
        matches = groups.flatMap { group in
            group.paths.map { found in
                let runs = newestOnly ? found.runs.suffix(1) : found.runs[...]
                return Match(
                    path: String(decoding: found.path, as: UTF8.self),
                    project: group.project,
                    runs: runs.reversed().map { run in
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
                )
            }
        }
        snapshotCount = groups.reduce(0) { $0 + $1.snapshotCount }
        showsProjects = groups.count > 1
    }

    package func encode(to encoder: any Encoder) throws {
        try matches.encode(to: encoder)
    }

    package func text(_ style: TextStyle) -> String {
        if matches.isEmpty { return "nothing found in \(Count.text(snapshotCount, "snapshot"))" }
        var lines: [String] = []
        var project: String?
        for match in matches {
            if showsProjects, match.project != project {
                if project != nil { lines.append("") }
                lines.append("project \(PrintableText.of(match.project))")
                project = match.project
            }
            let isFolder = match.runs.first?.type == Node.Kind.directory.word
            lines.append(style.strong(PrintableText.of(match.path) + (isFolder ? "/" : "")))
            var table = TextTable([.left, .left, .left, .right, .left])
            for run in match.runs {
                let isOne = run.snapshots == 1
                table.add([
                    "  \(run.last.shortID) \(run.last.timestamp)",
                    isOne ? "" : "since \(run.first.shortID) \(run.first.timestamp)",
                    Count.text(run.snapshots, "snapshot"),
                    run.size.map { "\(ByteCount($0))" } ?? run.type,
                    "modified \(run.modified)",
                ])
            }
            lines += table.lines
        }
        return lines.joined(separator: "\n")
    }
}
