import BelaySQLite
import BelayTestKit
import Foundation
import Testing

@Suite struct `A rollback that is killed leaves the whole old or the whole new state` {
    @Test(arguments: ["WAL", "DELETE"])
    func `of an SQLite database`(journal: String) async throws {
        let sandbox = try Sandbox()
        try await KilledRollback(sandbox: sandbox, database: LiveSQLite(sandbox, journal: journal)).endure()
    }

    @Test func `of JSON documents`() async throws {
        let sandbox = try Sandbox()
        try await KilledRollback(sandbox: sandbox, database: LiveDocuments(sandbox: sandbox)).endure()
    }

    @Test(.enabled(if: PostgresServer.folder != nil, "needs PostgreSQL's server"))
    func `of a PostgreSQL database`() async throws {
        let database = LivePostgres(server: try PostgresServer())
        try await KilledRollback(sandbox: try Sandbox(), database: database).endure()
    }

    @Test(.enabled(if: MariaDBServer.program != nil, "needs MariaDB's server"))
    func `of a MariaDB database`() async throws {
        let database = LiveMariaDB(server: try MariaDBServer())
        try await KilledRollback(sandbox: try Sandbox(), database: database).endure()
    }

    @Test(.enabled(if: RedisServer.program != nil, "needs Redis' server"))
    func `of a Redis server`() async throws {
        let sandbox = try Sandbox()
        let database = LiveRedis(sandbox: sandbox, server: try RedisServer())
        try await KilledRollback(sandbox: sandbox, database: database).endure()
    }
}

extension Sandbox {
    /// What lies where states are kept that rollbacks have replaced: the states, or what is on its way to be one.
    func keptStates(whole: Bool = true) throws -> [String] {
        let root = "\(home)/.local/state/belay/kept"
        if !FileManager.default.fileExists(atPath: root) { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: root).flatMap { project in
            try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(project)")
                .filter { $0.hasPrefix(".") != whole }.map { "\(root)/\(project)/\($0)" }
        }
    }

    /// What lies in the project under names that a search finds.
    func entries(_ pattern: some RegexComponent) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: project).filter { $0.contains(pattern) }
    }
}

private struct LiveSQLite: LiveDatabase {
    let sandbox: Sandbox
    let settings = "{ sqlite: main.db }"
    private var path: String { "\(sandbox.project)/main.db" }

    init(_ sandbox: Sandbox, journal: String) throws {
        self.sandbox = sandbox
        try SQLiteConnection(path, .creating).execute("PRAGMA journal_mode = \(journal)")
    }

    func fill(_ word: String) throws {
        let rows = 4_000 + word.utf8.count
        try SQLiteConnection(path, .writing).execute(
            """
            BEGIN; DROP TABLE IF EXISTS item; CREATE TABLE item(id INTEGER PRIMARY KEY, word TEXT, body TEXT);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(rows))
            INSERT INTO item SELECT i, '\(word)', hex(randomblob(500)) FROM n;
            CREATE INDEX by_\(word.filter(\.isLetter)) ON item(body); COMMIT
            """
        )
    }

    func contents() throws -> String { try Self.contents(SQLiteConnection(path, .writing)) }

    private static func contents(_ database: SQLiteConnection) throws -> String {
        let text = try database.text(
            """
            SELECT (SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema ORDER BY name)) || ' '
              || min(word) || ' ' || max(word) || ' ' || count(*) || ' '
              || (SELECT group_concat(integrity_check) FROM pragma_integrity_check) FROM item
            """
        )
        return try #require(text)
    }

    func kept() throws -> [String] {
        try sandbox.keptStates().map {
            try Self.contents(SQLiteConnection($0, .immutable))
        }
    }

    func leftOvers() throws -> [String] {
        try sandbox.keptStates(whole: false) + sandbox.entries(/belay-/)
    }
}

private struct LiveDocuments: LiveDatabase {
    let sandbox: Sandbox
    let settings = "{ json: data }"
    private var path: String { "\(sandbox.project)/data" }

    func fill(_ word: String) throws {
        for number in 0..<60 {
            let items = (0..<200).map { "{\"id\": \($0), \"word\": \"\(word) \"}" }
            try sandbox.write("data/\(number).json", "[\(items.joined(separator: ", "))]")
        }
        // As an application locks it; no part of the database.
        try sandbox.write("data/lock", "held")
        try sandbox.write("data/sub/file", "other")
    }

    func contents() throws -> String { try contents(path) }

    private func contents(_ folder: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".json")
        }
        try #require(names.count == 60, "\(folder)")
        let texts = try names.map { try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
        return "\(names.count) \(Set(texts).map { String($0.prefix(40)) }.sorted())"
    }

    func kept() throws -> [String] {
        let stranded = try sandbox.entries(/^data_belay_/).map { "\(sandbox.project)/\($0)" }
        return try (sandbox.keptStates() + stranded).map(contents)
    }

    func leftOvers() throws -> [String] {
        let lost = ["lock", "sub/file"].filter { !FileManager.default.fileExists(atPath: "\(path)/\($0)") }
        return try sandbox.entries(/belay-/) + sandbox.keptStates(whole: false)
            + lost
    }
}

private struct LivePostgres: LiveDatabase {
    let server: PostgresServer
    var settings: String { "{ postgres: \"postgresql://postgres@/shop?host=\(server.scratch.path)/run\" }" }

    func fill(_ word: String) throws {
        let rows = 8_000 + word.utf8.count
        try server.sql(
            """
            BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
            CREATE TABLE item(id int PRIMARY KEY, word text, body text);
            INSERT INTO item SELECT i, '\(word)', md5(random()::text) || repeat('x', 200) FROM generate_series(1, \(rows)) i;
            CREATE INDEX by_body ON item(body); CREATE VIEW "view \(word)" AS SELECT * FROM item; COMMIT
            """
        )
    }

    func contents() throws -> String { try contents("shop") }

    private func contents(_ name: String) throws -> String {
        try server.sql(
            """
            SELECT (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
              min(word), max(word) || ' ', count(*), (SELECT bool_and(indisvalid) FROM pg_index) FROM item
            """,
            in: name
        )
    }

    private func databases() throws -> [String] {
        try server.sql("SELECT datname FROM pg_database", in: "postgres").split(separator: "\n").map(
            String.init
        )
    }

    func kept() throws -> [String] {
        try databases().filter { $0.contains(/^shop_belay_\d{8}_\d{6}$/) }.map(contents)
    }

    func leftOvers() throws -> [String] {
        try databases().filter { $0.contains(/^shop_belay_\d{15}$/) }
    }

    func settle() throws { try server.waitUntilAlone() }
}

extension PostgresServer {
    /// Waits until nobody is connected but who asks.
    func waitUntilAlone() throws {
        let others =
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        let end = ContinuousClock.now + .seconds(60)
        while try sql(others, in: "postgres") != "0\n" {
            try #require(ContinuousClock.now < end, "sessions of a dead run stay")
        }
    }
}

private struct LiveMariaDB: LiveDatabase {
    let server: MariaDBServer
    var settings: String { "{ mariadb: \"\(server.address)\" }" }

    func fill(_ word: String) throws {
        let rows = 2_000 + word.utf8.count
        try server.sql(
            """
            DROP DATABASE shop; CREATE DATABASE shop; USE shop;
            CREATE TABLE item(id INT PRIMARY KEY, word TEXT, body TEXT);
            CREATE TABLE other(id INT PRIMARY KEY, word TEXT);
            INSERT INTO item SELECT seq, '\(word)', CONCAT(MD5(RAND()), REPEAT('x', 200)) FROM seq_1_to_\(rows);
            INSERT INTO other VALUES (1, '\(word)');
            CREATE VIEW everything AS SELECT *, '\(word)' FROM item;
            CREATE TRIGGER noted AFTER DELETE ON item FOR EACH ROW INSERT INTO other(id, word) VALUES (OLD.id, '\(word)');
            CREATE FUNCTION told() RETURNS TEXT DETERMINISTIC RETURN '\(word)';
            """
        )
    }

    func contents() throws -> String { try contents("shop", code: "shop") }

    /// The code is told of the live database alone: a kept one has it in a table.
    private func contents(_ name: String, code: String?) throws -> String {
        let tables = try server.sql(
            """
            SELECT GROUP_CONCAT(DISTINCT word), CONCAT(MAX(word), ' '), COUNT(*), (SELECT word FROM other) FROM item;
            CHECK TABLE item, other;
            """,
            in: name
        ).replacing("\(name).", with: "")
        guard let code else { return tables }
        let words = try server.sql(
            "SELECT told(), REGEXP_SUBSTR(VIEW_DEFINITION, '(stored|first|live|next)[-0-9]*') "
                + "FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE(); SELECT COUNT(*) FROM everything; "
                + "SELECT ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()",
            in: code
        )
        return tables + words
    }

    private func databases() throws -> [String] {
        try server.sql("SHOW DATABASES").split(separator: "\n").map(String.init)
    }

    func kept() throws -> [String] {
        try databases().filter { $0.contains(/^shop_belay_\d{8}_\d{6}$/) }.map { try contents($0, code: nil) }
    }

    func leftOvers() throws -> [String] { try databases().filter { $0.contains("_belay_new_") } }

    func settle() throws {
        let end = ContinuousClock.now + .seconds(60)
        let others =
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'root' AND ID <> CONNECTION_ID()"
        while try server.sql(others) != "0\n" {
            try #require(ContinuousClock.now < end, "sessions of a dead run stay")
        }
    }
}

private struct LiveRedis: LiveDatabase {
    let sandbox: Sandbox
    let server: RedisServer
    var settings: String { "{ redis: \"\(server.address)\" }" }

    func fill(_ word: String) throws {
        let lines = (0..<(3_000 + word.utf8.count)).map { "SET key:\($0) \"\(word) \"" }
        try server.run("FLUSHALL\n" + lines.joined(separator: "\n"))
    }

    func contents() throws -> String { try Self.contents(server) }

    private static func contents(_ server: RedisServer) throws -> String {
        let script =
            "local words = {}; for _, k in ipairs(redis.call('KEYS', '*')) do words[redis.call('GET', k)] = 1 end; "
            + "local all = {}; for word in pairs(words) do all[#all + 1] = word end; return table.concat(all, ',')"
        return try server.run("EVAL \"\(script)\" 0") + server.run("DBSIZE")
    }

    func kept() throws -> [String] {
        try sandbox.keptStates().map { path in
            let other = try RedisServer([
                "--dir", (path as NSString).deletingLastPathComponent, "--dbfilename",
                (path as NSString).lastPathComponent,
            ])
            return try Self.contents(other)
        }
    }

    func leftOvers() throws -> [String] { try sandbox.keptStates(whole: false) }

    /// What waits for the pause that a dead run began is done when it ends, in two minutes by itself.
    func settle() throws { try server.run("CLIENT UNPAUSE") }
}
