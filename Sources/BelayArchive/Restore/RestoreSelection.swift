import BelayCore
package import BelayRules

/// Patterns that choose among the entries that a restore would make, as restic's `--include` and `--exclude` do.
///
/// They are asked about paths from the snapshot's root on, with a slash in front.
package struct RestorePatterns: Sendable {
    /// What is to be restored; `nil` for everything.
    package var include: BackupExcludes?
    /// What of that is not.
    package var exclude: BackupExcludes?

    package init(include: BackupExcludes? = nil, exclude: BackupExcludes? = nil) {
        self.include = include
        self.exclude = exclude
    }
}

/// Which entries of a directory are to be restored.
struct RestoreSelection: Sendable {
    /// A path that was asked for, and the part of it below this directory; empty once it is found.
    private struct Wanted {
        var number: Int
        var rest: ArraySlice<[UInt8]>
    }

    private var isWhole: Bool
    private var wanted: [Wanted]
    private let patterns: RestorePatterns?
    /// The directory's own path, with a slash in front; empty for the root.
    ///
    /// Kept only for patterns.
    private var path: [UInt8] = []
    /// Whether a directory is restored only if something below it is.
    private(set) var isOnTheWay = false

    /// What is asked for below a directory, to which `base` leads; an empty list means everything, and so does
    /// an empty path.
    init(paths: [[UInt8]], patterns: RestorePatterns? = nil, base: [UInt8] = []) {
        self.patterns = patterns
        if patterns != nil && !base.isEmpty { path = [0x2F] + base }
        wanted = paths.enumerated().map { number, path in
            Wanted(number: number, rest: path.split(separator: 0x2F).map { Array($0) }[...])
        }
        isWhole = paths.isEmpty || wanted.contains { $0.rest.isEmpty }
        wanted.removeAll { $0.rest.isEmpty }
    }

    /// The numbers of the paths that end here and of those that go on.
    var pending: [Int] { wanted.map(\.number) }

    /// What of an entry is selected, `nil` for nothing; adds the numbers of the paths that name it to
    /// `found`.
    func inside(_ node: Node, found: inout [Int]) -> RestoreSelection? {
        var inner = self
        inner.isOnTheWay = false
        if !wanted.isEmpty {
            inner.wanted = []
            for path in wanted where path.rest.first == node.name.bytes {
                if path.rest.count == 1 {
                    found.append(path.number)
                    inner.isWhole = true
                } else if node.kind == .directory {
                    inner.wanted.append(Wanted(number: path.number, rest: path.rest.dropFirst()))
                }
            }
        }
        guard inner.isWhole || !inner.wanted.isEmpty else { return nil }
        return inner.accepts(node) ? inner : nil
    }

    /// Asks the patterns about an entry, whose selection this is to be.
    private mutating func accepts(_ node: Node) -> Bool {
        guard let patterns else { return true }
        path += [0x2F] + node.name.bytes
        if patterns.exclude?.excludes(path) == true { return false }
        guard let include = patterns.include, !include.excludes(path) else { return true }
        isOnTheWay = true
        return node.kind == .directory
    }
}
