/// What `find` looks for: a glob over names or, with a slash in it, over paths.
///
/// A pattern over paths is a row of components that ends in the component looked for: `src/*.c` fits
/// `src/main.c` and `lib/src/main.c`. With a slash in front the row begins at the top. `**` stands for any
/// number of components. Within a component the wildcards are those of restic's patterns.
package struct PathPattern: Sendable {
    /// How much of a pattern the directories from the top to some place fit.
    ///
    /// What the pattern fits below a directory depends on this alone, not on the path that leads there: so a
    /// directory that is in many places need not be looked at in each.
    package struct Progress: Hashable, Sendable {
        /// The parts that may come next, in order.
        fileprivate var parts: [Int]
    }

    private let ignoresCase: Bool
    /// `nil` is `**`.
    private let parts: [ComponentGlobs.Glob?]
    private let globs: ComponentGlobs

    /// The pattern that `text` is; `nil` if a bracket is not well formed, or nothing is there.
    package init?(_ text: [UInt8], ignoresCase: Bool = false) {
        let text = ignoresCase ? text.withUnsafeBufferPointer { UTF8Text.lowercase($0) } : text
        var globs = ComponentGlobs()
        // A row that may begin anywhere follows any number of components.
        var parts: [ComponentGlobs.Glob?] = text.first == ASCII.slash ? [] : [nil]
        let components = text.split(separator: ASCII.slash)
        for component in components {
            if component.elementsEqual([ASCII.star, ASCII.star]) {
                if parts.isEmpty || parts.last != .some(nil) { parts.append(nil) }
            } else {
                guard let glob = globs.add(component) else { return nil }
                parts.append(glob)
            }
        }
        guard !components.isEmpty else { return nil }
        self.ignoresCase = ignoresCase
        self.parts = parts
        self.globs = globs
    }

    /// Where nothing precedes.
    package var start: Progress { Progress(parts: reachable(from: [0]).filter { $0 < parts.count }) }

    /// What the progress becomes in a directory of that name.
    package func entering(_ name: [UInt8], _ progress: Progress) -> Progress {
        Progress(parts: next(name, progress).filter { $0 < parts.count })
    }

    /// Whether the pattern fits an entry of a directory.
    package func matches(_ name: [UInt8], _ progress: Progress) -> Bool {
        next(name, progress).last == parts.count
    }

    /// The parts that may come behind a component, and behind the last one if the pattern may end there.
    private func next(_ name: [UInt8], _ progress: Progress) -> [Int] {
        reachable(
            from: progress.parts.compactMap { part in
                guard let glob = parts[part] else { return part }
                return matches(glob, name) ? part + 1 : nil
            }
        )
    }

    /// The parts with those that follow a `**`, which may stand for nothing; in order, each once.
    private func reachable(from start: [Int]) -> [Int] {
        var reachable: [Int] = []
        for first in start {
            var part = first
            while reachable.last.map({ $0 < part }) ?? true {
                reachable.append(part)
                guard part < parts.count, parts[part] == nil else { break }
                part += 1
            }
        }
        return reachable
    }

    private func matches(_ glob: ComponentGlobs.Glob, _ name: [UInt8]) -> Bool {
        name.withUnsafeBufferPointer { name in
            if !ignoresCase { return globs.matches(glob, name) }
            return UTF8Text.lowercase(name).withUnsafeBufferPointer { globs.matches(glob, $0) }
        }
    }
}
