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

/// A section of the file that this version of belay understands but does not act upon.
///
/// To be told loudly: somebody counts on it.
package struct UnsupportedSection: Hashable, Sendable {
    /// The key in the file, such as `databases`.
    package let key: String
    /// What it names, such as the databases; empty if its entries have no names.
    package let names: [String]
    /// Whether a snapshot lacks something because of it.
    package let affectsSnapshots: Bool
}

extension ProjectConfiguration {
    /// The sections that are present and have no effect yet, those that affect snapshots first.
    package var unsupportedSections: [UnsupportedSection] {
        let sections: [(key: String, names: [String], isPresent: Bool, affectsSnapshots: Bool)] = [
            ("databases", databases.map(\.name), !databases.isEmpty, true),
            ("captures", captures.map(\.name), !captures.isEmpty, true),
            ("services", services.map(\.name), !services.isEmpty, false),
            ("checks", checks.map(\.name), !checks.isEmpty, false),
            ("schedule", schedule.entries.map(\.task), !schedule.entries.isEmpty, false),
            ("replicas", [], !replicas.isEmpty, false),
            ("notify", [], !notifications.isEmpty, false),
        ]
        return sections.filter(\.isPresent).map { section in
            UnsupportedSection(
                key: section.key,
                names: section.names,
                affectsSnapshots: section.affectsSnapshots
            )
        }
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
