import BelayCore
import BelaySystem

/// A dump in PostgreSQL's custom format, and the programs that can read it.
struct PostgresArchive {
    let path: String
    let programs: PostgresPrograms
    let environment: [String: String]
    private let contents: PostgresContents

    /// The programs are the oldest that fit the server and can read the dump.
    ///
    /// - Throws: ``PostgresFailure``, or `SystemError`.
    init(
        _ path: String,
        forServer major: Int,
        among installed: [PostgresPrograms],
        environment: [String: String]
    ) throws {
        var failure = PostgresFailure("PostgreSQL's program pg_restore is not installed")
        let fitting =
            installed.filter { $0.major >= major } + installed.filter { $0.major < major }.reversed()
        for programs in fitting where Paths.isProgram(programs.path("pg_restore")) {
            let list = Command(
                programs.path("pg_restore"),
                ["--create", "--list", path],
                environment: environment
            )
            do {
                contents = PostgresContents(try list.printed())
                self.path = path
                self.programs = programs
                self.environment = environment
                return
            } catch let error as PostgresFailure {
                failure = error
            }
        }
        // "unsupported version (1.16) in file header", the version being that of the format.
        if let newest = installed.last, failure.message.hasPrefix("unsupported version") {
            failure = PostgresFailure(
                "pg_restore \(newest.major) cannot read its dump, which a newer pg_dump wrote: \(failure)"
            )
        }
        throw failure
    }

    /// Roles that it needs and that are not among those given: who owns something, who may do something with it,
    /// and to whom policies and settings apply.
    ///
    /// `folder` is one for scratch files.
    func missingRoles(_ roles: [String], _ folder: String) throws -> [String] {
        let named = SQLStatements.split(try script(of: contents.privileges, folder)).flatMap(
            SQLStatements.roles
        )
        return contents.owners(notAmong: roles).union(Set(named).subtracting(roles)).sorted()
    }

    /// What makes the database itself, under another name: before its contents are loaded, and after.
    ///
    /// Settings such as a read-only default or a limit of connections would be in the way of loading.
    ///
    /// `folder` is one for scratch files.
    func databaseStatements(
        named name: String,
        _ folder: String
    ) throws -> (before: [String], after: [String]) {
        let statements = SQLStatements.split(try script(of: contents.database, folder))
            .filter { $0.firstRange(of: "DATABASE ") != nil }
            .map { SQLStatements.renamed($0, to: name) }
        func isBefore(_ statement: String) -> Bool {
            statement.hasPrefix("CREATE DATABASE")
                || statement.hasPrefix("ALTER DATABASE") && statement.contains(" OWNER TO ")
        }
        return (statements.filter(isBefore), statements.filter { !isBefore($0) })
    }

    /// The statements of some of its entries, which `list` names.
    private func script(of list: String, _ folder: String) throws -> String {
        if list.isEmpty { return "" }
        let path = "\(folder)/entries.list"
        if Paths.exists(path) { try Paths.remove(path) }
        let file = try OpenFile.creating(path: path)
        try Array(list.utf8).withUnsafeBytes { try file.write($0) }
        return try Command(
            programs.path("pg_restore"),
            ["--create", "--use-list=\(path)", "--file=-", self.path],
            environment: environment
        ).printed()
    }

    /// Writes it as statements.
    func writeScript(to target: String) throws {
        _ = try Command(
            programs.path("pg_restore"),
            ["--create", "--file=\(target)", path],
            environment: environment
        ).printed()
    }

    /// Begins to load it into the empty database that `connection` names, several tables at a time.
    func load(
        into connection: PostgresConnection,
        _ environment: [String: String],
        jobs: Int,
        withOwners: Bool
    ) throws -> RunningCommand {
        var arguments = ["--exit-on-error", "--no-password", "--jobs=\(jobs)"]
        arguments.append("--dbname=\(connection.remainder ?? "")")
        if !withOwners { arguments += ["--no-owner", "--no-privileges"] }
        return try .start(
            Command(
                programs.path("pg_restore"),
                arguments + [path],
                environment: connection.environment(environment)
            )
        )
    }
}

extension Command {
    /// What one of PostgreSQL's programs prints.
    ///
    /// - Throws: ``PostgresFailure`` with its own words.
    fileprivate func printed() throws -> String {
        let outcome = try run(limit: 256 << 20)
        guard outcome.isSuccess else { throw PostgresFailure(said: outcome.said) }
        return outcome.text
    }
}
