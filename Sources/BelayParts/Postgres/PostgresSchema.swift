import BelaySystem

/// The definitions of everything in a database, as `pg_dump` writes them.
enum PostgresSchema {
    /// The definitions in a state that a session has exported.
    ///
    /// The same database gives the same text: what differs from run to run is left out. Blocks.
    ///
    /// - Throws: ``PostgresFailure``, or `CancellationError`.
    static func text(
        of connection: PostgresConnection,
        at snapshot: String,
        _ programs: PostgresPrograms,
        _ environment: [String: String]
    ) async throws -> String {
        var arguments = ["--schema-only", "--no-password", "--snapshot=\(snapshot)"]
        if let remainder = connection.remainder { arguments.append("--dbname=\(remainder)") }
        let variables = connection.environment(environment).merging(["PGCLIENTENCODING": "UTF8"]) { $1 }
        let running = try RunningCommand.start(
            Command(programs.path("pg_dump"), arguments, environment: variables)
        )
        return try await withTaskCancellationHandler {
            let bytes = try running.readToEnd()
            let isSuccess = try running.finish().isSuccess
            try Task.checkCancellation()
            guard isSuccess else { throw PostgresFailure(said: running.said) }
            return steady(String(decoding: bytes, as: UTF8.self))
        } onCancel: {
            running.terminate()
        }
    }

    /// Without the lines that hold a version or, in programs of 2025 and later, a word by chance.
    static func steady(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { line in
            !["\\restrict ", "\\unrestrict ", "-- Dumped "].contains { line.hasPrefix($0) }
        }.joined(separator: "\n")
    }
}
