import BelayArchive
import BelayCore

/// Tells in which snapshots each path is, and where its contents changed.
///
/// Goes through the paths in all snapshots at once, so that nothing is held but what lies between the top and the
/// path it is at.
struct FindHistory {
    /// Successive snapshots in which a directory holds the same matches.
    private struct Stretch {
        var snapshots: Range<Int>
        var folder: MatchFolder
    }

    /// An entry in all snapshots.
    private struct Entry {
        var name: FileName
        /// As it was found, oldest first.
        var found: [(snapshots: Range<Int>, node: Node)] = []
        /// What was found below it, oldest first.
        var below: [Stretch] = []
    }

    private struct Level {
        /// In reverse order, so that the next one is taken from the end.
        var entries: [Entry]
        /// Bytes of the path up to and with the slash behind the directory.
        var prefix: Int
    }

    private var snapshots: [StoredSnapshot] = []
    private var top: [Stretch] = []

    /// Takes up what the next snapshot holds.
    mutating func append(_ snapshot: StoredSnapshot, _ matches: MatchFolder) {
        let number = snapshots.count
        snapshots.append(snapshot)
        Self.append(Stretch(snapshots: number..<(number + 1), folder: matches), to: &top)
    }

    /// Calls `body` for each path that was found, in the order of a listing.
    ///
    /// - Throws: `repository.unsupported` beyond the limits of a listing.
    func visit(_ body: (_ path: [UInt8], _ runs: [FoundRun]) async throws -> Void) async throws {
        var path: [UInt8] = []
        var levels = [Level(entries: Self.entries(of: top), prefix: 0)]
        var count = 0
        while let last = levels.indices.last {
            guard let entry = levels[last].entries.popLast() else {
                levels.removeLast()
                continue
            }
            try Task.checkCancellation()
            count += 1
            guard count <= TreeListing.entriesMaximum else { throw TreeListing.tooMany() }
            path.removeSubrange(levels[last].prefix...)
            path.append(contentsOf: entry.name.bytes)
            if !entry.found.isEmpty { try await body(path, runs(entry)) }
            if entry.below.isEmpty { continue }
            guard levels.count < TreeListing.depthMaximum else { throw TreeListing.tooDeep(path) }
            path.append(0x2F)
            levels.append(Level(entries: Self.entries(of: entry.below), prefix: path.count))
        }
    }

    /// The entries of a directory, in reverse order.
    private static func entries(of stretches: [Stretch]) -> [Entry] {
        var entries: [FileName: Entry] = [:]
        for stretch in stretches {
            for node in stretch.folder.found {
                entries[node.name, default: Entry(name: node.name)].found.append((stretch.snapshots, node))
            }
            for (name, folder) in stretch.folder.below {
                let inner = Stretch(snapshots: stretch.snapshots, folder: folder)
                append(inner, to: &entries[name, default: Entry(name: name)].below)
            }
        }
        return entries.values.sorted { $1.name < $0.name }
    }

    /// Adds a stretch, which goes on with the last one if that holds the same.
    private static func append(_ stretch: Stretch, to stretches: inout [Stretch]) {
        if let last = stretches.last, last.folder === stretch.folder,
            last.snapshots.upperBound == stretch.snapshots.lowerBound
        {
            stretches[stretches.count - 1].snapshots =
                last.snapshots.lowerBound..<stretch.snapshots.upperBound
        } else {
            stretches.append(stretch)
        }
    }

    /// Successive snapshots in which the entry holds the same.
    private func runs(_ entry: Entry) -> [FoundRun] {
        var joined: [(snapshots: Range<Int>, node: Node)] = []
        for (range, node) in entry.found {
            if let last = joined.last, last.snapshots.upperBound == range.lowerBound,
                Self.holdSame(last.node, node)
            {
                joined[joined.count - 1] = (last.snapshots.lowerBound..<range.upperBound, node)
            } else {
                joined.append((range, node))
            }
        }
        return joined.map { range, node in
            FoundRun(
                first: snapshots[range.lowerBound],
                last: snapshots[range.upperBound - 1],
                snapshotCount: range.count,
                node: node
            )
        }
    }

    /// Whether two entries are equal but for times, owners and the like.
    private static func holdSame(_ left: Node, _ right: Node) -> Bool {
        left.kind == right.kind && left.content == right.content && left.linkTarget == right.linkTarget
            && left.device == right.device
    }
}
