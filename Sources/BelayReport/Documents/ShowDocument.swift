import BelayArchive
package import BelayCore
package import BelayWorkflows

/// Everything about one snapshot.
package struct ShowDocument: ReportDocument {
    package struct Summary: Encodable, Sendable {
        package let filesNew: UInt64
        package let filesChanged: UInt64
        package let filesUnmodified: UInt64
        package let foldersNew: UInt64
        package let foldersChanged: UInt64
        package let foldersUnmodified: UInt64
        package let dataBlobs: UInt64
        package let treeBlobs: UInt64
        package let dataAdded: UInt64
        package let dataAddedPacked: UInt64
        package let totalFiles: UInt64
        package let totalBytes: UInt64
        package let backupStart: String
        package let backupEnd: String

        private enum CodingKeys: String, CodingKey {
            case filesNew = "files_new"
            case filesChanged = "files_changed"
            case filesUnmodified = "files_unmodified"
            case foldersNew = "dirs_new"
            case foldersChanged = "dirs_changed"
            case foldersUnmodified = "dirs_unmodified"
            case dataBlobs = "data_blobs"
            case treeBlobs = "tree_blobs"
            case dataAdded = "data_added"
            case dataAddedPacked = "data_added_packed"
            case totalFiles = "total_files_processed"
            case totalBytes = "total_bytes_processed"
            case backupStart = "backup_start"
            case backupEnd = "backup_end"
        }

        init(_ summary: Snapshot.Summary) {
            filesNew = summary.filesNew
            filesChanged = summary.filesChanged
            filesUnmodified = summary.filesUnmodified
            foldersNew = summary.directoriesNew
            foldersChanged = summary.directoriesChanged
            foldersUnmodified = summary.directoriesUnmodified
            dataBlobs = summary.dataBlobs
            treeBlobs = summary.treeBlobs
            dataAdded = summary.dataAdded
            dataAddedPacked = summary.dataAddedPacked
            totalFiles = summary.totalFilesProcessed
            totalBytes = summary.totalBytesProcessed
            backupStart = InstantText.of(summary.backupStart)
            backupEnd = InstantText.of(summary.backupEnd)
        }
    }

    package struct Contents: Encodable, Sendable {
        package struct FileType: Encodable, Sendable {
            package let ending: String
            package let files: UInt64
            package let bytes: UInt64

            private enum CodingKeys: String, CodingKey {
                case ending = "extension"
                case files, bytes
            }
        }

        package let files: UInt64
        package let folders: UInt64
        package let others: UInt64
        package let bytes: UInt64
        package let types: [FileType]

        private enum CodingKeys: String, CodingKey {
            case files
            case folders = "dirs"
            case others, bytes, types
        }
    }

    package let id: String
    package let shortID: String
    package let time: String
    package let timestamp: String
    package let age: String
    package let isLatest: Bool
    package let project: String?
    package let kind: String
    package let name: String?
    package let message: String?
    package let hostname: String
    package let username: String
    package let tags: [String]
    package let paths: [String]
    package let excludes: [String]
    package let parent: String?
    package let original: String?
    package let tree: String
    package let program: String
    package let summary: Summary?
    package let contents: Contents
    package let manifest: Manifest?
    package let notices: [SnapshotNoticeDocument]?
    private let localTime: String

    private enum CodingKeys: String, CodingKey {
        case id
        case shortID = "short_id"
        case time, timestamp, age
        case isLatest = "latest"
        case project, kind, name, message, hostname, username, tags, paths, excludes, parent, original, tree
        case program = "program_version"
        case summary, contents, manifest, notices
    }

    package init(_ result: ShowResult, in workspace: Workspace) {
        let stored = result.snapshot.stored
        let snapshot = stored.snapshot
        let item = SnapshotItem(stored, isLatest: result.isLatest, in: workspace)
        id = item.id
        shortID = item.shortID
        time = item.time
        timestamp = item.timestamp
        age = item.age
        isLatest = item.isLatest
        project = item.project
        kind = item.kind
        name = item.name
        message = result.manifest?.message
        hostname = item.hostname
        username = item.username
        tags = item.tags
        paths = item.paths
        excludes = snapshot.excludes
        parent = snapshot.parent?.hexadecimal
        original = snapshot.original?.hexadecimal
        tree = snapshot.tree.hexadecimal
        program = snapshot.programVersion
        summary = snapshot.summary.map { Summary($0) }
        let statistics = result.statistics
        contents = Contents(
            files: statistics.files,
            folders: statistics.folders,
            others: statistics.others,
            bytes: statistics.bytes,
            types: statistics.types.map {
                Contents.FileType(ending: $0.ending, files: $0.files, bytes: $0.bytes)
            }
        )
        manifest = result.manifest
        notices = SnapshotNoticeDocument.all(workspace.notices.all)
        localTime = snapshot.time.localText(in: workspace.zone)
    }

    /// More types than this are summed up in the text.
    private static let typesShown = 10

    package func text(_ style: TextStyle) -> String {
        var lines: [String] = []
        func add(_ label: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append(label + String(repeating: " ", count: 11 - label.count) + PrintableText.of(value))
        }
        let mark = isLatest ? "  LATEST" : ""
        lines.append("snapshot   \(style.strong(id))\(mark)")
        add("time", "\(localTime)  (\(age), \(timestamp))")
        add("kind", kind + (name.map { " '\($0)'" } ?? ""))
        add("message", message)
        add("project", project)
        add("host", username.isEmpty ? hostname : "\(hostname), user \(username)")
        add("paths", paths.joined(separator: ", "))
        add("tags", tags.joined(separator: ", "))
        add("excludes", excludes.joined(separator: ", "))
        add("parent", parent.map { String($0.prefix(8)) })
        add("original", original.map { String($0.prefix(8)) })
        add("program", program)
        add("git", manifest?.git.map(Self.text))
        for part in manifest?.parts ?? [] {
            let paths = part.paths.isEmpty ? "" : ": \(part.paths.joined(separator: ", "))"
            add("part", "\(part.name) (\(part.kind))\(paths)")
        }
        if let only = manifest?.scope.only { add("only", only.joined(separator: ", ")) }
        if let count = manifest?.failureCount {
            add("incomplete", "\(Count.text(count, "item")) could not be stored as it should")
        }
        var total =
            "\(Count.text(contents.files, "file")), \(Count.text(contents.folders, "directory", "directories"))"
        if contents.others > 0 { total += ", \(Count.text(contents.others, "other entry", "other entries"))" }
        add("contents", "\(total), \(ByteCount(contents.bytes))")
        if let summary {
            add(
                "files",
                "\(summary.filesNew) new, \(summary.filesChanged) changed, \(summary.filesUnmodified) unmodified"
            )
            add(
                "added",
                "\(ByteCount(summary.dataAddedPacked)) stored (\(ByteCount(summary.dataAdded)) before compression)"
            )
        }
        return (lines + Self.databaseLines(manifest) + typeLines + failureLines(style)).joined(
            separator: "\n"
        )
    }

    private var typeLines: [String] {
        if contents.types.isEmpty { return [] }
        var table = TextTable([.left, .right, .right], header: ["TYPE", "FILES", "SIZE"])
        for type in contents.types.prefix(Self.typesShown) {
            table.add([
                type.ending.isEmpty ? "(none)" : PrintableText.of(".\(type.ending)"), Count.text(type.files),
                "\(ByteCount(type.bytes))",
            ])
        }
        let rest = contents.types.dropFirst(Self.typesShown)
        if !rest.isEmpty {
            table.add([
                Count.text(rest.count, "other type"), Count.text(rest.reduce(0) { $0 + $1.files }),
                "\(ByteCount(rest.reduce(0) { $0 + $1.bytes }))",
            ])
        }
        return [""] + table.lines
    }

    /// More failures than this are only counted in the text.
    private static let failuresShown = 20

    private func failureLines(_ style: TextStyle) -> [String] {
        guard let failures = manifest?.failures, let count = manifest?.failureCount else { return [] }
        let shown = failures.prefix(Self.failuresShown)
        var lines = shown.map { failure in
            style.warning(failure.kind)
                + "  \(PrintableText.of(failure.path)): \(PrintableText.of(failure.reason))"
        }
        if count > shown.count { lines.append("and \(count - shown.count) more") }
        return [""] + lines
    }

    private static func text(_ git: Manifest.Git) -> String {
        var text = git.branch.map { "branch \($0)" } ?? "no branch"
        if let commit = git.commit { text += " at \(commit.prefix(12))" }
        if let upstream = git.upstream { text += ", upstream \(upstream)" }
        text += git.modified == 0 ? ", nothing modified" : ", \(git.modified) modified"
        if git.untracked > 0 { text += ", \(git.untracked) untracked" }
        if git.stashes > 0 { text += ", \(Count.text(git.stashes, "stash", "stashes"))" }
        return text
    }
}
