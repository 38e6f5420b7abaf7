/// Patterns of restic of which the last word counts.
struct ExcludePatternList: Sendable {
    private struct Pattern: Sendable {
        var isNegated: Bool
        var isAbsolute: Bool
        var hasDoubleStar: Bool
        /// Which of the parts are the pattern's; of an absolute one without the root.
        var parts: Range<Int>
    }

    /// The components of a path, each without slashes.
    private typealias Components = UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>

    private var patterns: [Pattern] = []
    /// The components of all patterns; `nil` is `**`.
    private var parts: [ComponentGlobs.Glob?] = []
    private var globs = ComponentGlobs()

    /// No patterns.
    init() {}

    /// Whether there are no patterns.
    var isEmpty: Bool { patterns.isEmpty }

    /// Adds a pattern; an empty one counts for nothing.
    mutating func add(_ text: [UInt8]) throws(BackupExcludesError) {
        guard !text.isEmpty else { return }
        let isNegated = text.first == ASCII.bang
        let cleaned = CleanPath.components(of: isNegated ? text.dropFirst() : text[...])
        let start = parts.count
        var hasDoubleStar = false
        for component in cleaned.components {
            if component.elementsEqual([ASCII.star, ASCII.star]) {
                parts.append(nil)
                hasDoubleStar = true
            } else {
                guard let glob = globs.add(component) else { throw .invalidPattern(text) }
                parts.append(glob)
            }
        }
        // The root alone is what restic takes for the root with anything below.
        if cleaned.isAbsolute, cleaned.components.isEmpty {
            parts.append(nil)
            hasDoubleStar = true
        }
        patterns.append(
            Pattern(
                isNegated: isNegated,
                isAbsolute: cleaned.isAbsolute,
                hasDoubleStar: hasDoubleStar,
                parts: start..<parts.count
            )
        )
    }

    /// Whether the patterns exclude `path`, an absolute path.
    func excludes(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !patterns.isEmpty, path.first == ASCII.slash else { return false }
        let count = path.count { $0 == ASCII.slash }
        return withUnsafeTemporaryAllocation(of: UnsafeBufferPointer<UInt8>.self, capacity: count) { buffer in
            var start = 1
            var filled = 0
            while start < path.count {
                let end = path[start...].firstIndex(of: ASCII.slash) ?? path.count
                buffer.initializeElement(at: filled, to: UnsafeBufferPointer(rebasing: path[start..<end]))
                filled += 1
                start = end + 1
            }
            let components = UnsafeBufferPointer(rebasing: buffer[..<filled])
            var isExcluded = false
            // Only a pattern that can change the answer is looked at.
            for pattern in patterns where pattern.isNegated == isExcluded {
                if matches(pattern, components) { isExcluded.toggle() }
            }
            return isExcluded
        }
    }

    private func matches(
        _ pattern: Pattern,
        _ components: Components
    ) -> Bool {
        if pattern.isAbsolute { return matches(pattern, components, from: 0) }
        for offset in components.indices where matches(pattern, components, from: offset) { return true }
        return false
    }

    /// Whether the pattern's row starts at the component `offset`.
    ///
    /// Every `**` is given as few components as will do, which leaves the most for what follows.
    private func matches(
        _ pattern: Pattern,
        _ components: Components,
        from offset: Int
    ) -> Bool {
        if !pattern.hasDoubleStar, pattern.parts.count > components.count - offset { return false }
        var part = pattern.parts.lowerBound
        var position = offset
        // How many components are still free: restic expands one `**` after the other and, while it does,
        // each of those to come takes up one component, even if it stands for none in the end. The root is
        // one too.
        let roots = pattern.isAbsolute ? 1 : 0
        var spare = components.count + 1 - (pattern.parts.count + roots)

        while part < pattern.parts.upperBound, let glob = parts[part] {
            guard position < components.count, globs.matches(glob, components[position]) else { return false }
            part += 1
            position += 1
        }
        while part < pattern.parts.upperBound {
            part += 1
            spare += 1
            var end = part
            while end < pattern.parts.upperBound, parts[end] != nil { end += 1 }
            let row = part..<end
            while true {
                guard spare >= 0, position + row.count <= components.count else { return false }
                if matches(row, components, at: position) { break }
                position += 1
                spare -= 1
            }
            position += row.count
            part = end
        }
        return true
    }

    private func matches(
        _ row: Range<Int>,
        _ components: Components,
        at position: Int
    ) -> Bool {
        for part in row {
            guard let glob = parts[part], globs.matches(glob, components[position + part - row.lowerBound])
            else { return false }
        }
        return true
    }
}

/// A path as its components, without those that say nothing.
private enum CleanPath {
    /// What Go's `filepath.Clean` leaves of `path`.
    static func components(
        of path: ArraySlice<UInt8>
    ) -> (isAbsolute: Bool, components: [ArraySlice<UInt8>]) {
        let isAbsolute = path.first == ASCII.slash
        var components: [ArraySlice<UInt8>] = []
        let parent: [UInt8] = [ASCII.dot, ASCII.dot]
        for component in path.split(separator: ASCII.slash) {
            if component.elementsEqual([ASCII.dot]) { continue }
            guard component.elementsEqual(parent) else {
                components.append(component)
                continue
            }
            if let last = components.last, !last.elementsEqual(parent) {
                components.removeLast()
            } else if !isAbsolute {
                components.append(component)
            }
        }
        if components.isEmpty, !isAbsolute { components.append([ASCII.dot]) }
        return (isAbsolute, components)
    }
}
