package import BelayCore
import BelaySystem
package import BelayWorkflows

/// A snapshot, as lists show it.
package struct SnapshotItem: Encodable, Sendable {
    package let id: String
    package let shortID: String
    package let time: String
    package let timestamp: String
    package let age: String
    package let project: String?
    package let kind: String
    package let name: String?
    package let hostname: String
    package let username: String
    package let paths: [String]
    package let tags: [String]
    package let files: UInt64?
    package let bytes: UInt64?
    package let added: UInt64?
    package let isLatest: Bool
    package let program: String
    package let message: String?
    package let parts: [String]?
    /// How many items could not be stored as they should; `nil` for none.
    package let failureCount: Int?

    private enum CodingKeys: String, CodingKey {
        case id
        case shortID = "short_id"
        case time, timestamp, age, project, kind, name, hostname, username, paths, tags
        case files = "total_files_processed"
        case bytes = "total_bytes_processed"
        case added = "data_added_packed"
        case isLatest = "latest"
        case program = "program_version"
        case message, parts
        case failureCount = "failure_count"
    }

    package init(
        _ stored: StoredSnapshot,
        isLatest: Bool,
        in workspace: Workspace,
        manifest: Manifest? = nil
    ) {
        let snapshot = stored.snapshot
        let tags = SnapshotTags(snapshot.tags)
        id = stored.id.hexadecimal
        shortID = stored.id.short
        time = InstantText.of(snapshot.time)
        timestamp = snapshot.time.compactText(in: workspace.zone)
        age = Age.text(of: snapshot.time, now: workspace.clock.now())
        project = tags.project
        kind = tags.kind?.word ?? (tags.isBelay ? "backup" : "foreign")
        name = tags.name
        hostname = snapshot.hostname
        username = snapshot.username
        paths = snapshot.paths
        self.tags = tags.userTags
        // The manifest counts what is the project's own, the summary all that is in the snapshot.
        files = manifest?.totals.files ?? snapshot.summary?.totalFilesProcessed
        bytes = manifest?.totals.bytes ?? snapshot.summary?.totalBytesProcessed
        added = snapshot.summary?.dataAddedPacked
        self.isLatest = isLatest
        program = snapshot.programVersion
        message = manifest?.message
        failureCount = manifest?.failureCount
        // A full snapshot holds all of the project, whatever parts have names.
        let only = tags.only
        parts = manifest.map { _ in only }
    }
}

/// The snapshots of a project, or of all, newest first.
package struct SnapshotListDocument: ReportDocument {
    package let snapshots: [SnapshotItem]
    private let showsProjects: Bool
    private let project: String
    private let isNarrowed: Bool

    /// `isNarrowed` says that there are others, which were not asked for or cannot be read.
    package init(
        _ snapshots: [ListedSnapshot],
        latest: SnapshotID?,
        allProjects: Bool,
        isNarrowed: Bool = false,
        in workspace: Workspace
    ) {
        self.snapshots = snapshots.map {
            SnapshotItem($0.stored, isLatest: $0.stored.id == latest, in: workspace, manifest: $0.manifest)
        }
        showsProjects = allProjects
        project = workspace.project.name
        self.isNarrowed = isNarrowed
    }

    package func encode(to encoder: any Encoder) throws {
        try snapshots.encode(to: encoder)
    }

    package func text(_ style: TextStyle) -> String {
        if snapshots.isEmpty {
            if isNarrowed { return "no snapshot fits" }
            return showsProjects
                ? "the repository has no snapshots"
                : "project '\(project)' has no snapshots; store one with: belay backup"
        }
        var header = ["SNAPSHOT", "TIME", "AGE", "KIND", "PARTS", "FILES", "SIZE", "ADDED", "DESCRIPTION"]
        var alignments: [TextTable.Alignment] = [
            .left, .left, .left, .left, .left, .right, .right, .right, .left,
        ]
        if showsProjects {
            header.insert("PROJECT", at: 1)
            alignments.insert(.left, at: 1)
        }
        var table = TextTable(alignments, header: header)
        for item in snapshots {
            let dash = "-"
            var row: [String] = [item.shortID, item.timestamp, item.age, item.kind]
            row.append(
                item.parts.map { $0.isEmpty ? "all" : PrintableText.of($0.joined(separator: ",")) } ?? dash
            )
            row.append(item.files.map { Count.text($0) } ?? dash)
            row.append(item.bytes.map { "\(ByteCount($0))" } ?? dash)
            row.append(item.added.map { "\(ByteCount($0))" } ?? dash)
            row.append(PrintableText.of(Self.description(item)))
            if showsProjects { row.insert(PrintableText.of(item.project ?? item.paths.first ?? "-"), at: 1) }
            table.add(row)
        }
        return table.lines.joined(separator: "\n")
    }

    private static func description(_ item: SnapshotItem) -> String {
        var words: [String] = []
        if let name = item.name { words.append("'\(name)'") }
        if let message = item.message { words.append(message) }
        if !item.tags.isEmpty { words.append("[\(item.tags.joined(separator: ", "))]") }
        if item.kind == "foreign" { words.append(item.program) }
        if item.failureCount != nil { words.append("INCOMPLETE") }
        if item.isLatest { words.append("LATEST") }
        return words.joined(separator: "  ")
    }
}
