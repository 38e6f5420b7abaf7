package import BelayCore
package import BelayParts
package import BelayProject

/// Makes engines for databases; the composition root hands one in.
package protocol DatabaseEngines: Sendable {
    /// - Throws: `database.unreadable` if the settings mean nothing to the engine.
    func engine(for settings: DatabaseSettings, in workspace: Workspace) throws -> any DatabaseEngine

    func engine(for settings: CaptureSettings, in workspace: Workspace) -> any DatabaseEngine

    /// What tries a stored state out, whatever the configuration says today; `nil` if belay cannot by itself.
    func engine(
        forStored database: Manifest.Database,
        in workspace: Workspace
    ) -> (any RehearsableEngine)?

    /// How stored states of an engine are compared row by row; `nil` where that cannot be done.
    func rowComparison(of engine: String) -> (any RowComparison)?
}

extension DatabaseSettings {
    /// Journals and logs beside the database's file, which mean nothing beside a consistent copy of it.
    func companions(in directory: String) -> [String] {
        guard case .sqlite = engine, let source = source(in: directory) else { return [] }
        return ["-wal", "-shm", "-journal"].map { source + $0 }
    }

    /// The file or folder that it is, as the configuration names it; `nil` if it is none.
    var path: String? {
        switch engine {
        case .sqlite(let file): file
        case .json(let folder, _): folder
        case .postgres, .mariadb, .redis, .command: nil
        }
    }

    /// Where the database lies below the project's directory; `nil` if it is no file there.
    package func source(in directory: String) -> String? {
        guard let path else { return nil }
        if !path.hasPrefix("/") { return path }
        return path.hasPrefix(directory + "/") ? String(path.dropFirst(directory.count + 1)) : nil
    }
}
