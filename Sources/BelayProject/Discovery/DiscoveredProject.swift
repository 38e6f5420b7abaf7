/// What a look at a project found, from which its first `belay.yaml` is written.
package struct DiscoveredProject: Hashable, Sendable {
    /// A SQLite database, with the name that it could have as a part.
    package struct Database: Hashable, Sendable {
        package var name: String
        /// From the project's directory.
        package var path: String

        package init(name: String, path: String) {
            self.name = name
            self.path = path
        }
    }

    /// A package manager, and the file that gave it away.
    package struct PackageFile: Hashable, Sendable {
        package var manager: PackageManager
        /// From the project's directory.
        package var path: String

        package init(manager: PackageManager, path: String) {
            self.manager = manager
            self.path = path
        }
    }

    /// A name that `belay.yaml` accepts.
    package var name: String
    /// Whether the project lies in a git working tree.
    package var isInGit = false
    /// What could be stored and brought back alone; a guess.
    package var components: [ComponentSettings] = []
    package var databases: [Database] = []
    /// What is installed for it, as commands tell.
    package var captures: [CaptureSettings] = []
    /// The first file of each manager in each directory.
    package var packageFiles: [PackageFile] = []
    /// Files such as `.env`, which git mostly ignores although nothing runs without them, as patterns.
    package var environmentFiles: [String] = []
    /// Directories that a package manager fills, and that are there.
    package var generatedDirectories: [String] = []
    /// Whether the look was not cut short by a limit.
    package var isComplete = true

    package init(name: String) {
        self.name = name
    }
}
