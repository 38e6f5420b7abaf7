package import BelayCore

/// The headers of a patch that `patch -p1` and `git apply` take.
package enum FilePatch {
    /// One side of a change to a file or a symlink.
    package struct Side: Hashable, Sendable {
        package var isSymlink: Bool
        package var isExecutable: Bool

        /// The side that a node is; `nil` for what a patch cannot hold.
        package init?(_ node: Node) {
            guard node.kind == .file || node.kind == .symlink else { return nil }
            isSymlink = node.kind == .symlink
            isExecutable = node.kind == .file && node.mode.rawValue & 0o100 != 0
        }

        /// The mode as git writes it.
        var mode: String { isSymlink ? "120000" : isExecutable ? "100755" : "100644" }
    }

    /// The lines in front of the hunks, if any follow; empty if there is nothing to say.
    package static func header(_ path: [UInt8], old: Side?, new: Side?, hasHunks: Bool) -> [UInt8] {
        var text = "diff --git \(quoted("a/", path)) \(quoted("b/", path))\n"
        var isNeeded = hasHunks
        switch (old, new) {
        case (nil, let new?):
            text += "new file mode \(new.mode)\n"
            if !hasHunks { text += "index \(noBlob)..\(emptyBlob)\n" }
            isNeeded = true
        case (let old?, nil):
            text += "deleted file mode \(old.mode)\n"
            // Without this line `patch` asks whether the empty file is not gone already.
            if !hasHunks { text += "index \(emptyBlob)..\(noBlob)\n" }
            isNeeded = true
        case (let old?, let new?) where old.mode != new.mode:
            text += "old mode \(old.mode)\nnew mode \(new.mode)\n"
            isNeeded = true
        default: break
        }
        guard isNeeded else { return [] }
        var bytes = Array(text.utf8)
        if hasHunks {
            bytes += Array("--- \(old == nil ? "/dev/null" : quoted("a/", path))\n".utf8)
            bytes += Array("+++ \(new == nil ? "/dev/null" : quoted("b/", path))\n".utf8)
        }
        return bytes
    }

    /// The beginnings of git's names for an empty file and for none.
    private static let emptyBlob = "e69de29"
    private static let noBlob = "0000000"

    /// The path, quoted in C's way if it holds what a line cannot, or a space.
    ///
    /// git itself leaves spaces as they are, and then `patch` cannot tell where a name ends.
    static func quoted(_ prefix: String, _ path: [UInt8]) -> String {
        let text = String(validating: path, as: UTF8.self)
        let isPlain = path.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x5C }
        if isPlain, let text { return prefix + text }
        var quoted = "\"" + prefix
        for byte in path {
            switch byte {
            case 0x22: quoted += "\\\""
            case 0x5C: quoted += "\\\\"
            case 0x0A: quoted += "\\n"
            case 0x09: quoted += "\\t"
            case 0x20..<0x7F: quoted.unicodeScalars.append(Unicode.Scalar(byte))
            default: quoted += "\\" + [byte >> 6, byte >> 3 & 7, byte & 7].map { "\($0)" }.joined()
            }
        }
        return quoted + "\""
    }
}
