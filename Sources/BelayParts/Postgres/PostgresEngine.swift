import BelayCore
import BelaySystem

/// A PostgreSQL database, dumped by `pg_dump` in its custom format without compression.
///
/// Tables are counted in the very state that is dumped: both read the snapshot that one transaction exports.
package struct PostgresEngine: DatabaseEngine {
    package let kind = "postgres"

    package let name: String
    let connection: PostgresConnection
    let environment: [String: String]
    let scratch: String

    /// The database `name`; `environment` is the one that PostgreSQL's programs start from, `scratch` a folder for what
    /// a restore needs for a while.
    package init(
        name: String,
        connection: PostgresConnection,
        environment: [String: String],
        scratch: String
    ) {
        self.name = name
        self.connection = connection
        self.environment = environment
        self.scratch = scratch
    }

    package var advice: EngineAdvice {
        EngineAdvice(
            reading: "check `databases.\(name)` in belay.yaml, and that psql can connect with it",
            restoring:
                "it is as it was; restore its dump elsewhere with `belay restore SNAP --to DIR --include-generated`"
        )
    }

    package func fingerprint() async throws -> String? {
        try await reading {
            let session = try open(PostgresPrograms.installed(environment)).session
            let fingerprint = try Self.fingerprint(session)
            try session.close()
            return fingerprint
        }
    }

    package func dump(to sink: any PartSink) async throws -> DatabaseState {
        try await look { try await store($0, $1, in: sink) }
    }

    package func survey() async throws -> DatabaseState { try await look { _, _ in } }

    /// Looks at one state, which `storing` may read as well by the name of its snapshot.
    private func look(
        _ storing: @Sendable (_ snapshot: String, _ programs: PostgresPrograms) async throws -> Void
    ) async throws -> DatabaseState {
        try await reading {
            let installed = PostgresPrograms.installed(environment)
            let (session, version) = try open(installed)
            let programs = try PostgresPrograms.choose(forServer: version / 10_000, among: installed)
            _ = try session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let snapshot = try session.value("SELECT pg_export_snapshot()")
            var state = DatabaseState()
            state.version = "\(version / 10_000).\(version % 10_000)"
            state.fingerprint = try Self.fingerprint(session)
            async let tables = count(session)
            async let schema = PostgresSchema.text(of: connection, at: snapshot, programs, environment)
            try await storing(snapshot, programs)
            state.tables = try await tables
            state.schema = try await schema
            // Until here its transaction held what all have read.
            try session.close()
            return state
        }
    }

    private func store(_ snapshot: String, _ programs: PostgresPrograms, in sink: any PartSink) async throws {
        var arguments = ["--format=custom", "--compress=0", "--no-password", "--snapshot=\(snapshot)"]
        if let remainder = connection.remainder { arguments.append("--dbname=\(remainder)") }
        let running = try RunningCommand.start(
            Command(programs.path("pg_dump"), arguments, environment: connection.environment(environment))
        )
        try await withTaskCancellationHandler {
            let size = try await sink.store("\(name).pgdump", standingFor: nil) { try running.fill($0) }
            let ending = try running.finish()
            try Task.checkCancellation()
            guard ending.isSuccess, size > 0 else {
                throw PostgresFailure("pg_dump \(ending): \(PostgresFailure(said: running.said))")
            }
        } onCancel: {
            running.terminate()
        }
    }

    /// The rows of every table.
    func count(_ session: PostgresSession) throws -> [Manifest.Table] {
        let tables = try session.rows(
            """
            SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1
            """
        )
        var counted: [Manifest.Table] = []
        for name in tables.compactMap(\.first) {
            try Task.checkCancellation()
            guard let rows = UInt64(try session.value("SELECT count(*) FROM ONLY \(name)")) else {
                throw PostgresFailure("the server does not tell how many rows \(name) has")
            }
            counted.append(Manifest.Table(name: name, rows: rows))
        }
        return counted
    }

    private func open(_ installed: [PostgresPrograms]) throws -> (session: PostgresSession, version: Int) {
        guard let newest = installed.last else {
            throw BelayError(
                .databaseUnreadable,
                "the database '\(name)' cannot be read: PostgreSQL's programs pg_dump and psql are not installed",
                hint: "install them: apt install postgresql-client"
            )
        }
        let session = try PostgresSession(connection, newest, environment)
        guard let version = Int(try session.value("SHOW server_version_num")) else {
            throw PostgresFailure("the server does not tell its version")
        }
        return (session, version)
    }

    /// The states of all transactions: two moments at which they are equal have nothing committed in between.
    ///
    /// A vacuum that takes a transaction of its own moves them as well, and costs one dump that adds little.
    /// `nil` where a table is unlogged, which a crash empties without a trace.
    private static func fingerprint(_ session: PostgresSession) throws -> String? {
        let row =
            try session.rows(
                """
                SELECT (SELECT system_identifier FROM pg_control_system()), \
                (SELECT timeline_id FROM pg_control_checkpoint()), \
                (SELECT oid FROM pg_database WHERE datname = current_database()), pg_current_snapshot(), \
                (SELECT coalesce(sum(last_value), 0) || '/' || count(last_value) FROM pg_sequences), \
                (SELECT count(*) FROM pg_class WHERE relpersistence = 'u')
                """
            ).first ?? []
        guard row.count == 6, row[5] == "0" else { return nil }
        return "postgres1|" + row[..<5].joined(separator: "|")
    }
}
