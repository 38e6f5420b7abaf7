package import BelayCore
package import BelayParts
package import BelayProject
import BelaySQLite
import BelaySystem
package import BelayWorkflows

/// The engines of all databases that belay knows.
package struct Engines: DatabaseEngines {
    package init() {}

    private static func scratch(_ workspace: Workspace) -> String {
        "\(workspace.directories.cache)/scratch"
    }

    package func engine(
        forStored database: Manifest.Database,
        in workspace: Workspace
    ) -> (any RehearsableEngine)? {
        let scratch = Self.scratch(workspace)
        switch database.engine {
        case "sqlite":
            return SQLiteEngine(name: database.name, path: "", place: nil, scratch: scratch, kept: "")
        case "postgres":
            return PostgresConnection("").map {
                PostgresEngine(
                    name: database.name,
                    connection: $0,
                    environment: workspace.environment,
                    scratch: scratch
                )
            }
        case "json":
            return JSONCollections(name: database.name, path: "", place: nil, required: [], kept: "")
        case "mariadb":
            return MariaDBConnection("").map {
                MariaDBEngine(
                    name: database.name,
                    connection: $0,
                    environment: workspace.environment,
                    scratch: scratch
                )
            }
        case "redis":
            return RedisConnection("").map {
                RedisEngine(
                    name: database.name,
                    connection: $0,
                    environment: workspace.environment,
                    scratch: scratch,
                    kept: ""
                )
            }
        default: return nil
        }
    }

    package func engine(
        for settings: DatabaseSettings,
        in workspace: Workspace
    ) throws -> any DatabaseEngine {
        let directory = workspace.project.directory
        let scratch = Self.scratch(workspace)
        switch settings.engine {
        case .sqlite(let path):
            return SQLiteEngine(
                name: settings.name,
                path: Paths.absolute(path, from: directory),
                place: settings.source(in: directory),
                scratch: scratch,
                kept: workspace.keptFolder
            )
        case .json(let path, let required):
            return JSONCollections(
                name: settings.name,
                path: Paths.absolute(path, from: directory),
                place: settings.source(in: directory),
                required: required,
                kept: workspace.keptFolder
            )
        case .postgres(let text):
            guard let connection = PostgresConnection(String(decoding: text.reveal(), as: UTF8.self)) else {
                throw Self.unclear(
                    settings,
                    "postgresql://USER@HOST/DATABASE, or as 'host=HOST dbname=DATABASE'"
                )
            }
            return PostgresEngine(
                name: settings.name,
                connection: connection,
                environment: workspace.environment,
                scratch: scratch
            )
        case .mariadb(let text): return try Self.mariadb(settings, text, workspace)
        case .redis(let text): return try Self.redis(settings, text, workspace)
        case .command(let dump, let restore):
            let engine = CommandEngine(name: settings.name, command: Self.shell(dump, workspace))
            return restore.map { RestoreCommand(engine, line: $0, scratch: scratch) } ?? engine
        }
    }

    package func engine(for settings: CaptureSettings, in workspace: Workspace) -> any DatabaseEngine {
        let engine = CommandEngine(capture: settings.name, command: Self.shell(settings.run, workspace))
        return settings.restore.map { RestoreCommand(engine, line: $0, scratch: Self.scratch(workspace)) }
            ?? engine
    }

    private static func shell(_ line: String, _ workspace: Workspace) -> Command {
        .shell(line, environment: workspace.environment, directory: workspace.project.directory)
    }

    package func rowComparison(of engine: String) -> (any RowComparison)? {
        switch engine {
        case "sqlite": SQLiteRows()
        case "json": JSONRows()
        default: nil
        }
    }

    private static func mariadb(
        _ settings: DatabaseSettings,
        _ text: Secret,
        _ workspace: Workspace
    ) throws -> MariaDBEngine {
        guard let connection = MariaDBConnection(String(decoding: text.reveal(), as: UTF8.self)) else {
            throw unclear(settings, "mysql://USER@HOST:PORT/DATABASE")
        }
        return MariaDBEngine(
            name: settings.name,
            connection: connection,
            environment: workspace.environment,
            scratch: scratch(workspace)
        )
    }

    private static func redis(
        _ settings: DatabaseSettings,
        _ text: Secret,
        _ workspace: Workspace
    ) throws -> RedisEngine {
        guard let connection = RedisConnection(String(decoding: text.reveal(), as: UTF8.self)) else {
            throw unclear(settings, "redis://HOST:PORT or unix:///PATH")
        }
        return RedisEngine(
            name: settings.name,
            connection: connection,
            environment: workspace.environment,
            scratch: scratch(workspace),
            kept: workspace.keptFolder
        )
    }

    /// The text itself may hold a password, and is not shown.
    private static func unclear(_ settings: DatabaseSettings, _ form: String) -> BelayError {
        BelayError(
            .databaseUnreadable,
            "the connection of the database '\(settings.name)' cannot be understood",
            hint: "write it as \(form)"
        )
    }
}
