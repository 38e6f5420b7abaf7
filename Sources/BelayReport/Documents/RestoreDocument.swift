import BelayArchive
import BelayCore
package import BelayWorkflows

/// What a restore made.
package struct RestoreDocument: ReportDocument {
    package struct Failure: Encodable, Sendable {
        package let path: String
        package let reason: String
    }

    package struct Warning: Encodable, Sendable {
        package let kind: String
        package let count: UInt64
        package let path: String
        package let reason: String
    }

    package let messageType = "summary"
    package let isDryRun: Bool
    package let snapshotID: String
    package let target: String
    package let files: UInt64
    package let folders: UInt64
    package let links: UInt64
    package let symlinks: UInt64
    package let specials: UInt64
    package let unchanged: UInt64
    package let skipped: UInt64
    package let bytes: UInt64
    package let verified: Bool
    package let seconds: Double
    package let failures: [Failure]
    package let warnings: [Warning]
    package let notices: [SnapshotNoticeDocument]?
    private let duration: Duration
    private let timestamp: String

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case isDryRun = "dry_run"
        case snapshotID = "snapshot_id"
        case target
        case files = "files_restored"
        case folders = "dirs_restored"
        case links = "hardlinks"
        case symlinks, specials
        case unchanged = "files_unchanged"
        case skipped = "files_skipped"
        case bytes = "bytes_restored"
        case verified
        case seconds = "seconds_elapsed"
        case failures, warnings, notices
    }

    package init(_ result: RestoreResult, in workspace: Workspace) {
        let counts = result.report.counts
        isDryRun = result.isDryRun
        snapshotID = result.snapshot.id.hexadecimal
        target = result.target
        files = counts.files
        folders = counts.folders
        links = counts.links
        symlinks = counts.symlinks
        specials = counts.specials
        unchanged = counts.unchanged
        skipped = counts.skipped
        bytes = counts.bytes
        verified = result.verified && result.report.failures.isEmpty
        seconds = Elapsed.seconds(result.duration)
        failures = result.report.failures.map { Failure(path: $0.path, reason: $0.reason) }
        warnings = result.report.warnings.map {
            Warning(kind: $0.kind.rawValue, count: $0.count, path: $0.path, reason: $0.reason)
        }
        notices = SnapshotNoticeDocument.all(workspace.notices.all)
        duration = result.duration
        timestamp = result.snapshot.snapshot.time.compactText(in: workspace.zone)
    }

    private static func word(_ kind: String) -> String {
        kind == "setID" ? "set-user-ID and set-group-ID" : kind
    }

    package func text(_ style: TextStyle) -> String {
        var lines = failureLines(style)
        let verb = isDryRun ? "would restore" : "restored"
        lines.append(
            "\(style.success(verb))  snapshot \(style.strong(String(snapshotID.prefix(8))))  \(timestamp)  to \(PrintableText.of(target))"
        )
        var parts = [
            "\(Count.text(files, "file")), \(ByteCount(bytes))",
            Count.text(folders, "directory", "directories"),
        ]
        if links > 0 { parts.append(Count.text(links, "hard link")) }
        if symlinks > 0 { parts.append(Count.text(symlinks, "symlink")) }
        if specials > 0 { parts.append(Count.text(specials, "special file")) }
        if unchanged > 0 { parts.append("\(unchanged) unchanged") }
        if skipped > 0 { parts.append("\(skipped) left alone") }
        lines.append("\(isDryRun ? "with   " : "made   ") \(parts.joined(separator: ", "))")
        if !isDryRun {
            lines.append(
                verified
                    ? "checked every chunk before writing, and read everything back"
                    : "checked every chunk before writing; not read back (--verify does)"
            )
            lines.append("took    \(Elapsed.text(duration))")
        }
        return (lines + warningLines(style)).joined(separator: "\n")
    }

    package func quietText(_ style: TextStyle) -> String {
        isDryRun ? text(style) : (failureLines(style) + warningLines(style)).joined(separator: "\n")
    }

    private func failureLines(_ style: TextStyle) -> [String] {
        failures.map { "\(style.failure("not restored"))  \(PrintableText.of("\($0.path): \($0.reason)"))" }
    }

    private func warningLines(_ style: TextStyle) -> [String] {
        var lines = warnings.map { warning in
            "\(style.warning("warning"))  \(Self.word(warning.kind)) not set on \(Count.text(warning.count, "entry", "entries")), such as \(PrintableText.of("\(warning.path): \(warning.reason)"))"
        }
        if !failures.isEmpty {
            let verb = failures.count == 1 ? "is" : "are"
            lines.append(
                style.failure("incomplete:")
                    + " \(Count.text(failures.count, "entry", "entries")) named above \(verb) missing"
            )
        }
        return lines
    }
}
