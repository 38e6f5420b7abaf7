/// Why the text of a git configuration was refused, as git refuses it.
package struct GitConfigError: Error, Hashable, Sendable {
    /// The number of the line, from 1.
    package let line: Int
}

/// The text of one git configuration file.
///
/// It is read as git reads it, but no path is expanded and nothing is included: ``settings`` lists what
/// matters here in the order of the text, and whoever reads files puts the settings of an included file where
/// the `include` stands. Of several settings of one kind the last one holds.
package struct GitConfigText: Sendable {
    /// One variable.
    package struct Entry: Hashable, Sendable {
        /// The full name as `git config --list` prints it: section and key in lower case, the part between as
        /// is.
        package let name: [UInt8]
        /// The value; `nil` for a name alone, which means true.
        package let value: [UInt8]?
        package let line: Int
    }

    /// What decides how a working tree is read.
    package enum Setting: Hashable, Sendable {
        /// `core.excludesFile`: a path, which may start with `~/`, `~user/` or `%(prefix)/`; empty for none.
        ///
        /// Where it is not set, it is `git/ignore` in `$XDG_CONFIG_HOME`, or in `~/.config` if that is not
        /// set or empty.
        case excludesFile([UInt8])
        case ignoreCase(Bool)
        /// `core.worktree`, relative to the `.git` directory.
        case worktree([UInt8])
        /// `extensions.objectFormat`: `sha1` or `sha256`.
        case objectFormat([UInt8])
        /// `include.path` or, with the condition as it is written, `includeIf.<condition>.path`.
        ///
        /// The path is relative to the file that names it and may start with `~/`.
        case include(path: [UInt8], condition: [UInt8]?)
    }

    /// A longer text is refused.
    package static let byteCountMaximum = 16 << 20

    /// Every variable in the order of the text.
    package let entries: [Entry]

    /// The variables in the text of a configuration file.
    ///
    /// - Throws: ``GitConfigError`` with the first line that git would stop at.
    package init(_ text: [UInt8]) throws(GitConfigError) {
        guard text.count <= Self.byteCountMaximum else { throw GitConfigError(line: 0) }
        var parser = GitConfigParser(text)
        entries = try parser.entries()
    }

    /// What the entries say about reading a working tree, in their order.
    package var settings: [Setting] { entries.compactMap(Self.setting) }

    private static func setting(_ entry: Entry) -> Setting? {
        // Names that are not UTF-8 are none of these.
        switch String(decoding: entry.name, as: UTF8.self) {
        case "core.excludesfile": return entry.value.map(Setting.excludesFile)
        case "core.worktree": return entry.value.map(Setting.worktree)
        case "extensions.objectformat": return entry.value.map(Setting.objectFormat)
        case "core.ignorecase": return truth(entry.value).map(Setting.ignoreCase)
        case "include.path":
            return entry.value.map { .include(path: $0, condition: nil) }
        default:
            let prefix = Array("includeif.".utf8)
            let suffix = Array(".path".utf8)
            guard let value = entry.value, entry.name.starts(with: prefix),
                entry.name.count > prefix.count + suffix.count, entry.name.suffix(suffix.count) == suffix[...]
            else { return nil }
            let condition = entry.name.dropFirst(prefix.count).dropLast(suffix.count)
            return .include(path: value, condition: Array(condition))
        }
    }

    /// The boolean that git takes a value for; `nil` if it would stop.
    package static func truth(_ value: [UInt8]?) -> Bool? {
        guard let value else { return true }
        switch String(decoding: value.map(ASCII.lowercase), as: UTF8.self) {
        case "true", "yes", "on": return true
        case "false", "no", "off", "": return false
        case let word:
            var digits = word[...]
            if let unit = digits.last, "kmg".contains(unit) { digits.removeLast() }
            return Int32(digits).map { $0 != 0 }
        }
    }
}
