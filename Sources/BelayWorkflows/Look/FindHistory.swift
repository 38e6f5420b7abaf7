import BelayCore

/// Puts together in which snapshots each path is, and where its contents changed.
struct FindHistory {
    /// A run that the latest snapshot goes on with has no last number yet.
    private struct Run {
        var first: Int
        var last: Int?
        var node: Node
    }

    private var snapshots: [StoredSnapshot] = []
    private var latest: MatchFolder?
    private var runs: [[UInt8]: [Run]] = [:]

    /// Takes up what the next snapshot holds.
    ///
    /// Costs as much as it differs from the one before.
    mutating func append(_ snapshot: StoredSnapshot, _ matches: MatchFolder) {
        let number = snapshots.count
        snapshots.append(snapshot)
        var pending: [(path: [UInt8], old: MatchFolder?, new: MatchFolder?)] = []
        if latest !== matches { pending.append(([], latest, matches)) }
        while let (path, old, new) = pending.popLast() {
            update(path, old?.found ?? [], new?.found ?? [], number)
            let before = old?.below ?? []
            let after = new?.below ?? []
            var left = before[...]
            var right = after[...]
            while let name = [left.first?.name, right.first?.name].compactMap({ $0 }).min() {
                let one = left.first?.name == name ? left.removeFirst().folder : nil
                let other = right.first?.name == name ? right.removeFirst().folder : nil
                if one !== other { pending.append((Self.join(path, name), one, other)) }
            }
        }
        latest = matches
    }

    /// The paths in order, with their runs.
    consuming func finish() -> [FoundPath] {
        let all = snapshots
        return runs.sorted { Self.isOrdered($0.key, $1.key) }.map { path, runs in
            FoundPath(
                path: path,
                runs: runs.map { run in
                    let last = run.last ?? all.count - 1
                    return FoundRun(
                        first: all[run.first],
                        last: all[last],
                        snapshotCount: last - run.first + 1,
                        node: run.node
                    )
                }
            )
        }
    }

    private mutating func update(_ path: [UInt8], _ old: [Node], _ new: [Node], _ number: Int) {
        var left = old[...]
        var right = new[...]
        while let name = [left.first?.name, right.first?.name].compactMap({ $0 }).min() {
            let before = left.first?.name == name ? left.removeFirst() : nil
            let after = right.first?.name == name ? right.removeFirst() : nil
            let path = Self.join(path, name)
            var known = runs[path] ?? []
            if let before, let after, Self.holdSame(before, after), var run = known.popLast() {
                run.node = after
                known.append(run)
            } else {
                if before != nil, var run = known.popLast() {
                    run.last = number - 1
                    known.append(run)
                }
                if let after { known.append(Run(first: number, last: nil, node: after)) }
            }
            runs[path] = known
        }
    }

    /// Whether two entries are equal but for times, owners and the like.
    private static func holdSame(_ left: Node, _ right: Node) -> Bool {
        left.kind == right.kind && left.content == right.content && left.linkTarget == right.linkTarget
            && left.device == right.device
    }

    private static func join(_ path: [UInt8], _ name: FileName) -> [UInt8] {
        path.isEmpty ? name.bytes : path + [0x2F] + name.bytes
    }

    /// The order of a listing, in which what is in a directory follows it at once.
    private static func isOrdered(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.split(separator: 0x2F, omittingEmptySubsequences: false)
            .lexicographicallyPrecedes(
                right.split(separator: 0x2F, omittingEmptySubsequences: false)
            ) { $0.lexicographicallyPrecedes($1) }
    }
}
