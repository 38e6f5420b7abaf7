package import BelayCore

/// The repository that a command works on, and who named it.
package struct RepositoryChoice: Equatable, Sendable {
    /// A place that no longer depends on a directory or a home.
    package enum Place: Equatable, Sendable {
        /// An absolute path.
        case local(String)
        case remote(RemoteLocation)
    }

    /// Who named the repository.
    package enum Origin: Hashable, Sendable {
        /// `--repo` or `-r`.
        case flag
        /// The environment variable of that name, or the file that it names.
        case environment(String)
        /// The key `repository` of `belay.yaml`.
        case configuration
        /// Nobody.
        case standard
    }

    package let place: Place
    package let origin: Origin
    /// Whether it is the repository that all of a user's projects share, whoever named it.
    package let isStandard: Bool
}

extension RepositoryChoice {
    /// The first of: the flag, `BELAY_REPOSITORY`, `RESTIC_REPOSITORY` or `RESTIC_REPOSITORY_FILE`, the
    /// configuration, the default.
    ///
    /// Relative paths count from the working directory, those of the configuration from the project's. An
    /// empty variable is as good as none.
    package static func choose(
        flag: String?,
        environment: [String: String],
        configured: RepositoryLocation?,
        projectDirectory: String,
        workingDirectory: String,
        directories: UserDirectories
    ) throws(BelayError) -> RepositoryChoice {
        func resolve(_ location: RepositoryLocation, from base: String, _ origin: Origin) -> RepositoryChoice
        {
            switch location {
            case .standard:
                return RepositoryChoice(
                    place: .local(directories.repository),
                    origin: origin,
                    isStandard: true
                )
            case .local(let path):
                let path = PathText.join(base, PathText.expandingHome(path, home: directories.home))
                let isStandard = path == directories.repository
                return RepositoryChoice(place: .local(path), origin: origin, isStandard: isStandard)
            case .remote(let remote):
                return RepositoryChoice(place: .remote(remote), origin: origin, isStandard: false)
            }
        }
        if let flag {
            return resolve(try parse(flag, "`--repo`"), from: workingDirectory, .flag)
        }
        if let (name, text) = try named(in: environment, workingDirectory: workingDirectory) {
            return resolve(try parse(text, "`\(name)`"), from: workingDirectory, .environment(name))
        }
        if let configured {
            return resolve(configured, from: projectDirectory, .configuration)
        }
        return resolve(.standard, from: workingDirectory, .standard)
    }

    private static func named(
        in environment: [String: String],
        workingDirectory: String
    ) throws(BelayError) -> (name: String, text: String)? {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        if let text = value("BELAY_REPOSITORY") { return ("BELAY_REPOSITORY", text) }
        let text = value("RESTIC_REPOSITORY")
        guard let file = value("RESTIC_REPOSITORY_FILE") else {
            return text.map { ("RESTIC_REPOSITORY", $0) }
        }
        guard text == nil else {
            throw BelayError(
                .usage,
                "cannot tell which repository is meant: RESTIC_REPOSITORY and RESTIC_REPOSITORY_FILE are both set",
                hint: "unset one of the two"
            )
        }
        do {
            let bytes = try ProjectFiles.read(PathText.join(workingDirectory, file), limit: 64 * 1_024)
            return ("RESTIC_REPOSITORY_FILE", String(decoding: SecretText.trimmed(bytes), as: UTF8.self))
        } catch {
            throw BelayError(
                .usage,
                "cannot read the file that RESTIC_REPOSITORY_FILE names: \(error)",
                hint: "correct the variable, or name the repository with --repo",
                subjects: [file]
            )
        }
    }

    private static func parse(_ text: String, _ source: String) throws(BelayError) -> RepositoryLocation {
        do {
            return try RepositoryLocation(text)
        } catch {
            throw BelayError(
                .usage,
                "\(source) does not name a repository: \(error)",
                hint: "name a directory, such as `--repo /media/disk/belay`"
            )
        }
    }
}

extension RepositoryChoice: CustomStringConvertible {
    /// The place for people, without credentials.
    package var description: String {
        switch place {
        case .local(let path): path
        case .remote(let remote): remote.description
        }
    }
}

extension RepositoryChoice.Origin: CustomStringConvertible {
    package var description: String {
        switch self {
        case .flag: "`--repo`"
        case .environment(let name): "`\(name)`"
        case .configuration: "`belay.yaml`"
        case .standard: "the default"
        }
    }
}
