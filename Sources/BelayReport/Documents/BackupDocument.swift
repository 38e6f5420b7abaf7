package import BelayArchive
import BelayCore
import BelayProject
import BelayRepository
import BelaySystem
package import BelayWorkflows

/// What has become of one entry since the last snapshot; a line before the result.
package struct BackupChangeDocument: ReportDocument {
    package let messageType = "verbose_status"
    package let action: String
    package let item: String

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case action, item
    }

    package init(_ change: CaptureChange) {
        action = change.kind.rawValue
        item = String(decoding: change.path, as: UTF8.self)
    }

    package func text(_ style: TextStyle) -> String {
        action + String(repeating: " ", count: 10 - action.count) + PrintableText.of(item)
    }
}

/// What a backup stored.
package struct BackupDocument: ReportDocument {
    package struct Failure: Encodable, Sendable {
        package let path: String
        package let kind: String
        package let reason: String
    }

    package struct GitTag: Encodable, Sendable {
        package let name: String
        package let commit: String?
        /// Why there is no tag; `nil` if it was made.
        package let problem: String?
        fileprivate let isDirty: Bool

        private enum CodingKeys: String, CodingKey {
            case name, commit, problem
        }
    }

    package let messageType = "summary"
    package let isDryRun: Bool
    package let snapshotID: String?
    package let kind: String
    package let name: String?
    package let parent: String?
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
    package let excluded: UInt64
    package let totalDuration: Double
    package let isUnchanged: Bool
    package let failures: [Failure]
    /// Packs of the repository that were found gone or cut short; earlier snapshots may have lost files.
    package let lostPacks: Int
    /// Earlier snapshots that cannot be read, because no index names the pack with their root.
    package let lostSnapshots: Int
    /// Sections of `belay.yaml` that this version does nothing with.
    package let unusedSections: [String]
    package let gitTag: GitTag?
    private let duration: Duration
    private let timestamp: String

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case isDryRun = "dry_run"
        case snapshotID = "snapshot_id"
        case kind, name, parent
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
        case excluded = "entries_excluded"
        case totalDuration = "total_duration"
        case isUnchanged = "unchanged"
        case failures
        case lostPacks = "lost_packs"
        case lostSnapshots = "lost_snapshots"
        case unusedSections = "unused_sections"
        case gitTag = "git_tag"
    }

    package init(_ result: BackupResult, in workspace: Workspace) {
        isDryRun = result.isDryRun
        snapshotID = result.snapshot?.id.hexadecimal
        kind = result.manifest.kind
        name = result.manifest.name
        parent = result.parent?.hexadecimal
        filesNew = result.counts.filesNew
        filesChanged = result.counts.filesChanged
        filesUnmodified = result.counts.filesUnmodified
        foldersNew = result.counts.foldersNew
        foldersChanged = result.counts.foldersChanged
        foldersUnmodified = result.counts.foldersUnmodified
        dataBlobs = result.added.dataBlobs
        treeBlobs = result.added.treeBlobs
        dataAdded = result.added.plainBytes
        dataAddedPacked = result.added.storedBytes
        totalFiles = result.totals.files
        totalBytes = result.totals.bytes
        excluded = result.counts.excluded
        totalDuration = Elapsed.seconds(result.duration)
        isUnchanged = result.isUnchanged
        failures = result.failures.map { Failure(path: $0.path, kind: $0.kind.rawValue, reason: $0.reason) }
        lostPacks = result.lostPacks
        lostSnapshots = result.lostSnapshots
        unusedSections = workspace.project.configuration.unsupportedSections
        gitTag = result.gitTag.map {
            GitTag(name: $0.name, commit: $0.commit, problem: $0.problem, isDirty: $0.isDirty)
        }
        duration = result.duration
        timestamp = (result.snapshot?.snapshot.time ?? workspace.clock.now()).compactText(in: workspace.zone)
    }

    package func text(_ style: TextStyle) -> String {
        var lines = failureLines(style)
        let files = "\(Count.text(totalFiles, "file")), \(ByteCount(totalBytes))"
        if let snapshotID {
            let title =
                name.map { "checkpoint '\(PrintableText.of($0))'" }
                ?? (kind == "backup" ? "snapshot" : "\(kind) snapshot")
            lines.append(
                "\(style.success("stored"))  \(title) \(style.strong(String(snapshotID.prefix(8))))  \(timestamp)"
            )
        } else if isDryRun {
            lines.append("dry run: nothing was stored")
        } else {
            lines.append("nothing has changed, so nothing was stored")
        }
        lines.append(
            "files   \(files): \(filesNew) new, \(filesChanged) changed, \(filesUnmodified) unmodified"
        )
        lines.append(
            "added   \(ByteCount(dataAddedPacked)) stored (\(ByteCount(dataAdded)) before compression)"
        )
        lines += gitTagLines(style, onlyProblems: false)
        lines.append("took    \(Elapsed.text(duration))")
        if !unusedSections.isEmpty {
            let names = unusedSections.joined(separator: ", ")
            lines.append("unused  \(names) in belay.yaml: this version of belay does nothing with them")
        }
        if !failures.isEmpty { lines.append(incompleteLine(style)) }
        return lines.joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String {
        if isDryRun { return text(style) }
        let tag = gitTagLines(style, onlyProblems: true)
        if failures.isEmpty { return tag.joined(separator: "\n") }
        return (failureLines(style) + tag + [incompleteLine(style)]).joined(separator: "\n")
    }

    private func gitTagLines(_ style: TextStyle, onlyProblems: Bool) -> [String] {
        guard let gitTag else { return [] }
        let name = PrintableText.of(gitTag.name)
        if let problem = gitTag.problem {
            return ["\(style.warning("no tag"))  '\(name)' is not made in git: \(problem)"]
        }
        if onlyProblems { return [] }
        let rest = gitTag.isDirty ? "; what is not committed is in the checkpoint alone" : ""
        return ["tagged  commit \((gitTag.commit ?? "").prefix(8)) in git as '\(name)'\(rest)"]
    }

    private func failureLines(_ style: TextStyle) -> [String] {
        failures.map { "\(style.warning($0.kind))  \(PrintableText.of("\($0.path): \($0.reason)"))" }
    }

    private func incompleteLine(_ style: TextStyle) -> String {
        let verb = failures.count == 1 ? "is" : "are"
        return style.warning("incomplete:")
            + " \(Count.text(failures.count, "item")) named above \(verb) not stored, or not as a whole"
    }
}
