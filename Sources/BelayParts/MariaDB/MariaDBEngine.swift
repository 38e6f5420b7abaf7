import BelayCore
import BelaySystem

/// A database of MariaDB or MySQL, dumped by `mariadb-dump` or `mysqldump` in one transaction.
///
/// Rows are counted, and each table gets its digest, from the dump itself while it passes: nothing that goes on in the
/// server can make them differ. There is no fingerprint: nothing that the server tells covers writes that are kept out
/// of the binary log, so every snapshot dumps again, and adds what changed.
package struct MariaDBEngine: DatabaseEngine {
    package let kind = "mariadb"

    package let name: String
    let connection: MariaDBConnection
    let environment: [String: String]
    let scratch: String

    /// The database `name`; `environment` is the one that the programs start from.
    ///
    /// In `scratch` it may make folders for a while.
    package init(
        name: String,
        connection: MariaDBConnection,
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
            reading: "check `databases.\(name)` in belay.yaml, and what the account may do",
            restoring:
                "the account needs all privileges on databases named like `\(connection.database ?? "NAME")_belay_…`"
        )
    }

    package func fingerprint() async throws -> String? { nil }

    package func dump(to sink: any PartSink) async throws -> DatabaseState {
        try await reading {
            let client = try self.client()
            return try await state(of: try self.database(client), client, into: sink)
        }
    }

    /// The programs.
    ///
    /// - Throws: ``MariaDBFailure`` if there are none.
    func client() throws -> MariaDBClient {
        guard let client = MariaDBClient(connection, environment) else {
            throw MariaDBFailure(
                "the programs mariadb and mariadb-dump are not installed (apt install mariadb-client)"
            )
        }
        return client
    }

    /// What the database is called on the server, which may tell of all names in lower case.
    func database(_ client: MariaDBClient) throws -> String {
        let given = connection.database?.quotedText ?? "IFNULL(DATABASE(), '')"
        let named = try client.rows(
            "SELECT IF(@@lower_case_table_names = 1, LOWER(\(given)), \(given))"
        ).first?.first
        guard let named, !named.isEmpty else { throw MariaDBFailure("its address names no database") }
        return named
    }

    /// Dumps a database, to nowhere if there is no sink, and tells what the dump holds.
    func state(
        of database: String,
        _ client: MariaDBClient,
        into sink: (any PartSink)?
    ) async throws -> DatabaseState {
        var state = DatabaseState()
        state.version = try version(client)
        // Before the dump: who makes such a table meanwhile is told of by the next one.
        state.checks["consistency"] = try consistency(of: database, client)
        var reader = MariaDBDumpReader()
        let running = try client.dumping(database)
        try await withTaskCancellationHandler {
            if let sink {
                try await sink.store("\(name).sql", standingFor: nil) { room in
                    let count = try running.fill(room)
                    reader.take(UnsafeRawBufferPointer(rebasing: room[..<count]))
                    return count
                }
            } else {
                var room = [UInt8](repeating: 0, count: 1 << 20)
                while true {
                    try Task.checkCancellation()
                    let count = try running.read(into: &room)
                    if count == 0 { break }
                    room.withUnsafeBytes { reader.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                }
            }
            let ending = try running.finish()
            try Task.checkCancellation()
            guard ending.isSuccess else { throw MariaDBFailure(said: running.said) }
            guard reader.isComplete else { throw MariaDBFailure("the dump ended before its last line") }
        } onCancel: {
            running.terminate()
        }
        state.tables = reader.tables
        state.schema = reader.schema.text
        return state
    }

    /// `10.11.19` of `10.11.19-MariaDB-0+deb12u1`.
    func version(_ client: MariaDBClient) throws -> String {
        let text = try client.rows("SELECT VERSION()").first?.first ?? ""
        return String(text.prefix { $0 != "-" })
    }

    /// Tells which tables a transaction does not hold still, and which are dumped as they are now only.
    private func consistency(of database: String, _ client: MariaDBClient) throws -> String {
        let tables = try client.rows(
            """
            SELECT TABLE_NAME, IFNULL(ENGINE, 'none'), TABLE_TYPE FROM information_schema.TABLES
            WHERE TABLE_SCHEMA = \(database.quotedText) AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
              AND (IFNULL(ENGINE, '') NOT IN ('InnoDB', 'ROCKSDB') OR TABLE_TYPE = 'SYSTEM VERSIONED') ORDER BY 1
            """
        )
        let loose = tables.filter { $0.count == 3 && !["InnoDB", "ROCKSDB"].contains($0[1]) }
        let versioned = tables.filter { $0.count == 3 && $0[2] == "SYSTEM VERSIONED" }
        var words: [String] = []
        if !loose.isEmpty {
            let names = loose.map { "\($0[0]) (\($0[1]))" }.joined(separator: ", ")
            words.append("without transactions, and perhaps of a later moment than the rest: \(names)")
        }
        if !versioned.isEmpty {
            words.append("without the history of \(versioned.map { $0[0] }.joined(separator: ", "))")
        }
        return words.isEmpty ? "one transaction" : words.joined(separator: "; ")
    }
}
