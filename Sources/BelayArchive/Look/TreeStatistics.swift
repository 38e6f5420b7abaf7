package import BelayCore
package import BelayRepository

/// What a directory of a snapshot consists of, by the endings of file names.
package struct TreeStatistics: Hashable, Sendable {
    /// The files whose names end alike.
    package struct FileType: Hashable, Sendable {
        /// In lower case, without the point; empty for names without one.
        package var ending: String
        package var files: UInt64 = 0
        package var bytes: UInt64 = 0
    }

    package var files: UInt64 = 0
    package var folders: UInt64 = 0
    /// Symlinks, devices and the like.
    package var others: UInt64 = 0
    /// Bytes in regular files.
    package var bytes: UInt64 = 0
    /// Those with most bytes first.
    package var types: [FileType] = []

    package init() {}

    /// Counts everything below a directory; leaves out an entry of the directory itself if told so.
    package static func of(
        _ tree: BlobID,
        leavingOut generated: FileName?,
        in trees: TreeReader
    ) async throws -> TreeStatistics {
        var statistics = TreeStatistics()
        var types: [String: FileType] = [:]
        for node in try await trees.loadNodes(tree) where node.name != generated {
            statistics.count(node, &types)
            guard node.kind == .directory, let below = node.subtree else { continue }
            try await TreeListing.visit(below, at: [], isRecursive: true, in: trees) { _, node in
                statistics.count(node, &types)
            }
        }
        statistics.types = types.values.sorted {
            ($1.bytes, $1.files, $0.ending) < ($0.bytes, $0.files, $1.ending)
        }
        return statistics
    }

    private mutating func count(_ node: Node, _ types: inout [String: FileType]) {
        switch node.kind {
        case .directory: folders += 1
        case .file:
            files += 1
            bytes &+= node.size
            let ending = Self.ending(of: node.name)
            types[ending, default: FileType(ending: ending)].files += 1
            types[ending, default: FileType(ending: ending)].bytes &+= node.size
        default: others += 1
        }
    }

    /// Longer endings are no types of files but parts of names.
    private static let endingLengthMaximum = 16

    /// What follows the last point of a name, in lower case; empty if that tells nothing, as in `.bashrc`.
    package static func ending(of name: FileName) -> String {
        guard let point = name.bytes.lastIndex(of: 0x2E), point > 0 else { return "" }
        let ending = name.bytes[(point + 1)...]
        guard (1...endingLengthMaximum).contains(ending.count), !ending.contains(0x20),
            let text = String(validating: ending, as: UTF8.self)
        else { return "" }
        return text.lowercased()
    }
}
