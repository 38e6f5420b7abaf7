/// What a directory holds, as far as a bounded look goes.
package struct ProjectListing: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        /// From the project's directory.
        package var path: String
        package var isDirectory: Bool
        /// Whether it is a file that begins as a SQLite database does.
        package var isSQLite: Bool

        package init(path: String, isDirectory: Bool = false, isSQLite: Bool = false) {
            self.path = path
            self.isDirectory = isDirectory
            self.isSQLite = isSQLite
        }
    }

    /// How far to look.
    package struct Limits: Hashable, Sendable {
        /// Entries to list in all.
        package var entries = 20_000
        /// Entries to list of one directory.
        package var entriesPerDirectory = 5_000
        /// Levels below the project's directory.
        package var depth = 6
        /// Files to open for a look at their first bytes.
        package var probes = 1_000

        package init() {}
    }

    /// Breadth first, so that what a limit cuts off lies deep.
    package var entries: [Entry]
    /// Whether nothing was left out because of a limit or because it could not be read.
    package var isComplete: Bool

    package init(entries: [Entry], isComplete: Bool = true) {
        self.entries = entries
        self.isComplete = isComplete
    }
}

extension ProjectListing {
    /// Lists a directory without following links and without entering what a package manager or git fills.
    ///
    /// What cannot be read is left out; a name that is not UTF-8 cannot stand in a configuration and is left
    /// out too.
    package static func look(at directory: String, limits: Limits = Limits()) -> ProjectListing {
        var listing = ProjectListing(entries: [])
        var probes = 0
        var waiting: [(path: String, depth: Int)] = [("", 0)]
        var next = 0
        while next < waiting.count {
            let (parent, depth) = waiting[next]
            next += 1
            let names: [String]
            do {
                let limit = min(limits.entriesPerDirectory, limits.entries - listing.entries.count)
                let found = try ProjectFiles.names(in: PathText.join(directory, parent), limit: limit)
                names = found.names
                if !found.isComplete { listing.isComplete = false }
            } catch {
                listing.isComplete = false
                continue
            }
            for name in names {
                let path = parent.isEmpty ? name : "\(parent)/\(name)"
                let full = PathText.join(directory, path)
                let facts: ProjectFiles.Facts
                do {
                    facts = try ProjectFiles.facts(of: full, followingLink: false)
                } catch {
                    // Gone since the directory was read.
                    continue
                }
                var entry = Entry(path: path, isDirectory: facts.isDirectory)
                if facts.isDirectory, !closedDirectories.contains(name) {
                    if depth + 1 < limits.depth {
                        waiting.append((path, depth + 1))
                    } else {
                        listing.isComplete = false
                    }
                }
                // A database's size is a multiple of its page size, which is 512 at least.
                if facts.isRegular, facts.size >= 512, facts.size.isMultiple(of: 512) {
                    if probes < limits.probes {
                        probes += 1
                        entry.isSQLite = beginsAsSQLite(full)
                    } else {
                        listing.isComplete = false
                    }
                }
                listing.entries.append(entry)
            }
        }
        return listing
    }

    private static let closedDirectories: Set<String> = Set(PackageManager.allCases.flatMap(\.generated))
        .union([".git", ".hg", ".svn", ".jj", "__pycache__", ".tox", ".mypy_cache", ".pytest_cache", ".next"])

    private static func beginsAsSQLite(_ path: String) -> Bool {
        do {
            return try ProjectFiles.prefix(of: path, count: 16) == Array("SQLite format 3\0".utf8)
        } catch {
            // What cannot be read now is no finding; a backup will tell.
            return false
        }
    }
}
