import BelayCore

/// Which entries of a directory are to be restored.
struct RestoreSelection: Sendable {
    /// A path that was asked for, and the part of it below this directory; empty once it is found.
    private struct Wanted {
        var number: Int
        var rest: ArraySlice<[UInt8]>
    }

    private var isWhole: Bool
    private var wanted: [Wanted]

    /// Everything.
    static let everything = RestoreSelection(isWhole: true, wanted: [])

    private init(isWhole: Bool, wanted: [Wanted]) {
        self.isWhole = isWhole
        self.wanted = wanted
    }

    /// What is asked for below the root; an empty list means everything, and so does the path of the root.
    init(paths: [[UInt8]]) {
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
        if wanted.isEmpty { return isWhole ? self : nil }
        var inner = RestoreSelection(isWhole: isWhole, wanted: [])
        for path in wanted where path.rest.first == node.name.bytes {
            if path.rest.count == 1 {
                found.append(path.number)
                inner.isWhole = true
            } else if node.kind == .directory {
                inner.wanted.append(Wanted(number: path.number, rest: path.rest.dropFirst()))
            }
        }
        return inner.isWhole || !inner.wanted.isEmpty ? inner : nil
    }
}
