import BelayArchive
package import BelayCore
package import BelayWorkflows

/// How the changes of a comparison are shown.
package enum DiffForm: Sendable {
    /// A line for each change.
    case names
    /// A line for each change, with the numbers of lines.
    case lineCounts
    /// The patch, and nothing else.
    case patch
}

/// What is compared with what.
package struct DiffSidesDocument: ReportDocument {
    package let messageType = "comparison"
    package let source: String
    package let target: String?
    package let notices: [SnapshotNoticeDocument]?
    private let description: String

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case source = "source_snapshot"
        case target = "target_snapshot"
        case notices
    }

    package init(_ sides: DiffSides, zone: TimeZoneRules, notices: [SnapshotNotice] = []) {
        func name(_ stored: StoredSnapshot) -> String {
            "snapshot \(stored.id.short) (\(stored.snapshot.time.compactText(in: zone)))"
        }
        source = sides.old.id.hexadecimal
        target = sides.new?.id.hexadecimal
        self.notices = SnapshotNoticeDocument.all(notices)
        description = "from \(name(sides.old)) to \(sides.new.map(name) ?? "the project now")"
    }

    package func text(_ style: TextStyle) -> String { description }
}

/// What was counted in a comparison.
package struct DiffTotalsDocument: ReportDocument {
    package struct Count: Encodable, Sendable {
        package let files: UInt64
        package let folders: UInt64
        package let others: UInt64
        package let bytes: UInt64

        private enum CodingKeys: String, CodingKey {
            case files
            case folders = "dirs"
            case others, bytes
        }

        init(_ count: DiffTotals.Count) {
            files = count.files
            folders = count.folders
            others = count.others
            bytes = count.bytes
        }
    }

    package struct Failure: Encodable, Sendable {
        package let path: String
        package let reason: String
    }

    package let messageType = "statistics"
    package let source: String
    package let target: String?
    package let changedFiles: UInt64
    package let bytesBefore: UInt64
    package let bytesAfter: UInt64
    package let changedOthers: UInt64
    package let changedTypes: UInt64
    /// Whether or not they are told.
    package let changedMetadata: UInt64
    package let added: Count
    package let removed: Count
    package let linesAdded: UInt64?
    package let linesRemoved: UInt64?
    /// Databases and captures that are not as they were.
    package let changedDatabases: Int
    package let changedCaptures: Int
    package let failures: [Failure]
    private let isEmpty: Bool
    private let untoldMetadata: UInt64

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case source = "source_snapshot"
        case target = "target_snapshot"
        case changedFiles = "changed_files"
        case bytesBefore = "changed_bytes_before"
        case bytesAfter = "changed_bytes_after"
        case changedOthers = "changed_others"
        case changedTypes = "changed_types"
        case changedMetadata = "changed_metadata"
        case added, removed
        case linesAdded = "lines_added"
        case linesRemoved = "lines_removed"
        case changedDatabases = "changed_databases"
        case changedCaptures = "changed_captures"
        case failures
    }

    package init(_ result: DiffResult, form: DiffForm) {
        let totals = result.totals
        source = result.sides.old.id.hexadecimal
        target = result.sides.new?.id.hexadecimal
        changedFiles = totals.filesChanged
        bytesBefore = totals.bytesBefore
        bytesAfter = totals.bytesAfter
        changedOthers = totals.othersChanged
        changedTypes = totals.kindsChanged
        changedMetadata = totals.metadataChanged + totals.metadataUntold
        untoldMetadata = totals.metadataUntold
        added = Count(totals.added)
        removed = Count(totals.removed)
        linesAdded = form == .names ? nil : totals.linesAdded
        linesRemoved = form == .names ? nil : totals.linesRemoved
        failures = result.failures.map { Failure(path: $0.path, reason: $0.reason) }
        changedDatabases = result.databases.count { $0.difference.state != .unchanged }
        changedCaptures = result.captures.count { $0.state != .unchanged }
        isEmpty = result.isEmpty
    }

    package func text(_ style: TextStyle) -> String {
        if isEmpty {
            if untoldMetadata == 0 { return "no differences" }
            let entries = BelayCore.Count.text(untoldMetadata, "entry differs", "entries differ")
            return
                "no differences in contents; \(entries) in mode, owner, time or attributes: --metadata names them"
        }
        var lines = [""]
        func add(_ label: String, _ value: String) {
            if !value.isEmpty { lines.append(label + String(repeating: " ", count: 9 - label.count) + value) }
        }
        add("added", Self.text(added))
        add("removed", Self.text(removed))
        var changed: [String] = []
        if changedFiles > 0 {
            changed.append(
                "\(BelayCore.Count.text(changedFiles, "file")) (\(ByteCount(bytesBefore)) -> \(ByteCount(bytesAfter)))"
            )
        }
        if changedOthers > 0 {
            changed.append(BelayCore.Count.text(changedOthers, "other entry", "other entries"))
        }
        if changedTypes > 0 {
            changed.append("\(BelayCore.Count.text(changedTypes, "entry", "entries")) in kind")
        }
        if changedMetadata > untoldMetadata {
            let told = changedMetadata - untoldMetadata
            changed.append("\(BelayCore.Count.text(told, "entry", "entries")) in metadata")
        }
        add("changed", changed.joined(separator: ", "))
        var parts: [String] = []
        if changedDatabases > 0 { parts.append(BelayCore.Count.text(changedDatabases, "database")) }
        if changedCaptures > 0 { parts.append(BelayCore.Count.text(changedCaptures, "capture")) }
        add("parts", parts.joined(separator: ", "))
        if let linesAdded, let linesRemoved {
            add(
                "lines",
                "\(BelayCore.Count.text(linesAdded)) added, \(BelayCore.Count.text(linesRemoved)) removed"
            )
        }
        return lines.joined(separator: "\n")
    }

    private static func text(_ count: Count) -> String {
        var parts: [String] = []
        if count.files > 0 {
            parts.append("\(BelayCore.Count.text(count.files, "file")) (\(ByteCount(count.bytes)))")
        }
        if count.folders > 0 { parts.append(BelayCore.Count.text(count.folders, "directory", "directories")) }
        if count.others > 0 {
            parts.append(BelayCore.Count.text(count.others, "other entry", "other entries"))
        }
        return parts.joined(separator: ", ")
    }
}
