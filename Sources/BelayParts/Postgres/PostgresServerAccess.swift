import BelayCore
import BelaySystem

/// A server whose databases are made, renamed and dropped.
struct PostgresServerAccess: Sendable {
    /// The live database's name, whether it is there or not.
    let database: String
    let major: Int
    let programs: PostgresPrograms
    /// Another database of the server, from which the live one can be renamed.
    let admin: PostgresConnection
    private let environment: [String: String]

    /// - Throws: ``PostgresFailure``, or `SystemError`.
    init(_ connection: PostgresConnection, _ environment: [String: String]) throws {
        guard let newest = PostgresPrograms.installed(environment).last else {
            throw PostgresFailure("PostgreSQL's programs psql and pg_restore are not installed")
        }
        database = try Self.name(of: connection, newest, environment)
        var failure: (any Error)?
        for name in ["postgres", "template1"] where name != database {
            let other = connection.database(name)
            do {
                let session = try PostgresSession(other, newest, environment)
                let version = Int(try session.value("SHOW server_version_num")) ?? 0
                try session.close()
                major = version / 10_000
                admin = other
                programs = newest
                self.environment = environment
                return
            } catch {
                failure = failure ?? error
            }
        }
        throw failure ?? PostgresFailure("there is no other database to rename it from")
    }

    /// What the server calls it; where it is not there, what the connection says.
    private static func name(
        of connection: PostgresConnection,
        _ programs: PostgresPrograms,
        _ environment: [String: String]
    ) throws -> String {
        do {
            let session = try PostgresSession(connection, programs, environment)
            let name = try session.value("SELECT current_database()")
            try session.close()
            return name
        } catch let error as PostgresFailure {
            let name = connection.parameters["dbname"] ?? environment["PGDATABASE"]
            guard let name, error.message.contains("does not exist") else { throw error }
            return name
        }
    }

    /// Carries statements out, one after the other, and gives what the last one gives.
    @discardableResult
    func run(_ statements: [String]) throws -> [[String]] {
        let session = try PostgresSession(admin, programs, environment)
        var rows: [[String]] = []
        for statement in statements { rows = try session.rows(statement) }
        try session.close()
        return rows
    }

    /// The names of all databases.
    func databases() throws -> [String] {
        try run(["SELECT datname FROM pg_database"]).flatMap(\.self)
    }

    func drop(_ name: String) throws {
        try run(["DROP DATABASE IF EXISTS \(SQLStatements.quoted(name)) WITH (FORCE)"])
    }

    /// Drops databases that runs which were cut off began to load, and that nobody is connected to.
    func dropLeftOvers() throws {
        let rows = try run([
            "SELECT datname FROM pg_database d WHERE NOT EXISTS "
                + "(SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)"
        ])
        for name in rows.flatMap(\.self) where KeptName.isArriving(name, base: database) { try drop(name) }
    }

    /// Gives `arriving` the live database's name, and the live one another that tells when, in one transaction.
    ///
    /// The renaming waits with the database locked, so that nobody comes in, while those who are connected are cut
    /// off. If anything fails or ends in the middle, the server leaves both names as they were.
    ///
    /// - Returns: The new name of what was live, and its moment; `nil` if there was nothing.
    func swap(in arriving: String, at moment: Timestamp) async throws -> (name: String, moment: Int64)? {
        let names = try databases()
        guard names.contains(database) else {
            try run([rename(arriving, to: database)])
            return nil
        }
        let (kept, moment) = KeptName.free(database, moment) { names.contains($0) }
        let cutting = try PostgresSession(admin, programs, environment)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: BlockingPool.files) {
                try cutOff([database, arriving], through: cutting)
            }
            defer { group.cancelAll() }
            do {
                try run([
                    "BEGIN", "SET LOCAL lock_timeout = '10s'", rename(database, to: kept),
                    rename(arriving, to: database), "COMMIT",
                ])
            } catch {
                // Where the answer to the last word was lost, the server knows how it ended; if it is silent, too,
                // the first error is what there is to tell.
                guard let names = try? databases(), names.contains(kept), !names.contains(arriving) else {
                    throw error
                }
            }
        }
        // The exchange is done, however this session ends.
        try? cutting.close()
        return (kept, moment.seconds)
    }

    private func rename(_ name: String, to other: String) -> String {
        "ALTER DATABASE \(SQLStatements.quoted(name)) RENAME TO \(SQLStatements.quoted(other))"
    }

    /// Ends the sessions of databases again and again until this is cancelled.
    private func cutOff(_ names: [String], through session: PostgresSession) throws {
        let list = names.map(SQLStatements.literal).joined(separator: ", ")
        while !Task.isCancelled {
            _ = try session.rows(
                "SELECT count(pg_terminate_backend(pid)), pg_sleep(0.01) FROM pg_stat_activity "
                    + "WHERE datname IN (\(list)) AND pid <> pg_backend_pid()"
            )
        }
    }
}
