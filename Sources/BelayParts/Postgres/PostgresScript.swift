package import BelayCore
import BelaySystem

/// A dump as the SQL statements that make the database again.
package enum PostgresScript {
    /// Writes the statements into the file at `target`, for anybody's psql to carry out.
    ///
    /// - Throws: `database.programs-missing`, or `database.unrestorable` with the words of PostgreSQL's program.
    package static func write(
        dump: String,
        to target: String,
        environment: [String: String]
    ) async throws(BelayError) {
        do {
            try await withTaskExecutorPreference(BlockingPool.files) {
                let installed = PostgresPrograms.installed(environment)
                guard !installed.isEmpty else {
                    throw BelayError(
                        .databaseProgramsMissing,
                        "PostgreSQL's program pg_restore is not installed, so \(dump) stays as it is",
                        hint: "install it: apt install postgresql-client"
                    )
                }
                let archive = try PostgresArchive(
                    dump,
                    forServer: 0,
                    among: installed,
                    environment: environment
                )
                try archive.writeScript(to: target)
            }
        } catch let error as BelayError {
            throw error
        } catch {
            throw BelayError(
                .databaseUnrestorable,
                "\(dump) cannot be written as SQL: \(error)",
                hint: "check the space left, and the dump with `pg_restore --list`"
            )
        }
    }
}
