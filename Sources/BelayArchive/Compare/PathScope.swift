/// Which paths below a directory are looked at.
struct PathScope: Sendable {
    private struct Wanted {
        var number: Int
        /// The parts of the path below this directory.
        var rest: ArraySlice<[UInt8]>
    }

    /// `nil` means everything.
    private var wanted: [Wanted]?

    private init(_ wanted: [Wanted]?) {
        self.wanted = wanted
    }

    /// The paths and what is below them; no paths, or the path of the directory itself, mean everything.
    init(_ paths: [[UInt8]]) {
        let parts = paths.map { $0.split(separator: 0x2F).map { Array($0) } }
        if parts.isEmpty || parts.contains(where: \.isEmpty) { return }
        // A path below another one adds nothing.
        wanted = parts.indices.filter { number in
            !parts.indices.contains { other in
                let isShorter = parts[other].count < parts[number].count
                let isFirst = parts[other].count == parts[number].count && other < number
                return (isShorter || isFirst) && parts[number].starts(with: parts[other])
            }
        }.map { Wanted(number: $0, rest: parts[$0][...]) }
    }

    /// Whether everything here is looked at, rather than only the way to something.
    var isWhole: Bool { wanted == nil }

    /// The numbers of the paths that are still to be found.
    var numbers: [Int] { wanted?.map(\.number) ?? [] }

    /// The scope inside an entry; `nil` if nothing there is looked at.
    ///
    /// The number of the path that names the entry goes into `found`.
    func inside(_ name: [UInt8], found: inout Set<Int>) -> PathScope? {
        guard let wanted else { return self }
        var below = wanted.filter { $0.rest.first == name }
        if let reached = below.first(where: { $0.rest.count == 1 }) {
            found.insert(reached.number)
            return PathScope(nil)
        }
        for position in below.indices { below[position].rest.removeFirst() }
        return below.isEmpty ? nil : PathScope(below)
    }
}
