import BelayCore
import BelaySystem

/// A dump in PostgreSQL's custom format, and the programs that can read it.
struct PostgresArchive {
    let path: String
    let programs: PostgresPrograms
    let environment: [String: String]
    /// Lines of its table of contents that make something.
    private let entries: [String]

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
                let text = try list.printed()
                entries = text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix(";") }
                self.path = path
                self.programs = programs
                self.environment = environment
                return
            } catch let error as PostgresFailure {
                failure = error
            }
        }
        throw failure
    }

    /// Roles that own something in it and are not among those given.
    func missingRoles(_ roles: [String]) -> [String] {
        let known = roles.map { " " + $0 }
        var missing: Set<String> = []
        for entry in entries where !known.contains(where: { entry.hasSuffix($0) }) {
            // Entries without an owner end with a blank.
            if entry.hasSuffix(" ") { continue }
            if let owner = entry.split(separator: " ").last { missing.insert(String(owner)) }
        }
        return missing.sorted()
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
        let kinds = [
            "DATABASE - ", "DATABASE PROPERTIES - ", "ACL - DATABASE ", "COMMENT - DATABASE ",
            "SECURITY LABEL - DATABASE ",
        ]
        let chosen = entries.filter { entry in
            let words = entry.split(separator: " ", maxSplits: 3)
            return words.count == 4 && kinds.contains { words[3].hasPrefix($0) }
        }
        let list = "\(folder)/database.list"
        let file = try OpenFile.creating(path: list)
        try Array((chosen.joined(separator: "\n") + "\n").utf8).withUnsafeBytes { try file.write($0) }
        let script = try Command(
            programs.path("pg_restore"),
            ["--create", "--use-list=\(list)", "--file=-", path],
            environment: environment
        ).printed()
        let statements = SQLStatements.split(script)
            .filter { $0.firstRange(of: "DATABASE ") != nil }
            .map { SQLStatements.renamed($0, to: name) }
        func isBefore(_ statement: String) -> Bool {
            statement.hasPrefix("CREATE DATABASE")
                || statement.hasPrefix("ALTER DATABASE") && statement.contains(" OWNER TO ")
        }
        return (statements.filter(isBefore), statements.filter { !isBefore($0) })
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
