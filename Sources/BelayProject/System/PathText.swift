/// Paths as texts with `/`: joined, split and put in order without looking at a disk.
enum PathText {
    /// The path with doubled slashes, `.` parts and a trailing slash removed.
    ///
    /// `..` stays, because what it means depends on symbolic links.
    static func normalized(_ path: String) -> String {
        let parts = path.split(separator: "/").filter { $0 != "." }
        let text = parts.joined(separator: "/")
        if path.hasPrefix("/") { return "/" + text }
        return text.isEmpty ? "." : text
    }

    /// The path with `..` taken by its text too; meant for what does not exist yet.
    static func collapsingParents(_ path: String) -> String {
        var parts: [Substring] = []
        let isAbsolute = path.hasPrefix("/")
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                if let last = parts.last, last != ".." {
                    parts.removeLast()
                } else if !isAbsolute {
                    parts.append(part)
                }
            } else {
                parts.append(part)
            }
        }
        let text = parts.joined(separator: "/")
        if isAbsolute { return "/" + text }
        return text.isEmpty ? "." : text
    }

    /// `path` seen from `base`, unless it is absolute already.
    static func join(_ base: String, _ path: String) -> String {
        if path.hasPrefix("/") { return normalized(path) }
        return normalized(base + "/" + path)
    }

    /// The directory of a normalised path, and the last name in it; the root is its own directory.
    static func split(_ path: String) -> (parent: String, name: Substring) {
        guard let slash = path.lastIndex(of: "/") else {
            return path == "." ? (".", "") : (".", path[...])
        }
        let name = path[path.index(after: slash)...]
        return (slash == path.startIndex ? "/" : String(path[..<slash]), name)
    }

    /// `path` with a leading `~` replaced by the home directory; `~name` stays as it is.
    static func expandingHome(_ path: String, home: String) -> String {
        if path == "~" { return home }
        if path.hasPrefix("~/") { return home + path.dropFirst() }
        return path
    }
}
