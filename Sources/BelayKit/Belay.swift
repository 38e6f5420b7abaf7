import BelayCore
import BelayFormat
package import BelayProject
package import BelayRepository
package import BelayStore
import BelaySystem
package import BelayWorkflows

/// The composition root: turns flags, environment and files into an opened workspace.
package struct Belay: Sendable {
    package let surroundings: Surroundings
    package let options: OpenOptions

    package init(_ surroundings: Surroundings, _ options: OpenOptions) {
        self.surroundings = surroundings
        self.options = options
    }

    /// The project that the command is about.
    ///
    /// - Throws: `configuration.invalid` with every problem in `belay.yaml`.
    package func project() throws -> Project {
        let location = try ProjectLocator.locate(from: surroundings.workingDirectory)
        let configuration = try ProjectConfiguration.load(location, environment: surroundings.environment)
        let directory: String
        do throws(SystemError) {
            directory = try Paths.real(location.directory)
        } catch {
            throw BelayError(
                .projectUnreadable,
                "\(location.directory) cannot be used: \(error.reason)",
                hint: "check the path given with -C"
            )
        }
        return Project(
            name: configuration.name(inDirectory: directory),
            directory: directory,
            configuration: configuration
        )
    }

    /// Where the repository of a project is.
    package func repositoryChoice(_ project: Project) throws -> RepositoryChoice {
        try RepositoryChoice.choose(
            flag: options.repository,
            environment: surroundings.environment,
            configured: project.configuration.repository,
            projectDirectory: project.directory,
            workingDirectory: surroundings.workingDirectory,
            directories: surroundings.directories
        )
    }

    /// The store at that place.
    package func store(_ choice: RepositoryChoice) throws -> any ObjectStore {
        switch choice.place {
        case .local(let path):
            let store = LocalStore(path: path)
            let limits = RateLimits(upload: options.uploadMaximum, download: options.downloadMaximum)
            return limits.isEmpty ? store : RateLimitedStore(store, limits, clock: ContinuousClock())
        case .remote(let location):
            throw BelayError(
                .repositoryUnavailable,
                "this version of belay uses repositories in local directories only, not \(location)",
                hint: "name a directory with --repo, and copy it elsewhere with restic or rclone until then"
            )
        }
    }

    /// Opens project and repository.
    ///
    /// - Throws: `repository.missing`, `password.wrong` and the rest of what opening can find.
    package func open() async throws -> Workspace {
        let project = try project()
        let choice = try repositoryChoice(project)
        let store = try store(choice)
        return workspace(project, try await openRepository(choice, store))
    }

    private func openRepository(
        _ choice: RepositoryChoice,
        _ store: any ObjectStore
    ) async throws -> Repository {
        if let source = try passwordSource(choice) {
            let password = try source.password(
                environment: surroundings.environment,
                workingDirectory: surroundings.workingDirectory
            )
            return try await openRepository(store, password: password.reveal())
        }
        // Without a repository the missing password is not what matters.
        guard try await Repository.exists(store) else {
            throw BelayError(
                .repositoryMissing,
                "there is no repository at \(store.properties.location)",
                hint: "run `belay init` to create it, or name another with --repo"
            )
        }
        var question = "password of the repository at \(store.properties.location): "
        for left in (0..<Self.passwordTries).reversed() {
            guard let typed = options.askPassword?(question) else { break }
            do {
                return try await openRepository(store, password: Array(typed.utf8))
            } catch let error as BelayError where error.code == .passwordWrong && left > 0 {
                question = "that is not it; password: "
            }
        }
        throw BelayError(
            .passwordMissing,
            "no password or key is known for the repository at \(store.properties.location)",
            hint: "set BELAY_PASSWORD_FILE or BELAY_PASSWORD, or give --password-file"
        )
    }

    /// So often is asked for a password, as other programs do.
    private static let passwordTries = 3

    private func openRepository(_ store: any ObjectStore, password: [UInt8]) async throws -> Repository {
        do {
            return try await Repository.open(
                store,
                password: password,
                surroundings: repositorySurroundings()
            )
        } catch let error as BelayError where error.code == .passwordWrong {
            // Somebody may have typed a recovery key with its groups as they stand on paper.
            let text = String(decoding: password, as: UTF8.self)
            guard let typed = try? RecoveryKey(typed: text), typed.secret.reveal() != password else {
                throw error
            }
            return try await Repository.open(
                store,
                password: typed.secret.reveal(),
                surroundings: repositorySurroundings()
            )
        }
    }

    package func workspace(_ project: Project, _ repository: Repository) -> Workspace {
        Workspace(
            repository: repository,
            project: project,
            subdirectory: subdirectory(of: project),
            clock: surroundings.clock,
            zone: surroundings.zone,
            environment: surroundings.environment,
            directories: surroundings.directories,
            engines: Engines(),
            lockRetry: options.lockRetry,
            takesLocks: !options.noLock && repository.config.version == .two
        )
    }

    /// Where in the project the command was started; empty if it was in its directory or elsewhere.
    private func subdirectory(of project: Project) -> String {
        // One that is gone by now leads nowhere, and only hints are made of it.
        guard let start = try? Paths.real(surroundings.workingDirectory),
            start.hasPrefix(project.directory + "/")
        else {
            return ""
        }
        return String(start.dropFirst(project.directory.count + 1))
    }

    package func repositorySurroundings() -> Repository.Surroundings {
        Repository.Surroundings(
            host: surroundings.host,
            clock: surroundings.clock,
            cachesFolder: options.noCache ? nil : "\(surroundings.directories.cache)/repositories"
        )
    }

    /// Where the password would come from; `nil` if nobody said and there is no key file.
    package func passwordSource(_ choice: RepositoryChoice) throws -> PasswordSource? {
        let keyFile = KeyFile.path(for: choice, in: surroundings.directories)
        return try PasswordSource.choose(
            passwordFileFlag: options.passwordFile,
            passwordCommandFlag: options.passwordCommand,
            environment: surroundings.environment,
            keyFile: Paths.exists(keyFile) ? keyFile : nil
        )
    }

    private typealias KeyFile = BelayProject.KeyFile
}
