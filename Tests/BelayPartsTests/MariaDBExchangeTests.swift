import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: MariaDBServer.program != nil, "needs MariaDB's server"), .ownThreads)
struct `An exchange of MariaDB databases` {
    private static let moment = Timestamp(seconds: 1_795_000_000)
    /// What that moment makes of the name of what is replaced.
    private static let kept = "shop_belay_20261118_110640"
    /// What takes the place of the live database: it has been kept before.
    private static let place = "shop_belay_20200101_000000"

    private func engine(
        _ server: MariaDBServer,
        as user: String = "root",
        to database: String = "shop",
        programs: String? = nil
    ) throws -> MariaDBEngine {
        let address = "mysql://\(user):@/\(database)?socket=\(server.socket)"
        return MariaDBEngine(
            name: "shop",
            connection: try #require(MariaDBConnection(address)),
            environment: programs.map { ["PATH": "\($0):/usr/bin:/bin"] } ?? server.environment,
            scratch: server.scratch.path
        )
    }

    /// Makes a database that can take the live one's place: its tables, and code that is made once they are live.
    private func fill(
        _ server: MariaDBServer,
        _ place: String = place,
        tables: String,
        code: [String]
    ) throws -> KeptDatabase {
        let rows = code.enumerated().map { "(\($0), '\($1.replacing("'", with: "''"))')" }
        try server.sql(
            """
            CREATE DATABASE `\(place)`; USE `\(place)`; \(tables);
            CREATE TABLE _belay_code(place INT PRIMARY KEY, text LONGBLOB NOT NULL);
            \(rows.isEmpty ? "" : "INSERT INTO _belay_code VALUES \(rows.joined(separator: ", "));")
            """,
            in: "mysql"
        )
        return KeptDatabase(name: "shop", engine: "mariadb", place: place, replaced: 0)
    }

    /// An account that may do everything with these databases, and nothing with others or with the server.
    private func makeAccount(_ server: MariaDBServer, on databases: String..., more: String = "") throws {
        let grants = databases.map { "GRANT ALL ON `\($0)`.* TO app@localhost;" }
        try server.sql("CREATE USER app@localhost; \(grants.joined())\(more)", in: "mysql")
    }

    /// A program in place of the client, which does something else once where a script goes to the live database.
    private func programs(_ server: MariaDBServer, once: String) throws -> String {
        let folder = "\(server.scratch.path)/bin"
        let text = """
            #!/bin/sh
            case " $* " in *" --database=shop "*)
              if mkdir \(folder)/done 2>/dev/null; then
                \(once)
                echo 'ERROR 2013 (HY000) at line 3: Lost connection to server during query' >&2
                exit 1
              fi
            esac
            exec /usr/bin/mariadb "$@"

            """
        try server.scratch.program(text, at: "bin/mariadb")
        return folder
    }

    /// How an exchange fails; nothing if it does not.
    private func failure(of engine: MariaDBEngine, _ place: KeptDatabase) async throws -> BelayError? {
        do { _ = try await engine.takeBack(place, at: Self.moment) } catch let error as BelayError {
            return error
        }
        return nil
    }

    private func names(_ server: MariaDBServer) throws -> String {
        try server.sql("SHOW DATABASES LIKE 'shop%'", in: "mysql").split(separator: "\n").joined(
            separator: " "
        )
    }

    // MARK: - Locks that come after the tables

    @Test(arguments: ["item", "old"], [true, false])
    func `goes on where it stopped if somebody holds a view`(live: String, hasTable: Bool) async throws {
        let server = try MariaDBServer()
        if hasTable { try server.sql("CREATE TABLE \(live)(n INT); INSERT INTO \(live) VALUES (1)") }
        try server.sql("CREATE VIEW seen AS SELECT 1 AS n")
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            code: ["CREATE VIEW seen AS SELECT 2 AS n"]
        )
        let holder = try Session(server, "shop")
        try holder.ask("BEGIN; SELECT * FROM seen")

        let kept = try #require(try await engine(server).takeBack(place, at: Self.moment))
        #expect(try server.sql("SELECT n FROM item; SELECT n FROM seen; SHOW TABLES") == "2\n2\nitem\nseen\n")
        #expect(try names(server) == "shop \(Self.kept)")
        if hasTable { #expect(try server.sql("SELECT n FROM \(live)", in: kept.place) == "1\n") }
        #expect(try server.sql("SELECT COUNT(*) FROM _belay_code", in: kept.place) != "0\n")
    }

    @Test(arguments: ["item", "old"])
    func `is taken back whole if somebody holds a view meanwhile`(live: String) async throws {
        let server = try MariaDBServer()
        try server.sql(
            "CREATE TABLE \(live)(n INT); INSERT INTO \(live) VALUES (1); CREATE VIEW seen AS SELECT 1 AS n"
        )
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            code: [
                "CREATE VIEW made AS SELECT 2 AS n", "DO GET_LOCK('here', 0), GET_LOCK('gate', 60)",
                "CREATE VIEW broken AS SELECT * FROM nowhere",
            ]
        )
        let gate = try Session(server)
        try gate.ask("DO GET_LOCK('gate', 0)")
        let holder = try Session(server)
        let engine = try engine(server)
        async let failure = failure(of: engine, place)
        try await server.wait(until: "SELECT IS_FREE_LOCK('here') = 0")
        try holder.ask("BEGIN; SELECT * FROM shop.made")
        try gate.ask("DO RELEASE_LOCK('gate')")
        try await server.wait(
            until: "SELECT COUNT(*) FROM information_schema.PROCESSLIST "
                + "WHERE STATE LIKE 'Waiting for table metadata%' AND INFO LIKE '%made%'"
        )
        // Where it can be cut off.
        try holder.ask("USE shop")

        let error = try await failure
        #expect(error?.message.contains("nowhere") == true, "\(String(describing: error))")
        #expect(error?.message.contains("putting it back failed") == false, "\(String(describing: error))")
        #expect(try server.sql("SHOW TABLES") == "\(live)\nseen\n")
        #expect(try server.sql("SELECT n FROM \(live)") == "1\n")
        #expect(try names(server) == "shop \(Self.place)")
        #expect(try server.sql("SELECT n FROM item", in: Self.place) == "2\n")
    }

    @Test func `without any tables moves none, and replaces code alone`() async throws {
        let server = try MariaDBServer()
        try server.sql("CREATE VIEW seen AS SELECT 1 AS n; CREATE FUNCTION one() RETURNS INT RETURN 1")
        let place = try fill(
            server,
            tables: "SELECT 1",
            code: ["CREATE VIEW made AS SELECT 2 AS n", "CREATE VIEW broken AS SELECT * FROM nowhere"]
        )
        let error = await #expect(throws: BelayError.self) {
            try await engine(server).takeBack(place, at: Self.moment)
        }
        #expect(error?.message.contains("putting it back failed") == false, "\(String(describing: error))")
        #expect(try server.sql("SHOW TABLES; SELECT one()") == "seen\n1\n")
        #expect(try names(server) == "shop \(Self.place)")

        try server.sql("DELETE FROM _belay_code WHERE place = 1", in: Self.place)
        _ = try await engine(server).takeBack(place, at: Self.moment)
        #expect(try server.sql("SHOW TABLES") == "made\n")
    }

    // MARK: - Failures

    @Test(arguments: ["CREATE TABLE item(n INT)", "SELECT 1"])
    func `leaves the live database alone if the kept one cannot be made`(tables: String) async throws {
        let server = try MariaDBServer()
        try server.sql(
            """
            CREATE TABLE old(n INT); INSERT INTO old VALUES (1);
            CREATE TRIGGER less BEFORE INSERT ON old FOR EACH ROW SET NEW.n = NEW.n - 1;
            """
        )
        let place = try fill(server, tables: tables, code: [])
        try makeAccount(server, on: "shop", Self.place)
        let error = await #expect(throws: BelayError.self) {
            try await engine(server, as: "app").takeBack(place, at: Self.moment)
        }
        #expect(error?.message.contains("Access denied") == true, "\(String(describing: error))")
        #expect(error?.message.contains("putting it back failed") == false, "\(String(describing: error))")
        #expect(
            try server.sql("SELECT n FROM old; INSERT INTO old VALUES (5); SELECT MAX(n) FROM old")
                == "1\n4\n"
        )
        #expect(try names(server) == "shop \(Self.place)")
    }

    @Test func `that failed is told of as one where the server lowers names`() async throws {
        let server = try MariaDBServer(["--lower-case-table-names=1"])
        try server.sql("CREATE TABLE item(n INT); INSERT INTO item VALUES (1)")
        let place = try fill(
            server,
            "Shop_belay_20200101_000000",
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            code: ["CREATE VIEW broken AS SELECT * FROM nowhere"]
        )
        let engine = try engine(server, to: "Shop")
        await #expect(throws: BelayError.self) { try await engine.takeBack(place, at: Self.moment) }
        #expect(try server.sql("SELECT n FROM item") == "1\n")
        #expect(try names(server) == "shop \(Self.place)")

        // What belay has kept, or a dead run has staged, is found there as well.
        try server.sql("DELETE FROM _belay_code", in: Self.place)
        #expect(try await engine.kept().map(\.place) == [Self.place])
        let kept = try #require(try await engine.takeBack(place, at: Self.moment))
        #expect(try server.sql("SELECT n FROM item") == "2\n")
        #expect(try await engine.kept() == [kept])
        try server.sql("CREATE DATABASE Shop_belay_new_dead")
        let sink = Sink()
        let state = try await engine.dump(to: sink)
        let manifest = Manifest.Database(
            name: "shop",
            engine: "mariadb",
            version: state.version,
            path: "",
            tables: state.tables,
            checks: state.checks
        )
        try await engine.stage(manifest, from: StoredPart(sink)).discard()
        try await engine.drop(kept)
        #expect(try names(server) == "shop")
    }

    @Test func `leaves nothing where there was nothing if it fails`() async throws {
        let server = try MariaDBServer()
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            code: [
                "CREATE TRIGGER more BEFORE INSERT ON item FOR EACH ROW SET NEW.n = NEW.n + 1",
                "CREATE DEFINER=root@localhost VIEW seen AS SELECT 2 AS n",
            ]
        )
        try makeAccount(server, on: "shop%")
        try server.sql("DROP DATABASE shop", in: "mysql")
        let engine = try engine(server, as: "app")
        let error = await #expect(throws: BelayError.self) {
            try await engine.takeBack(place, at: Self.moment)
        }
        #expect(error?.message.contains("Access denied") == true, "\(String(describing: error))")
        #expect(try await !engine.isThere())
        #expect(try names(server) == Self.place)
        #expect(try server.sql("SELECT n FROM item", in: Self.place) == "2\n")

        // Nothing of it is lost: it can be taken back by whoever may.
        #expect(try await self.engine(server).takeBack(place, at: Self.moment) == nil)
        try server.sql("INSERT INTO item VALUES (7)")
        #expect(try server.sql("SELECT MAX(item.n), MAX(seen.n) FROM item, seen") == "8\t2\n")
        #expect(try names(server) == "shop")
    }

    @Test(arguments: [true, false])
    func `is done if its answer alone is lost`(isThere: Bool) async throws {
        let server = try MariaDBServer()
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT)",
            code: ["CREATE VIEW seen AS SELECT 2 AS n"]
        )
        if !isThere { try server.sql("DROP DATABASE shop", in: "mysql") }
        let programs = try programs(server, once: "/usr/bin/mariadb \"$@\"")
        let kept = try await engine(server, programs: programs).takeBack(place, at: Self.moment)
        #expect(kept?.place == (isThere ? Self.kept : nil))
        #expect(try server.sql("SHOW TABLES") == "item\nseen\n")
        #expect(try names(server) == (isThere ? "shop \(Self.kept)" : "shop"))
    }

    @Test(arguments: [true, false])
    func `that the server goes on with alone is stopped before it is taken back`(isThere: Bool) async throws {
        let server = try MariaDBServer()
        try server.sql(
            "CREATE TABLE item(n INT); INSERT INTO item VALUES (1); CREATE VIEW seen AS SELECT 1 AS n"
        )
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            // For so long the server does not look whether its client lives.
            code: ["DO GET_LOCK('here', 0), SLEEP(4)", "CREATE OR REPLACE VIEW seen AS SELECT 2 AS n"]
        )
        if !isThere { try server.sql("DROP DATABASE shop", in: "mysql") }
        let client = "/usr/bin/mariadb --no-defaults --socket=\(server.socket) --user=root -BN"
        let programs = try programs(
            server,
            once: """
                exec 3<&0; /usr/bin/mariadb "$@" <&3 &
                until [ "$(\(client) -e "SELECT IS_FREE_LOCK('here')" </dev/null)" = 0 ]; do :; done; kill -9 $!
                """
        )
        let error = await #expect(throws: BelayError.self) {
            try await engine(server, programs: programs).takeBack(place, at: Self.moment)
        }
        #expect(error?.message.contains("Lost connection") == true, "\(String(describing: error))")
        #expect(error?.message.contains("putting it back failed") == false, "\(String(describing: error))")
        try await server.wait(until: "SELECT IS_FREE_LOCK('here')")
        try await server.wait(
            until: "SELECT COUNT(*) = 1 FROM information_schema.PROCESSLIST WHERE USER = 'root'"
        )
        #expect(try names(server) == (isThere ? "shop \(Self.place)" : Self.place))
        if isThere { #expect(try server.sql("SELECT n FROM item; SELECT n FROM seen") == "1\n1\n") }
        #expect(try server.sql("SELECT n FROM item", in: Self.place) == "2\n")
    }

    // MARK: - What cannot be put back

    @Test func `tells who could not be cut off, and where the code is that could not be put back`()
        async throws
    {
        let server = try MariaDBServer()
        try server.sql(
            """
            CREATE TABLE held(n INT); CREATE TABLE item(n INT); INSERT INTO item VALUES (1);
            CREATE DEFINER=root@localhost TRIGGER less BEFORE INSERT ON item FOR EACH ROW SET NEW.n = NEW.n - 1;
            """
        )
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            code: []
        )
        try makeAccount(server, on: "shop%", more: "GRANT PROCESS ON *.* TO app@localhost")
        let holder = try Session(server, "shop")
        try holder.ask("BEGIN; SELECT * FROM held")
        let error = await #expect(throws: BelayError.self) {
            try await engine(server, as: "app").takeBack(place, at: Self.moment)
        }
        let message = try #require(error?.message)
        #expect(message.contains("Lock wait timeout exceeded"), "\(message)")
        #expect(message.contains("You are not owner of thread"), "\(message)")
        #expect(message.contains("its tables are live") && message.contains("'\(Self.kept)'"), "\(message)")
        #expect(message.contains("_belay_code") && !message.contains("what it held is in"), "\(message)")
        #expect(try server.sql("SELECT n FROM item") == "1\n")
        #expect(
            try server.sql("SELECT text LIKE '%TRIGGER%less%' FROM _belay_code", in: Self.kept).contains("1")
        )
        #expect(try server.sql("SELECT n FROM item", in: Self.place) == "2\n")
    }

    @Test func `is no more than refused if somebody who cannot be cut off holds what is still there`()
        async throws
    {
        let server = try MariaDBServer()
        try makeAccount(server, on: "shop%")
        try server.sql(
            """
            CREATE TABLE item(n INT); INSERT INTO item VALUES (1); CREATE TABLE used(n INT);
            CREATE DEFINER=app@localhost TRIGGER less BEFORE INSERT ON item FOR EACH ROW SET NEW.n = NEW.n - 1;
            CREATE DEFINER=app@localhost TRIGGER none BEFORE INSERT ON used FOR EACH ROW SET NEW.n = 0;
            """
        )
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            code: []
        )
        let holder = try Session(server, "shop")
        try holder.ask("BEGIN; SELECT * FROM used")
        let error = try await failure(of: try engine(server, as: "app"), place)
        let message = try #require(error?.message)
        #expect(message.hasSuffix("Lock wait timeout exceeded; try restarting transaction"), "\(message)")
        #expect(try names(server) == "shop \(Self.place)")
        #expect(try server.sql("INSERT INTO item VALUES (5); SELECT MAX(n) FROM item") == "4\n")
        #expect(try server.sql("SHOW TRIGGERS").split(separator: "\n").count == 2)
    }

    @Test func `tries code again as well that is put back where no table was moved`() async throws {
        let server = try MariaDBServer()
        try server.sql(
            """
            CREATE TABLE held(n INT); CREATE TABLE item(n INT); INSERT INTO item VALUES (1);
            CREATE TRIGGER less BEFORE INSERT ON item FOR EACH ROW SET NEW.n = NEW.n - 1;
            """
        )
        let place = try fill(
            server,
            tables: "CREATE TABLE item(n INT); INSERT INTO item VALUES (2)",
            code: []
        )
        // They use no database, so they are not cut off.
        let first = try Session(server)
        try first.ask("BEGIN; SELECT * FROM shop.held")
        let second = try Session(server)
        let engine = try engine(server)
        async let failure = failure(of: engine, place)
        try await server.wait(until: waiting(for: "RENAME"))
        try second.ask("BEGIN; SELECT * FROM shop.item")
        try await server.wait(until: waiting(for: "%TRIGGER"))
        try second.ask("USE shop")
        let error = try await failure
        let message = try #require(error?.message)
        #expect(message.contains("Lock wait timeout exceeded"), "\(message)")
        #expect(!message.contains("putting it back failed"), "\(message)")
        #expect(try names(server) == "shop \(Self.place)")
        #expect(try server.sql("INSERT INTO item VALUES (5); SELECT MAX(n) FROM item") == "4\n")
    }

    private func waiting(for statement: String) -> String {
        """
        SELECT COUNT(*) FROM information_schema.PROCESSLIST
        WHERE STATE LIKE 'Waiting for table metadata%' AND INFO LIKE '\(statement)%'
        """
    }
}

/// A connection that stays, and holds what it has got.
private final class Session: Sendable {
    private let client: RunningCommand

    init(_ server: MariaDBServer, _ database: String? = nil) throws {
        client = try RunningCommand.start(
            Command(
                "/usr/bin/mariadb",
                ["--no-defaults", "--socket=\(server.socket)", "--user=root", "--batch", "--unbuffered"]
                    + (database.map { [$0] } ?? []),
                environment: server.environment
            ),
            input: .pipe
        )
    }

    deinit { client.end() }

    /// Carries statements out, and returns when they are.
    func ask(_ statements: String) throws {
        try client.write("\(statements); SELECT 'all done';\n")
        var answer = ""
        var room = [UInt8](repeating: 0, count: 1000)
        while !answer.hasSuffix("all done\nall done\n") {
            let count = try client.read(into: &room)
            try #require(count > 0, "it ended: \(client.said)")
            answer += String(decoding: room[..<count], as: UTF8.self)
        }
    }
}

extension MariaDBServer {
    /// Waits until a question is answered with something else than no.
    fileprivate func wait(until question: String) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try sql(question, in: "mysql") == "0\n" {
            try #require(ContinuousClock.now < end, "\(question)")
            // What it waits for may need this thread.
            await Task.yield()
        }
    }
}
