package import BelayCore
import BelaySystem

/// PostgreSQL's own programs on this machine.
///
/// `pg_dump` dumps servers up to its own major version, so the oldest that is new enough is taken: what it writes
/// is read by the most others.
package struct PostgresPrograms: Hashable, Sendable {
    /// The folder of the programs, without a slash at the end.
    package var folder: String
    package var major: Int

    /// All that are installed: on the search path, and where Debian and Red Hat put them.
    package static func installed(_ environment: [String: String]) -> [PostgresPrograms] {
        var folders: [String] = []
        for root in ["/usr/lib/postgresql", "/usr/local/pgsql"] {
            // A root that is not there has no programs.
            for name in (try? Paths.names(in: root)) ?? [] { folders.append("\(root)/\(name)/bin") }
        }
        folders += (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        var found: [PostgresPrograms] = []
        for folder in folders where Paths.isProgram("\(folder)/pg_dump") && Paths.isProgram("\(folder)/psql")
        {
            guard let major = versionByPlace(folder) ?? version(of: "\(folder)/pg_dump", environment),
                !found.contains(where: { $0.major == major })
            else { continue }
            found.append(PostgresPrograms(folder: folder, major: major))
        }
        return found.sorted { $0.major < $1.major }
    }

    /// What Debian's folders say by their names: asking a program costs a start.
    private static func versionByPlace(_ folder: String) -> Int? {
        let parts = folder.split(separator: "/").map(String.init)
        guard parts.count == 5, parts[..<3] == ["usr", "lib", "postgresql"], parts[4] == "bin" else {
            return nil
        }
        return Int(parts[3])
    }

    /// `pg_dump (PostgreSQL) 15.18 (Debian …)`; `nil` for what only starts one of the others.
    private static func version(of program: String, _ environment: [String: String]) -> Int? {
        // Debian's wrapper chooses by the cluster that it takes us to mean; what leads nowhere is no program.
        guard let real = try? Paths.real(program), real.hasSuffix("/pg_dump") else { return nil }
        let command = Command(program, ["--version"], environment: environment)
        // A program that does not run is none.
        guard let outcome = try? command.run(limit: 4096), outcome.isSuccess else { return nil }
        return outcome.text.split(separator: " ").dropFirst(2).first.flatMap {
            Int($0.prefix { $0.isNumber })
        }
    }

    /// Those to dump a server of that major version with.
    ///
    /// - Throws: `database.unreadable` if none are new enough.
    package static func choose(
        forServer major: Int,
        among installed: [PostgresPrograms]
    ) throws(BelayError) -> PostgresPrograms {
        if let programs = installed.first(where: { $0.major >= major }) { return programs }
        guard let newest = installed.last else {
            throw BelayError(
                .databaseUnreadable,
                "PostgreSQL's programs pg_dump and psql are not installed",
                hint: "install them: apt install postgresql-client-\(major)"
            )
        }
        throw BelayError(
            .databaseUnreadable,
            "pg_dump \(newest.major) cannot dump a server of version \(major)",
            hint: "install newer programs: apt install postgresql-client-\(major)"
        )
    }

    package func path(_ program: String) -> String { "\(folder)/\(program)" }
}
