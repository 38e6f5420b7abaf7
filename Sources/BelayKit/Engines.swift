import BelayCore
package import BelayParts
package import BelayProject
import BelaySQLite
import BelaySystem
package import BelayWorkflows

/// The engines of all databases that belay knows.
package struct Engines: DatabaseEngines {
    package init() {}

    package func engine(
        for settings: DatabaseSettings,
        in workspace: Workspace
    ) throws -> any DatabaseEngine {
        let directory = workspace.project.directory
        switch settings.engine {
        case .sqlite(let path):
            return SQLiteEngine(
                name: settings.name,
                path: Paths.absolute(path, from: directory),
                place: settings.source(in: directory),
                scratch: "\(workspace.directories.cache)/scratch"
            )
        case .json(let path, let required):
            return JSONCollections(
                name: settings.name,
                path: Paths.absolute(path, from: directory),
                place: settings.source(in: directory),
                required: required
            )
        case .postgres(let text):
            guard let connection = PostgresConnection(String(decoding: text.reveal(), as: UTF8.self)) else {
                throw BelayError(
                    .databaseUnreadable,
                    "the connection of the database '\(settings.name)' cannot be understood",
                    hint: "write it as postgresql://USER@HOST/DATABASE, or as 'host=HOST dbname=DATABASE'"
                )
            }
            return PostgresEngine(
                name: settings.name,
                connection: connection,
                environment: workspace.environment
            )
        case .command(let dump, _):
            return CommandEngine(
                name: settings.name,
                command: .shell(dump, environment: workspace.environment, directory: directory)
            )
        }
    }
}
