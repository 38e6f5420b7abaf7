package import BelayCore

/// The project that a command works on: its directory, and its configuration if it has one.
package struct ProjectLocation: Hashable, Sendable {
    /// The project's directory, absolute.
    package let directory: String
    /// The path of its `belay.yaml`, if there is one.
    package let configuration: String?
    /// A file in the directory that is probably meant to be `belay.yaml`, worth a warning: belay does not
    /// read it.
    package let lookalike: String?
}

/// Finds the project around a directory.
package enum ProjectLocator {
    /// The name of the configuration file.
    package static let fileName = "belay.yaml"
    private static let lookalikes = ["belay.yml", ".belay.yaml", ".belay.yml", "Belay.yaml", "belay.json"]

    /// The nearest directory at or above `start` that holds a `belay.yaml`, or `start` itself if none does.
    ///
    /// - Throws: `project.unreadable` if `start` is not a directory that can be looked into.
    package static func locate(from start: String) throws(BelayError) -> ProjectLocation {
        let start = PathText.normalized(start)
        let facts: ProjectFiles.Facts
        do {
            facts = try ProjectFiles.facts(of: start)
        } catch {
            throw BelayError(
                .projectUnreadable,
                "cannot use `\(start)` as a project: \(error)",
                hint: "name the project's directory with -C",
                subjects: [start]
            )
        }
        guard facts.isDirectory else {
            throw BelayError(
                .projectUnreadable,
                "cannot use `\(start)` as a project: it is not a directory",
                hint: "name the project's directory with -C",
                subjects: [start]
            )
        }
        var directory = start
        while true {
            let candidate = PathText.join(directory, fileName)
            if ProjectFiles.exists(candidate) {
                return ProjectLocation(directory: directory, configuration: candidate, lookalike: nil)
            }
            let parent = PathText.split(directory).parent
            // A relative start has no parents that its text would tell.
            if parent == directory || !directory.hasPrefix("/") { break }
            directory = parent
        }
        let lookalike = lookalikes.map { PathText.join(start, $0) }.first { ProjectFiles.exists($0) }
        return ProjectLocation(directory: start, configuration: nil, lookalike: lookalike)
    }
}
