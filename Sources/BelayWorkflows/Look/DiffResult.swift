package import BelayArchive
package import BelayCore

/// What a comparison is asked for.
package struct DiffRequest: Sendable {
    /// The older side; `nil` for the latest snapshot.
    package var from: String?
    /// The newer side; `nil` for the project as it is now.
    package var to: String?
    /// Names of parts, or paths below the project; empty for everything.
    package var only: [String] = []
    /// Whether changes of metadata alone are told.
    package var includesMetadata = false
    /// Whether the contents of texts are compared.
    package var comparesTexts = false
    /// Whether the rows of databases are compared, where their engine can.
    package var comparesRows = false
    /// So many rows of a table are told; the others are counted.
    package var rowsMaximum = 20

    package init() {}
}

/// What two sides of a comparison are.
package struct DiffSides: Sendable {
    package var old: StoredSnapshot
    /// `nil` for the project as it is now.
    package var new: StoredSnapshot?

    package init(old: StoredSnapshot, new: StoredSnapshot?) {
        self.old = old
        self.new = new
    }
}

/// One change, and what is to be said of its contents.
package struct DiffEntry: Sendable {
    /// Below the project's directory.
    package var path: [UInt8] { change.path }
    package var change: TreeChange
    /// What differs in the text, if that was asked for; two where a file became a symlink or the like.
    package var patches: [DiffPatch]

    package init(change: TreeChange, patches: [DiffPatch] = []) {
        self.change = change
        self.patches = patches
    }
}

/// The difference between two versions of a file's text.
package struct DiffPatch: Sendable {
    package enum Body: Hashable, Sendable {
        /// Hunks in the unified form, and the numbers of lines put in and taken out.
        case text(hunks: [UInt8], added: Int, removed: Int)
        case binary
        case tooLarge
    }

    /// The lines in front of the hunks.
    package var header: [UInt8]
    package var body: Body

    package init(header: [UInt8], body: Body) {
        self.header = header
        self.body = body
    }
}

/// What was counted in a comparison.
package struct DiffTotals: Hashable, Sendable {
    package struct Count: Hashable, Sendable {
        package var files: UInt64 = 0
        package var folders: UInt64 = 0
        package var others: UInt64 = 0
        /// Bytes in those files.
        package var bytes: UInt64 = 0

        mutating func add(_ node: Node) {
            switch node.kind {
            case .file:
                files += 1
                bytes &+= node.size
            case .directory: folders += 1
            default: others += 1
            }
        }
    }

    package var added = Count()
    package var removed = Count()
    /// Files whose contents differ.
    package var filesChanged: UInt64 = 0
    /// Bytes of those files before and after.
    package var bytesBefore: UInt64 = 0
    package var bytesAfter: UInt64 = 0
    /// Symlinks and devices that lead elsewhere.
    package var othersChanged: UInt64 = 0
    /// Entries that became another kind of thing.
    package var kindsChanged: UInt64 = 0
    /// Entries of which only metadata differ.
    package var metadataChanged: UInt64 = 0
    /// Entries of which only metadata differ, and which are not told since nobody asked for them.
    package var metadataUntold: UInt64 = 0
    package var linesAdded: UInt64 = 0
    package var linesRemoved: UInt64 = 0

    package init() {}

    /// Whether both sides are equal, as far as was asked.
    package var isEmpty: Bool {
        var asked = self
        asked.metadataUntold = 0
        return asked == DiffTotals()
    }

    mutating func add(_ entry: DiffEntry) {
        let change = entry.change
        switch (change.old, change.new) {
        case (nil, let new?): added.add(new)
        case (let old?, nil): removed.add(old)
        case (let old?, let new?):
            if change.differences.contains(.kind) {
                kindsChanged += 1
            } else if change.differences.contains(.content), new.kind == .file {
                filesChanged += 1
                bytesBefore &+= old.size
                bytesAfter &+= new.size
            } else if change.differences.contains(.content) {
                othersChanged += 1
            } else {
                metadataChanged += 1
            }
        case (nil, nil): break
        }
        for patch in entry.patches {
            guard case .text(_, let added, let removed) = patch.body else { continue }
            linesAdded += UInt64(added)
            linesRemoved += UInt64(removed)
        }
    }
}

/// What became of a database, and what was looked at in it.
package struct DatabaseDiff: Sendable {
    package var difference: DatabaseDifference
    /// What differs in the definitions, if that was asked for.
    package var schemaPatch: DiffPatch.Body?
    /// The rows that differ, if that was asked for and the engine can tell.
    package var rows: [TableRows] = []
    /// Why rows are not told although they were asked for.
    package var rowsProblem: String?

    package init(_ difference: DatabaseDifference) {
        self.difference = difference
    }
}

/// What became of a command's output.
package struct CaptureDiff: Sendable {
    package var name: String
    package var state: DatabaseDifference.State
    /// Bytes.
    package var sizeBefore: UInt64?
    package var sizeAfter: UInt64?
    /// What differs in the text, if that was asked for.
    package var body: DiffPatch.Body?

    package init(name: String, state: DatabaseDifference.State, sizeBefore: UInt64?, sizeAfter: UInt64?) {
        self.name = name
        self.state = state
        self.sizeBefore = sizeBefore
        self.sizeAfter = sizeAfter
    }
}

/// How a comparison ended.
package struct DiffResult: Sendable {
    package var sides: DiffSides
    package var totals: DiffTotals
    /// In the order of the older side; those that only the newer one has come last.
    package var databases: [DatabaseDiff] = []
    package var captures: [CaptureDiff] = []
    /// What could not be read, of the project now or when a snapshot was made, and so was not compared.
    package var failures: [SourceFailure]

    package init(sides: DiffSides, totals: DiffTotals, failures: [SourceFailure]) {
        self.sides = sides
        self.totals = totals
        self.failures = failures
    }

    /// Whether both sides are equal, as far as was asked.
    package var isEmpty: Bool {
        totals.isEmpty && databases.allSatisfy { $0.difference.state == .unchanged }
            && captures.allSatisfy { $0.state == .unchanged }
    }
}
