package import BelayCore
import BelaySystem

extension PostgresEngine: RestorableEngine {
    package func rehearse(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> DatabaseState {
        try await inScratch(stored, source) { file, folder in
            let cluster = try PostgresCluster(like: stored.version, environment)
            defer { cluster.stop() }
            let archive = try archive(file, forServer: cluster.programs.major)
            let statements = try archive.databaseStatements(named: "rehearsal", folder)
            let session = try PostgresSession(cluster.connection, cluster.programs, cluster.environment)
            for statement in statements.before where statement.hasPrefix("CREATE") {
                _ = try session.rows(statement)
            }
            try session.close()
            let loaded = cluster.connection.database("rehearsal")
            try await load(archive, into: loaded, cluster.environment, withOwners: false)
            return try survey(loaded, cluster.programs, cluster.environment)
        }
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await inScratch(stored, source) { file, folder in
            let server = try PostgresServerAccess(connection, environment)
            let archive = try archive(file, forServer: server.major)
            let roles = try server.run(["SELECT rolname FROM pg_roles"]).flatMap(\.self)
            let missing = try archive.missingRoles(roles, folder)
            guard missing.isEmpty else { throw missingRoles(missing) }
            try server.dropLeftOvers()
            let name = KeptName.arriving(server.database)
            let statements = try archive.databaseStatements(named: name, folder)
            do {
                try server.run(statements.before)
                let loaded = server.admin.database(name)
                try await load(archive, of: stored.version, into: loaded, on: server)
                try server.run(statements.after)
                return StagedPostgres(engine: self, server: server, name: name, connection: loaded)
            } catch {
                // What failed first is told; what is left of it is dropped by the next run.
                try? server.drop(name)
                throw error
            }
        }
    }

    package func isThere() async throws -> Bool {
        try await onServer { server in try server.databases().contains(server.database) }
    }

    package func kept() async throws -> [KeptDatabase] {
        try await onServer { server in
            try server.databases().compactMap { place in
                KeptName.moment(of: place, base: server.database).map {
                    KeptDatabase(name: name, engine: kind, place: place, replaced: $0.seconds)
                }
            }.sorted { $0.replaced < $1.replaced }
        }
    }

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        try await onServer { server in
            try await server.swap(in: kept.place, at: moment).map {
                KeptDatabase(name: name, engine: kind, place: $0.name, replaced: $0.moment)
            }
        }
    }

    package func drop(_ kept: KeptDatabase) async throws {
        try await onServer { server in
            guard KeptName.moment(of: kept.place, base: server.database) != nil else {
                throw PostgresFailure("'\(kept.place)' is no kept state of it")
            }
            try server.drop(kept.place)
        }
    }

    // MARK: - Steps

    private func archive(_ file: String, forServer major: Int) throws -> PostgresArchive {
        try PostgresArchive(
            file,
            forServer: major,
            among: PostgresPrograms.installed(environment),
            environment: environment
        )
    }

    private func load(
        _ archive: PostgresArchive,
        into connection: PostgresConnection,
        _ environment: [String: String],
        withOwners: Bool
    ) async throws {
        let running = try archive.load(
            into: connection,
            environment,
            jobs: BlockingPool.processorCount,
            withOwners: withOwners
        )
        try await withTaskCancellationHandler {
            let ending = try running.finish()
            try Task.checkCancellation()
            guard ending.isSuccess else { throw PostgresFailure(said: running.said) }
        } onCancel: {
            running.terminate()
        }
    }

    /// Loads it with owners and privileges.
    private func load(
        _ archive: PostgresArchive,
        of version: String?,
        into loaded: PostgresConnection,
        on server: PostgresServerAccess
    ) async throws {
        do {
            try await load(archive, into: loaded, environment, withOwners: true)
        } catch let failure as PostgresFailure {
            guard let major = version?.split(separator: ".").first.flatMap({ Int($0) }), major > server.major
            else { throw failure }
            throw PostgresFailure(
                "its dump is of PostgreSQL \(major), and an older server (\(server.major)) does not take it: \(failure)"
            )
        }
    }

    /// What is in a database that was loaded.
    func survey(
        _ connection: PostgresConnection,
        _ programs: PostgresPrograms,
        _ environment: [String: String]
    ) throws -> DatabaseState {
        let session = try PostgresSession(connection, programs, environment)
        var state = DatabaseState()
        let version = Int(try session.value("SHOW server_version_num")) ?? 0
        state.version = "\(version / 10_000).\(version % 10_000)"
        state.tables = try count(session)
        let unusable = try session.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid")
        state.checks["indexes"] = unusable == "0" ? "ok" : "\(unusable) are not valid"
        try session.close()
        return state
    }

    /// Runs `body` with the dump in a file, in a folder that is gone afterwards.
    private func inScratch<Result: Sendable>(
        _ stored: Manifest.Database,
        _ source: any PartSource,
        _ body: @Sendable (_ file: String, _ folder: String) async throws -> Result
    ) async throws -> Result {
        try await restoring {
            try await ScratchFolder.with(in: scratch, for: name) { folder in
                try await body(try await source.place("\(stored.name).pgdump", in: folder), folder)
            }
        }
    }

    func onServer<Result: Sendable>(
        _ body: @Sendable (PostgresServerAccess) async throws -> Result
    ) async throws -> Result {
        try await restoring { try await body(try PostgresServerAccess(connection, environment)) }
    }

    private func missingRoles(_ roles: [String]) -> BelayError {
        let names = roles.map { "'\($0)'" }.joined(separator: ", ")
        let statements = roles.map { "CREATE ROLE \(SQLStatements.quoted($0));" }.joined(separator: " ")
        return BelayError(
            .databaseUnrestorable,
            "the database '\(name)' cannot be brought back: the server has no role \(names), "
                + "which owns something in it or may do something with it",
            hint: "make them first: \(statements)"
        )
    }
}

/// A dump that was loaded into a database beside the live one.
struct StagedPostgres: StagedDatabase {
    let engine: PostgresEngine
    let server: PostgresServerAccess
    let name: String
    let connection: PostgresConnection

    func survey() async throws -> DatabaseState {
        try await engine.restoring { try engine.survey(connection, server.programs, engine.environment) }
    }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await engine.restoring {
            try await server.swap(in: name, at: moment).map {
                KeptDatabase(name: engine.name, engine: engine.kind, place: $0.name, replaced: $0.moment)
            }
        }
    }

    func discard() async throws {
        try await engine.restoring { try server.drop(name) }
    }
}
