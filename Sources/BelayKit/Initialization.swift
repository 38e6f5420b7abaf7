import BelayCore
import BelayFormat
package import BelayProject
import BelayRepository
import BelayStore
import BelaySystem
import BelayWorkflows

/// What `belay init` found and made.
package struct InitializationResult: Sendable {
    package var repository: String
    package var repositoryID: String
    /// Whether the repository was made now, rather than there already.
    package var createdRepository: Bool
    /// Whether belay stores snapshots in a repository of its format.
    package var isWritable = true
    /// The file that holds the random key, if there is one.
    package var keyFile: String?
    package var createdKeyFile: Bool
    /// The configuration that was written; `nil` if there was one.
    package var configuration: String?
    package var discovered: DiscoveredProject?
}

extension Belay {
    /// Sets a project up: repository and key if they are missing, then `belay.yaml`.
    ///
    /// The key file comes first: a repository whose key was lost in a crash could never be opened again.
    package func initialize(repositoryOnly: Bool) async throws -> InitializationResult {
        let project = try project()
        let choice = try repositoryChoice(project)
        let store = try store(choice)
        var result = InitializationResult(
            repository: store.properties.location,
            repositoryID: "",
            createdRepository: false,
            keyFile: nil,
            createdKeyFile: false,
            configuration: nil,
            discovered: nil
        )
        if !repositoryOnly { try refuseReadOnlyProject(project) }
        let repository: Repository
        if try await Repository.exists(store) {
            repository = try await open().repository
        } else {
            repository = try await create(in: store, choice, &result)
            result.createdRepository = true
        }
        result.repositoryID = repository.config.id
        result.isWritable = repository.config.version == .two
        if case .keyFile(let path)? = try passwordSource(choice) { result.keyFile = path }
        if !repositoryOnly { try writeConfiguration(project, choice, &result) }
        return result
    }

    private func create(
        in store: any ObjectStore,
        _ choice: RepositoryChoice,
        _ result: inout InitializationResult
    ) async throws -> Repository {
        let password: [UInt8]
        var parameters = ScryptParameters.human
        if let source = try passwordSource(choice) {
            password = try source.password(
                environment: surroundings.environment,
                workingDirectory: surroundings.workingDirectory
            ).reveal()
            if case .keyFile = source { parameters = .randomKey }
            guard !password.isEmpty else {
                throw BelayError(
                    .passwordMissing,
                    "an empty password protects nothing",
                    hint: "set another, or none to get a random key"
                )
            }
        } else {
            guard let key = RecoveryKey(randomBytes: RandomBytes.bytes(32)) else {
                throw BelayError(.internalError, "cannot make a key")
            }
            let path = BelayProject.KeyFile.path(for: choice, in: surroundings.directories)
            try BelayProject.KeyFile.create(key, at: path)
            result.createdKeyFile = true
            password = key.secret.reveal()
            // A random key gains nothing from slow derivation.
            parameters = .randomKey
        }
        return try await Repository.create(
            in: store,
            password: password,
            parameters: parameters,
            surroundings: repositorySurroundings()
        )
    }

    /// Before there is a repository and a key that nobody was told of.
    private func refuseReadOnlyProject(_ project: Project) throws {
        let path = "\(project.directory)/\(ProjectLocator.fileName)"
        if Paths.exists(path) || Paths.isWritable(project.directory) { return }
        throw BelayError(
            .fileSystem,
            "cannot write \(path): permission denied",
            hint: "use --repository-only to go without a belay.yaml"
        )
    }

    private func writeConfiguration(
        _ project: Project,
        _ choice: RepositoryChoice,
        _ result: inout InitializationResult
    ) throws {
        let path = "\(project.directory)/\(ProjectLocator.fileName)"
        if Paths.exists(path) { return }
        let discovered = ProjectDiscovery.discover(
            directory: project.directory,
            environment: surroundings.environment
        )
        let text = ConfigurationWriter().text(for: discovered)
        do throws(SystemError) {
            try AtomicFile.write(
                Array(text.utf8),
                to: ProjectLocator.fileName,
                inFolder: project.directory,
                mode: 0o644
            )
        } catch {
            throw BelayError(
                .fileSystem,
                "cannot write \(path): \(error.reason)",
                hint: "use --repository-only to go without a belay.yaml",
                cause: error
            )
        }
        result.configuration = path
        result.discovered = discovered
    }
}
