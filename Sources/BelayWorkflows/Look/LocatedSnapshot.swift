package import BelayCore

/// A snapshot, and where in it the project's directory is.
package struct LocatedSnapshot: Sendable {
    package let stored: StoredSnapshot
    /// The root of the snapshot's tree, as a directory without a name.
    package let root: Node
    /// The project's directory.
    package let project: Node
    /// The path of the project's directory from the root; empty if it is the root.
    package let base: [UInt8]

    /// The path from the root that a PATH argument means: relative to the project's directory or, with a slash
    /// in front, to the root.
    package func path(_ argument: String) -> [UInt8] {
        SnapshotPath.normalized(argument, from: argument.hasPrefix("/") ? [] : base)
    }

    /// The argument that means a path from the root.
    package func argument(_ path: [UInt8]) -> [UInt8] {
        if base.isEmpty { return path.isEmpty ? [0x2E] : path }
        if path == base { return [0x2E] }
        if path.starts(with: base + [0x2F]) { return Array(path.dropFirst(base.count + 1)) }
        return [0x2F] + path
    }

    /// The argument that means a path from the root, for messages: on one line, whatever names hold.
    package func text(_ path: [UInt8]) -> String {
        PrintableText.of(String(decoding: argument(path), as: UTF8.self))
    }
}

/// Paths below a root, as arguments name them.
package enum SnapshotPath {
    /// The path without `.`, `..` and slashes too many; it never leads above the root.
    package static func normalized(_ text: String, from base: [UInt8] = []) -> [UInt8] {
        var parts = base.split(separator: 0x2F)
        for part in Array(text.utf8).split(separator: 0x2F) {
            switch String(decoding: part, as: UTF8.self) {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(part)
            }
        }
        return Array(parts.joined(separator: [0x2F]))
    }
}
