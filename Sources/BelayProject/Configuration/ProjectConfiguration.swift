/// What `belay.yaml` says, typed; an empty file is the same as none.
///
/// Named things keep the order in which the file has them.
package struct ProjectConfiguration: Equatable, Sendable {
    /// What a file that git ignores means for a snapshot.
    package enum IgnoredFiles: String, Hashable, Sendable, CaseIterable {
        /// It is left out.
        case respect
        /// `.gitignore` does not matter.
        case ignore
    }

    /// The project's name; `nil` means that of its directory.
    package var project: String?
    /// Where snapshots go; `nil` means that the file leaves it open.
    package var repository: RepositoryLocation?
    /// Repositories that receive copies.
    package var replicas: [RepositoryLocation] = []
    package var components: [ComponentSettings] = []
    /// Patterns of paths that no snapshot holds.
    package var exclude: [String] = []
    package var gitignore: IgnoredFiles = .respect
    /// Patterns of paths that are wanted although `.gitignore` names them.
    package var include: [String] = []
    package var databases: [DatabaseSettings] = []
    package var captures: [CaptureSettings] = []
    package var services: [ServiceSettings] = []
    package var checks: [CheckSettings] = []
    /// The rules of `belay cleanup`; `nil` if the file has none.
    package var retention: RetentionSettings?
    package var schedule = ScheduleSettings()
    package var notifications: [NotificationSettings] = []

    /// What an empty file says.
    package init() {}
}

/// A named set of paths.
package struct ComponentSettings: Hashable, Sendable {
    package var name: String
    /// Paths from the project's directory, without `.`, `..` and a slash at either end; `.` alone is all of
    /// it.
    package var paths: [String]
    /// Patterns of paths in it that a rollback leaves alone.
    package var keep: [String]
    /// Patterns of paths in it that no snapshot holds.
    package var exclude: [String]

    package init(name: String, paths: [String], keep: [String] = [], exclude: [String] = []) {
        self.name = name
        self.paths = paths
        self.keep = keep
        self.exclude = exclude
    }
}

extension ProjectConfiguration {
    /// The sections of the file that are present and with which this version of belay does nothing yet.
    ///
    /// To be told loudly: somebody counts on them.
    package var unsupportedSections: [String] {
        let sections = [
            ("services", !services.isEmpty), ("checks", !checks.isEmpty),
            ("schedule", !schedule.entries.isEmpty),
            ("replicas", !replicas.isEmpty), ("notify", !notifications.isEmpty),
        ]
        return sections.filter(\.1).map(\.0)
    }

    /// The project's name: the configured one, or the last name of its directory's path.
    ///
    /// A comma becomes a dash, because restic takes a comma in a tag for the end of it, and a long name is
    /// cut.
    package func name(inDirectory directory: String) -> String {
        if let project { return project }
        let name = PathText.split(PathText.normalized(directory)).name
        let printable = Printable.text(String(name)).map { $0 == "," ? "-" : $0 }
        var usable = String(String.UnicodeScalarView(String(printable).unicodeScalars.prefix(100)))[...]
        while usable.first?.isWhitespace == true { usable.removeFirst() }
        while usable.last?.isWhitespace == true { usable.removeLast() }
        return usable.isEmpty ? "project" : String(usable)
    }
}
