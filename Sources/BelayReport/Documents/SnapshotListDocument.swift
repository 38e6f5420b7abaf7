import BelaySystem
package import BelayCore
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

    private enum CodingKeys: String, CodingKey {
        case id
        case shortID = "short_id"
        case time, timestamp, age, project, kind, name, hostname, username, paths, tags
        case files = "total_files_processed"
        case bytes = "total_bytes_processed"
        case added = "data_added_packed"
        case isLatest = "latest"
        case program = "program_version"
    }

    package init(_ stored: StoredSnapshot, isLatest: Bool, in workspace: Workspace) {
        let snapshot = stored.snapshot
        let tags = SnapshotTags(snapshot.tags)
        id = stored.id.hexadecimal
        shortID = stored.id.short
        time = snapshot.time.localText(in: workspace.zone)
        timestamp = snapshot.time.compactText(in: workspace.zone)
        age = Age.text(of: snapshot.time, now: workspace.clock.now())
        project = tags.project
        kind = tags.kind?.word ?? (tags.isBelay ? "backup" : "foreign")
        name = tags.name
        hostname = snapshot.hostname
        username = snapshot.username
        paths = snapshot.paths
        self.tags = tags.userTags
        files = snapshot.summary?.totalFilesProcessed
        bytes = snapshot.summary?.totalBytesProcessed
        added = snapshot.summary?.dataAddedPacked
        self.isLatest = isLatest
        program = snapshot.programVersion
    }
}

/// The snapshots of a project, or of all, newest first.
package struct SnapshotListDocument: ReportDocument {
    package let snapshots: [SnapshotItem]
    private let showsProjects: Bool
    private let project: String

    package init(_ catalog: SnapshotCatalog, allProjects: Bool, tags: [String], in workspace: Workspace) {
        let wanted = tags.map { $0.split(separator: ",").map(String.init) }
        let chosen = (allProjects ? catalog.all : catalog.ofProject).filter { stored in
            wanted.isEmpty || wanted.contains { list in list.allSatisfy { stored.snapshot.tags.contains($0) } }
        }
        let latest = catalog.ofProject.last?.id
        snapshots = chosen.reversed().map { SnapshotItem($0, isLatest: $0.id == latest, in: workspace) }
        showsProjects = allProjects
        project = workspace.project.name
    }

    package func encode(to encoder: any Encoder) throws {
        try snapshots.encode(to: encoder)
    }

    package func text(_ style: TextStyle) -> String {
        if snapshots.isEmpty {
            return showsProjects
                ? "the repository has no snapshots" : "project '\(project)' has no snapshots; store one with: belay backup"
        }
        var header = ["SNAPSHOT", "TIME", "AGE", "KIND", "FILES", "SIZE", "ADDED", "DESCRIPTION"]
        var alignments: [TextTable.Alignment] = [.left, .left, .left, .left, .right, .right, .right, .left]
        if showsProjects {
            header.insert("PROJECT", at: 1)
            alignments.insert(.left, at: 1)
        }
        var table = TextTable(alignments, header: header)
        for item in snapshots {
            var description = item.name.map { "'\($0)'" } ?? ""
            if !item.tags.isEmpty { description += (description.isEmpty ? "" : "  ") + "[\(item.tags.joined(separator: ", "))]" }
            if item.kind == "foreign" { description += (description.isEmpty ? "" : "  ") + item.program }
            if item.isLatest { description += (description.isEmpty ? "" : "  ") + "LATEST" }
            var row = [
                item.shortID, item.timestamp, item.age, item.kind,
                item.files.map { Count.text($0) } ?? "-",
                item.bytes.map { "\(ByteCount($0))" } ?? "-",
                item.added.map { "\(ByteCount($0))" } ?? "-",
                PrintableText.of(description),
            ]
            if showsProjects { row.insert(item.project ?? item.paths.first ?? "-", at: 1) }
            table.add(row)
        }
        return table.lines.joined(separator: "\n")
    }
}
