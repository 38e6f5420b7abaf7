package import BelayCore

extension ProjectConfiguration {
    /// Reads the text of a `belay.yaml`.
    ///
    /// - Parameters:
    ///   - text: The file's content.
    ///   - file: The file's name, for messages.
    ///   - environment: What `${NAME}` is taken from.
    /// - Throws: everything that is wrong with the text, in the order of the file.
    package init(
        parsing text: String,
        file: String = ProjectLocator.fileName,
        environment: [String: String]
    ) throws(ConfigurationError) {
        var schema = ConfigurationSchema(reader: ConfigurationReader(environment: environment))
        var problems: [ConfigurationProblem] = []
        do {
            if let root = try YAMLDocument.root(of: text, problems: &problems) {
                schema.read(ConfigurationReader.Field(node: root, path: ""))
            }
        } catch {
            problems.append(error)
        }
        problems = (problems + schema.reader.problems).sorted { $0.position < $1.position }
        guard problems.isEmpty else {
            throw ConfigurationError(
                file: file,
                problems: Array(problems.prefix(Self.problemsShown)),
                furtherProblems: max(0, problems.count - Self.problemsShown)
            )
        }
        self = schema.configuration
    }

    /// More problems than fit on a screen are one problem.
    private static let problemsShown = 40

    /// Reads the `belay.yaml` of a project; a project without one has the configuration of an empty file.
    ///
    /// - Throws: `configuration.unreadable` or `configuration.invalid`.
    package static func load(
        _ location: ProjectLocation,
        environment: [String: String]
    ) throws(BelayError) -> ProjectConfiguration {
        guard let path = location.configuration else { return ProjectConfiguration() }
        let bytes: [UInt8]
        do {
            bytes = try ProjectFiles.readRegular(path, limit: YAMLDocument.Limit.fileBytes)
        } catch {
            throw BelayError(
                .configurationUnreadable,
                "cannot read `\(path)`: \(error)",
                hint: "check its permissions: without it nobody knows what belongs to the project",
                subjects: [path]
            )
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw BelayError(
                .configurationInvalid,
                "cannot use `\(path)`: it is not UTF-8 text",
                hint: "save it as UTF-8, and run the command again",
                subjects: [path]
            )
        }
        do {
            return try ProjectConfiguration(parsing: text, file: path, environment: environment)
        } catch {
            throw error.belayError
        }
    }
}

/// What each key of `belay.yaml` means.
struct ConfigurationSchema {
    var reader: ConfigurationReader
    var configuration = ProjectConfiguration()

    static let keys = [
        "project", "repository", "replicas", "components", "exclude", "gitignore", "include", "databases",
        "captures", "services", "checks", "retention", "schedule", "notify",
    ]

    typealias Field = ConfigurationReader.Field

    init(reader: ConfigurationReader) {
        self.reader = reader
    }

    /// Reads the whole file into ``configuration``.
    mutating func read(_ root: Field) {
        guard let fields = reader.fields(root, known: Self.keys) else { return }
        configuration.project = projectName(fields["project"])
        configuration.repository = location(fields["repository"])
        for item in reader.items(fields["replicas"], of: "repositories") {
            if let replica = location(item) { configuration.replicas.append(replica) }
        }
        readComponents(fields["components"])
        configuration.exclude = reader.patterns(fields["exclude"])
        configuration.gitignore = reader.choice(fields["gitignore"]) ?? .respect
        configuration.include = reader.patterns(fields["include"])
        readDatabases(fields["databases"])
        readCaptures(fields["captures"])
        readServices(fields["services"])
        readChecks(fields["checks"])
        readRetention(fields["retention"])
        readSchedule(fields["schedule"])
        readNotifications(fields["notify"])
        checkPartNames(fields)
    }

    private mutating func projectName(_ field: Field?) -> String? {
        guard let field, let name = reader.text(field) else { return nil }
        let isPlain = Printable.text(name, limit: 100) == name && !name.contains(",")
        guard isPlain, name.first?.isWhitespace == false, name.last?.isWhitespace == false else {
            // It becomes a tag of restic, which ends at a comma.
            reader.report(
                field,
                "a project's name has at most 100 characters, no comma, and no space at its ends"
            )
            return nil
        }
        return name
    }

    private mutating func location(_ field: Field?) -> RepositoryLocation? {
        guard let field, let text = reader.text(field) else { return nil }
        do {
            return try RepositoryLocation(text)
        } catch {
            reader.report(field, "this does not name a repository: \(error)")
            return nil
        }
    }

    private mutating func readComponents(_ field: Field?) {
        for (name, field) in reader.named(field, of: "components") {
            guard let fields = reader.fields(field, known: ["paths", "keep", "exclude"]) else { continue }
            guard let listed = fields["paths"] else {
                reader.report(field, "expected `paths`, a list of paths in the project")
                continue
            }
            var paths: [String] = []
            for item in reader.items(listed, of: "paths") {
                if let path = pathInProject(item) { paths.append(path) }
            }
            if case .list(let items) = listed.node.content, items.isEmpty {
                reader.report(listed, "expected at least one path")
            }
            configuration.components.append(
                ComponentSettings(
                    name: name,
                    paths: paths,
                    keep: reader.patterns(fields["keep"]),
                    exclude: reader.patterns(fields["exclude"])
                )
            )
        }
    }

    /// A path that cannot lead out of the project.
    private mutating func pathInProject(_ field: Field) -> String? {
        guard let text = reader.text(field) else { return nil }
        let path = PathText.normalized(text)
        guard !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            reader.report(field, "expected a path inside the project, without `..` and a slash at the start")
            return nil
        }
        return path
    }

    /// Parts are named alone (`--only NAME`), so no two of them share a name.
    private mutating func checkPartNames(_ fields: ConfigurationReader.Fields) {
        let kinds = [
            ("components", "component", configuration.components.map(\.name)),
            ("databases", "database", configuration.databases.map(\.name)),
            ("captures", "capture", configuration.captures.map(\.name)),
        ]
        var owners: [String: String] = [:]
        for (key, kind, names) in kinds {
            for name in names {
                if let owner = owners[name], owner != kind, let field = fields[key] {
                    reader.report(
                        field,
                        "the \(kind) `\(name)` has the name of a \(owner), and parts are named alone (`--only \(name)`)"
                    )
                }
                owners[name] = owners[name] ?? kind
            }
        }
    }
}
