import BelayCore
import BelaySystem

/// The programs of MariaDB or MySQL on this machine, and the server that they are to connect to.
///
/// Calls block.
struct MariaDBClient: Sendable {
    private let connection: MariaDBConnection
    private let environment: [String: String]
    private let client: String
    private let dumper: String
    /// MySQL's own programs know some options that MariaDB's do not.
    private let isMySQL: Bool

    /// `nil` if there are no such programs on the search path.
    init?(_ connection: MariaDBConnection, _ environment: [String: String]) {
        self.connection = connection
        self.environment = connection.environment(environment)
        for (client, dumper) in [("mariadb", "mariadb-dump"), ("mysql", "mysqldump")] {
            guard let client = Command(client, environment: environment).path,
                let dumper = Command(dumper, environment: environment).path
            else { continue }
            self.client = client
            self.dumper = dumper
            // A program that does not run fails for itself later.
            let version = try? Command(dumper, ["--version"], environment: environment).run(limit: 4096)
            isMySQL = version?.text.contains("MariaDB") == false
            return
        }
        return nil
    }

    /// What statements give, row by row; `database` is the one that they are about.
    ///
    /// - Throws: ``MariaDBFailure`` with the server's words, or `SystemError`.
    @discardableResult
    func rows(_ sql: String, in database: String? = nil) throws -> [[String]] {
        try rows(Array(sql.utf8), in: database)
    }

    @discardableResult
    func rows(_ sql: [UInt8], in database: String? = nil) throws -> [[String]] {
        let running = try start(
            client,
            ["--batch", "--skip-column-names", "--connect-timeout=30"] + asking(database),
            input: .pipe
        )
        do {
            try sql.withUnsafeBytes { try running.write($0) }
        } catch let error as SystemError where error.isUnread {
            // It reads no more, because it has ended: why is told below.
        }
        running.closeInput()
        let answer = try running.readToEnd()
        guard try running.finish().isSuccess else { throw MariaDBFailure(said: running.said) }
        return answer.split(separator: 0x0A).map(Self.fields)
    }

    /// Whether the server has a database of that name.
    func knows(_ database: String) throws -> Bool {
        try !rows(
            "SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = \(database.quotedText)"
        ).isEmpty
    }

    /// Carries out a file of statements, to its end even if this process dies meanwhile.
    ///
    /// Of what came through a pipe that broke off the program would carry out what it has.
    func run(_ path: String, in database: String) throws {
        let file = try OpenFile.reading(path: path)
        let running = try start(
            client,
            ["--batch"] + asking(database),
            input: .file(file.descriptor),
            output: .nothing
        )
        guard try running.finish().isSuccess else { throw MariaDBFailure(said: running.said) }
    }

    /// A client that answers each line as it comes.
    func asking() throws -> RunningCommand {
        try start(client, ["--batch", "--skip-column-names", "--unbuffered"] + asking(nil), input: .pipe)
    }

    /// A client that carries out what is written to it.
    func loading(into database: String?) throws -> RunningCommand {
        try start(client, ["--batch"] + asking(database), input: .pipe, output: .nothing)
    }

    private func asking(_ database: String?) -> [String] {
        // `--comments`: without it the client cuts comments out of routines.
        let common = [
            "--no-auto-rehash", "--comments", "--default-character-set=utf8mb4", "--max-allowed-packet=1G",
        ]
        return common + (database.map { ["--database=\($0)"] } ?? [])
    }

    /// A dump of a database as it is at one moment, in an order that depends on its contents alone.
    func dumping(_ database: String, withRows: Bool = true) throws -> RunningCommand {
        var arguments = [
            "--single-transaction", "--quick", "--opt", "--skip-lock-tables", "--skip-dump-date",
            "--routines", "--triggers", "--events", "--add-drop-trigger", "--hex-blob", "--tz-utc",
            "--no-tablespaces", "--default-character-set=utf8mb4", "--max-allowed-packet=1G",
            "--ignore-table=\(database).\(MariaDBCode.table)",
        ]
        if isMySQL { arguments += ["--set-gtid-purged=OFF"] }
        if !withRows { arguments += ["--no-data"] }
        return try start(dumper, arguments + ["--", database], input: .nothing)
    }

    private func start(
        _ program: String,
        _ arguments: [String],
        input: RunningCommand.Input,
        output: RunningCommand.Output = .pipe
    ) throws(SystemError) -> RunningCommand {
        try .start(
            Command(program, connection.arguments + arguments, environment: environment),
            input: input,
            output: output
        )
    }

    /// The fields of a line as `--batch` prints them.
    private static func fields(_ line: ArraySlice<UInt8>) -> [String] {
        line.split(separator: 0x09, omittingEmptySubsequences: false).map { field in
            var bytes: [UInt8] = []
            var rest = field
            while let byte = rest.popFirst() {
                guard byte == 0x5C, let escaped = rest.popFirst() else {
                    bytes.append(byte)
                    continue
                }
                switch escaped {
                case 0x6E: bytes.append(0x0A)
                case 0x74: bytes.append(0x09)
                case 0x30: bytes.append(0)
                default: bytes.append(escaped)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

/// What MariaDB's programs said when they could not do something.
struct MariaDBFailure: EngineFailure {
    let message: String
    /// The server's number for it.
    let number: Int?

    /// `ERROR 1049 (42000) at line 1: Unknown database 'x'`, or `mariadb-dump: Got error: 1049: "Unknown …" when …`.
    init(said: String) {
        let lines = said.split(separator: "\n").map(String.init)
        let line = lines.last { $0.hasPrefix("ERROR ") || $0.contains("rror: ") } ?? lines.last
        var text = line ?? "it ended without a word"
        number = text.split { !$0.isNumber }.first.flatMap { Int($0) }
        if text.hasPrefix("ERROR "), let colon = text.firstRange(of: ": ") {
            text = String(text[colon.upperBound...])
        } else if let name = text.firstRange(of: ": "), !text[..<name.lowerBound].contains(" ") {
            text = String(text[name.upperBound...])
        }
        message = text
    }

    init(_ message: String) {
        self.message = message
        number = nil
    }
}

extension String {
    /// As an identifier in a statement.
    var quotedName: String {
        "`" + split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``") + "`"
    }

    /// As a text in a statement.
    var quotedText: String {
        "'"
            + reduce(into: "") { text, character in
                if character == "'" || character == "\\" { text.append("\\") }
                text.append(character)
            } + "'"
    }
}
