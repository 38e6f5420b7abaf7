package import BelayCore
package import BelayRules

/// What is looked for in snapshots.
package struct FindRequest: Sendable {
    /// An entry is found if one of them fits.
    package var patterns: [PathPattern]
    /// Empty for all snapshots of the project.
    package var snapshots: [String] = []
    /// Empty for entries of every kind.
    package var kinds: Set<Node.Kind> = []
    package var searchesAllProjects = false

    package init(patterns: [PathPattern]) {
        self.patterns = patterns
    }
}

/// Successive snapshots in which a path holds the same.
package struct FoundRun: Sendable {
    package var first: StoredSnapshot
    package var last: StoredSnapshot
    /// How many snapshots, from the first to the last, hold it.
    package var snapshotCount: Int
    /// As the last of them holds it.
    package var node: Node
}

/// A path that was found, with its history.
package struct FoundPath: Sendable {
    /// The name of the project, or the paths of snapshots that name none.
    package var project: String
    /// The PATH argument that means it.
    package var path: [UInt8]
    /// Oldest first.
    package var runs: [FoundRun]
}

/// Where is looked.
package struct FindScope: Hashable, Sendable {
    package var projectCount: Int
    package var snapshotCount: Int
}
