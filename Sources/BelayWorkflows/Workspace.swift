package import BelayCore
import BelayFormat
package import BelayProject
package import BelayRepository
package import BelaySystem

/// What every command works with: an opened repository and the project it is about.
package struct Workspace: Sendable {
    package let repository: Repository
    package let project: Project
    package let clock: any WallClock
    package let zone: TimeZoneRules
    package let environment: [String: String]
    package let directories: UserDirectories
    /// How long to wait for others' locks.
    package let lockRetry: Duration?
    /// Whether a lock is taken at all; not where the repository can only be read.
    package let takesLocks: Bool

    package init(
        repository: Repository,
        project: Project,
        clock: any WallClock,
        zone: TimeZoneRules,
        environment: [String: String],
        directories: UserDirectories,
        lockRetry: Duration?,
        takesLocks: Bool
    ) {
        self.repository = repository
        self.project = project
        self.clock = clock
        self.zone = zone
        self.environment = environment
        self.directories = directories
        self.lockRetry = lockRetry
        self.takesLocks = takesLocks
    }

    /// The folder of this project's unchanged-file cache.
    package var projectCacheFolder: String {
        let key = Array("\(repository.config.id)\n\(project.directory)".utf8)
        let sum = key.withUnsafeBytes { Checksum.of($0) }
        return "\(directories.cache)/projects/\(String(sum, radix: 16))"
    }

    /// Runs `body` under a shared lock, or without one where none can be taken.
    package func reading<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        guard takesLocks else { return try await body() }
        return try await repository.withLock(.shared, retry: lockRetry) { _ in try await body() }
    }
}

/// The project a command is about.
package struct Project: Sendable {
    package var name: String
    /// Absolute path, symlinks resolved.
    package var directory: String
    package var configuration: ProjectConfiguration

    package init(name: String, directory: String, configuration: ProjectConfiguration) {
        self.name = name
        self.directory = directory
        self.configuration = configuration
    }
}
