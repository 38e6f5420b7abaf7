/// What `find` looks for: a glob over names or, with a slash in it, over paths.
///
/// A pattern over paths is a row of components that ends in the component looked for: `src/*.c` fits
/// `src/main.c` and `lib/src/main.c`. With a slash in front the row begins at the top. `**` stands for any
/// number of components. Within a component the wildcards are those of restic's patterns.
package struct PathPattern: Sendable {
    /// Whether the pattern looks at more than the last name.
    package let looksAtPath: Bool
    private let ignoresCase: Bool
    private let isAnchored: Bool
    /// `nil` is `**`.
    private let parts: [ComponentGlobs.Glob?]
    private let globs: ComponentGlobs

    /// The pattern that `text` is; `nil` if a bracket is not well formed, or nothing is there.
    package init?(_ text: [UInt8], ignoresCase: Bool = false) {
        let text = ignoresCase ? text.withUnsafeBufferPointer { UTF8Text.lowercase($0) } : text
        var globs = ComponentGlobs()
        var parts: [ComponentGlobs.Glob?] = []
        for component in text.split(separator: ASCII.slash) {
            if component.elementsEqual([ASCII.star, ASCII.star]) {
                if parts.isEmpty || parts.last != .some(nil) { parts.append(nil) }
            } else {
                guard let glob = globs.add(component) else { return nil }
                parts.append(glob)
            }
        }
        guard !parts.isEmpty else { return nil }
        self.ignoresCase = ignoresCase
        self.parts = parts
        self.globs = globs
        isAnchored = text.first == ASCII.slash
        looksAtPath = isAnchored || parts.count > 1 || parts[0] == nil
    }

    /// Whether the pattern fits an entry.
    ///
    /// The names of the directories from the top to the entry matter only if ``looksAtPath``.
    package func matches(_ name: [UInt8], in folders: [[UInt8]]) -> Bool {
        if !looksAtPath { return matches(parts[0], name) }
        let path = folders + [name]
        var part = 0
        var position = 0
        // Where to go on after a mismatch: the part behind the last `**`, and the component to try next.
        var restartPart = isAnchored ? -1 : 0
        var restart = 0
        while true {
            if part < parts.count, parts[part] == nil {
                part += 1
                restartPart = part
                restart = position
                continue
            }
            if part == parts.count && position == path.count { return true }
            if part < parts.count, position < path.count, matches(parts[part], path[position]) {
                part += 1
                position += 1
                continue
            }
            guard restartPart >= 0, restart < path.count else { return false }
            restart += 1
            part = restartPart
            position = restart
        }
    }

    private func matches(_ glob: ComponentGlobs.Glob?, _ name: [UInt8]) -> Bool {
        guard let glob else { return true }
        return name.withUnsafeBufferPointer { name in
            if !ignoresCase { return globs.matches(glob, name) }
            return UTF8Text.lowercase(name).withUnsafeBufferPointer { globs.matches(glob, $0) }
        }
    }
}
