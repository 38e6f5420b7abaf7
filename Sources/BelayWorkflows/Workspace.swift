package import BelayCore
import BelayFormat
package import BelayProject
package import BelayRepository
package import BelaySystem

/// What every command works with: an opened repository and the project it is about.
package struct Workspace: Sendable {
    package let repository: Repository
    package let project: Project
    /// Where in the project the command was started; empty if it was in its directory or elsewhere.
    package let subdirectory: String
    package let clock: any WallClock
    package let zone: TimeZoneRules
    package let environment: [String: String]
    package let directories: UserDirectories
    package let engines: any DatabaseEngines
    /// How long to wait for others' locks.
    package let lockRetry: Duration?
    /// Whether a lock is taken at all; not where the repository can only be read.
    package let takesLocks: Bool
    /// What came up about the snapshots that were named.
    package let notices = SnapshotNotices()

    package init(
        repository: Repository,
        project: Project,
        subdirectory: String,
        clock: any WallClock,
        zone: TimeZoneRules,
        environment: [String: String],
        directories: UserDirectories,
        engines: any DatabaseEngines,
        lockRetry: Duration?,
        takesLocks: Bool
    ) {
        self.repository = repository
        self.project = project
        self.subdirectory = subdirectory
        self.clock = clock
        self.zone = zone
        self.environment = environment
        self.directories = directories
        self.engines = engines
        self.lockRetry = lockRetry
        self.takesLocks = takesLocks
    }

    /// The folder of this project's unchanged-file cache.
    package var projectCacheFolder: String {
        let key = Array("\(repository.config.id)\n\(project.directory)".utf8)
        let sum = key.withUnsafeBytes { Checksum.of($0) }
        return "\(directories.cache)/projects/\(String(sum, radix: 16))"
    }

    /// The folder of states of this project's databases that were replaced and are files.
    package var keptFolder: String {
        let key = Array(project.directory.utf8)
        return "\(directories.state)/kept/\(String(key.withUnsafeBytes { Checksum.of($0) }, radix: 16))"
    }

    /// Runs `body` under a shared lock, or without one if that was asked for.
    package func reading<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        guard takesLocks else { return try await body() }
        // The body's errors come out as values, so that those caught here are the lock's own.
        let outcome: Result<Value, any Error>
        do {
            outcome = try await repository.withLock(.shared, retry: lockRetry) { _ in
                do { return .success(try await body()) } catch { return .failure(error) }
            }
        } catch let error as BelayError
            where error.code == .repositoryUnavailable || error.code == .repositoryFull
        {
            throw BelayError(
                error.code,
                error.message,
                hint: "a repository that cannot be written to can be read with --no-lock",
                subjects: error.subjects,
                cause: error.cause
            )
        }
        return try outcome.get()
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
