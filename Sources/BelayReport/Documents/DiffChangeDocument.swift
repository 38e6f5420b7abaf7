import BelayArchive
import BelayCore
package import BelayWorkflows

/// One change.
package struct DiffChangeDocument: ReportDocument {
    package let messageType = "change"
    /// With restic's slash in front, and one behind a directory.
    package let path: String
    /// restic's letters: `+`, `-`, `M`, `U`, `T` and `?`.
    package let modifier: String
    package let type: String
    package let sizeBefore: UInt64?
    package let sizeAfter: UInt64?
    package let linesAdded: Int?
    package let linesRemoved: Int?
    package let isBinary: Bool?
    package let patch: String?
    private let form: DiffForm
    private let entry: DiffEntry

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case path, modifier, type
        case sizeBefore = "size_before"
        case sizeAfter = "size_after"
        case linesAdded = "lines_added"
        case linesRemoved = "lines_removed"
        case isBinary = "binary"
        case patch
    }

    package init(_ entry: DiffEntry, form: DiffForm) {
        self.entry = entry
        self.form = form
        let change = entry.change
        path = "/" + String(decoding: entry.path, as: UTF8.self) + (Self.isFolder(change) ? "/" : "")
        modifier = Self.modifier(change)
        type = change.node?.kind.word ?? ""
        sizeBefore = change.old.flatMap { $0.kind == .file ? $0.size : nil }
        sizeAfter = change.new.flatMap { $0.kind == .file ? $0.size : nil }
        let counts = Self.counts(entry)
        linesAdded = counts?.added
        linesRemoved = counts?.removed
        isBinary = entry.patches.contains { $0.body == .binary } ? true : nil
        patch =
            form == .patch && !entry.patches.isEmpty
            ? String(decoding: Self.patchBytes(entry), as: UTF8.self) : nil
    }

    private static func isFolder(_ change: TreeChange) -> Bool { change.node?.kind == .directory }

    private static func modifier(_ change: TreeChange) -> String {
        if change.old == nil { return "+" }
        if change.new == nil { return "-" }
        var letters = ""
        if change.differences.contains(.kind) { letters += "T" }
        if change.differences.contains(.content) { letters += "M" }
        if change.differences.contains(.unexplained) { letters += "?" }
        return letters.isEmpty ? "U" : letters
    }

    private static func counts(_ entry: DiffEntry) -> (added: Int, removed: Int)? {
        var sum: (added: Int, removed: Int)?
        for patch in entry.patches {
            guard case .text(_, let added, let removed) = patch.body else { continue }
            sum = ((sum?.added ?? 0) + added, (sum?.removed ?? 0) + removed)
        }
        return sum
    }

    // MARK: - Text

    package func text(_ style: TextStyle) -> String {
        switch form {
        case .patch: return String(decoding: patchLines(style), as: UTF8.self)
        case .names, .lineCounts: break
        }
        let shown = PrintableText.of(String(path.dropFirst()))
        var line = Self.padded(modifier) + shown
        switch modifier.first {
        case "+": line = style.success(line)
        case "-": line = style.failure(line)
        default: break
        }
        return line + (detail.isEmpty ? "" : "  " + style.faint(detail))
    }

    /// The bytes of the text in its form, which need not be UTF-8.
    package func bytes(_ style: TextStyle) -> [UInt8] {
        form == .patch ? patchLines(style) : Array((text(style) + "\n").utf8)
    }

    private static func padded(_ letters: String) -> String {
        letters + String(repeating: " ", count: max(1, 3 - letters.count))
    }

    private var detail: String {
        if entry.change.isMetadataOnly { return Self.metadata(entry.change) }
        if form == .lineCounts {
            if let linesAdded, let linesRemoved { return "+\(linesAdded) -\(linesRemoved)" }
            if isBinary == true { return "binary, \(sizes)" }
            if !entry.patches.isEmpty { return "too large to compare, \(sizes)" }
        }
        if let old = entry.change.old, let new = entry.change.new, old.kind == .symlink, new.kind == .symlink
        {
            return "\(Self.target(old)) -> \(Self.target(new))"
        }
        return sizes
    }

    private var sizes: String {
        switch (sizeBefore, sizeAfter) {
        case (let before?, let after?): "\(ByteCount(before)) -> \(ByteCount(after))"
        case (let size?, nil), (nil, let size?): "\(ByteCount(size))"
        case (nil, nil): ""
        }
    }

    private static func target(_ node: Node) -> String {
        PrintableText.of(String(decoding: node.linkTarget, as: UTF8.self))
    }

    /// Which metadata differ.
    private static func metadata(_ change: TreeChange) -> String {
        guard let old = change.old, let new = change.new else { return "" }
        var parts: [String] = []
        if old.mode != new.mode { parts.append("\(ModeText.list(old)) -> \(ModeText.list(new))") }
        if (old.userID, old.groupID) != (new.userID, new.groupID) || old.user != new.user
            || old.group != new.group
        {
            parts.append("owner")
        }
        if old.modified != new.modified { parts.append("time") }
        if old.extendedAttributes != new.extendedAttributes || old.genericAttributes != new.genericAttributes
        {
            parts.append("attributes")
        }
        return parts.joined(separator: ", ")
    }

    // MARK: - Patch

    /// The patch, and comments on what it cannot hold, each line ended.
    private static func patchBytes(_ entry: DiffEntry) -> [UInt8] {
        var bytes: [UInt8] = []
        for patch in entry.patches {
            bytes += patch.header
            switch patch.body {
            case .text(let hunks, _, _): bytes += hunks
            // `patch` and `git apply` pass over lines like these.
            case .binary: bytes += comment(entry, "is binary and differs")
            case .tooLarge: bytes += comment(entry, "differs and is too large to be compared")
            }
        }
        return bytes
    }

    private static func comment(_ entry: DiffEntry, _ text: String) -> [UInt8] {
        Array("# \(PrintableText.of(String(decoding: entry.path, as: UTF8.self))) \(text)\n".utf8)
    }

    /// The patch as it is or, on a terminal, coloured and without control characters.
    private func patchLines(_ style: TextStyle) -> [UInt8] {
        let bytes = Self.patchBytes(entry)
        guard style.columns != nil else { return bytes }
        var shown = ""
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
            let text = String(decoding: line, as: UTF8.self).split(
                separator: "\t",
                omittingEmptySubsequences: false
            )
            .map { PrintableText.of(String($0)) }.joined(separator: "\t")
            shown += Self.painted(text, style) + "\n"
        }
        return Array(shown.utf8)
    }

    private static func painted(_ line: String, _ style: TextStyle) -> String {
        if line.hasPrefix("+++ ") || line.hasPrefix("--- ") || line.hasPrefix("diff ") {
            return style.strong(line)
        }
        switch line.first {
        case "+": return style.success(line)
        case "-": return style.failure(line)
        case "@": return style.hint(line)
        default: return line
        }
    }
}
