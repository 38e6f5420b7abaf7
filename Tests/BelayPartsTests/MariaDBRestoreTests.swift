import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: MariaDBServer.program != nil, "needs MariaDB's server"))
struct `A MariaDB database that comes back` {
    private static let moment = Timestamp(seconds: 1_795_000_000)

    private func engine(_ server: MariaDBServer, _ text: String? = nil) throws -> MariaDBEngine {
        MariaDBEngine(
            name: "shop",
            connection: try #require(MariaDBConnection(text ?? server.address)),
            environment: server.environment,
            scratch: server.scratch.path
        )
    }

    /// A server with everything in it, and a dump of that.
    private func stored(
        _ server: MariaDBServer
    ) async throws -> (
        manifest: Manifest.Database, source: StoredPart, state: DatabaseState
    ) {
        try MariaDBSample.fill(server)
        let sink = Sink()
        let state = try await engine(server).dump(to: sink)
        let manifest = Manifest.Database(
            name: "shop",
            engine: "mariadb",
            version: state.version,
            path: "",
            tables: state.tables,
            checks: state.checks
        )
        return (manifest, StoredPart(sink), state)
    }

    /// What a dump tells, but for what runs by itself.
    private func state(_ server: MariaDBServer) async throws -> DatabaseState {
        try await engine(server).dump(to: Sink())
    }

    @Test func `is the one that was stored, with all that it does by itself, and what it replaced is kept`()
        async throws
    {
        let server = try MariaDBServer()
        let (manifest, source, before) = try await stored(server)
        let engine = try engine(server)
        try server.sql(
            """
            DELETE FROM part; DROP TABLE empty; DROP VIEW with_function; DROP VIEW a_cheap; DROP VIEW b_some;
            CREATE TABLE a_cheap(n INT); CREATE VIEW empty AS SELECT 1 AS n; CREATE TABLE newer(n INT PRIMARY KEY);
            CREATE TABLE newest(n INT, FOREIGN KEY (n) REFERENCES newer(n)); INSERT INTO newer VALUES (1);
            CREATE TRIGGER also BEFORE INSERT ON newer FOR EACH ROW SET NEW.n = NEW.n + 1;
            DROP PROCEDURE many; CREATE PROCEDURE other() SELECT 1;
            """
        )
        let changed = try await state(server)
        let staged = try await engine.stage(manifest, from: source)
        #expect(try await state(server) == changed, "nothing has changed yet")
        #expect(try await staged.survey().tables == before.tables)

        let kept = try #require(try await staged.swap(at: Self.moment))
        try await staged.discard()
        #expect(try await state(server) == before)
        #expect(kept.place == "shop_belay_20261118_110640" && kept.replaced == Self.moment.seconds)
        #expect(try await engine.kept() == [kept])
        #expect(try server.sql("SHOW DATABASES LIKE 'shop%'") == "shop\n\(kept.place)\n")
        // Foreign keys, triggers, functions and sequences do what they did.
        try server.sql("INSERT INTO part VALUES (9, 9)")
        #expect(try server.sql("SELECT text FROM log") == "INSERT INTO `log` VALUES (1)\n")
        #expect(try server.sql("SELECT n FROM with_function LIMIT 2") == "2\n4\n")
        #expect(try server.sql("SELECT NEXTVAL(number)") != "7\n")
        try server.sql("INSERT IGNORE INTO part VALUES (10, 12345678)")
        #expect(try server.sql("SELECT COUNT(*) FROM part WHERE id = 10") == "0\n")
        #expect(
            try server.sql(
                "SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA "
                    + "WHERE SCHEMA_NAME = 'shop'"
            ) == "utf8mb4\n"
        )

        // And back again, which is the same once more.
        let second = try #require(try await engine.takeBack(kept, at: Self.moment))
        #expect(try await state(server) == changed)
        #expect(
            second.place == "shop_belay_20261118_110641",
            "the first one's name is taken until it is gone"
        )
        try server.sql("INSERT INTO newer VALUES (5); INSERT INTO newest VALUES (6)")
        try await engine.drop(second)
        #expect(try server.sql("SHOW DATABASES LIKE 'shop%'") == "shop\n")
    }

    @Test func `may have been dropped whole`() async throws {
        let server = try MariaDBServer()
        let (manifest, source, before) = try await stored(server)
        try server.sql("DROP DATABASE shop", in: "mysql")
        let engine = try engine(server)
        #expect(try await !engine.isThere())
        let staged = try await engine.stage(manifest, from: source)
        #expect(try await staged.swap(at: Self.moment) == nil)
        try await staged.discard()
        #expect(try await engine.isThere())
        #expect(try await state(server) == before)
    }

    @Test func `removes what dead runs have staged, and nothing of living ones`() async throws {
        let server = try MariaDBServer()
        let (manifest, source, _) = try await stored(server)
        let engine = try engine(server)
        try server.sql("CREATE DATABASE shop_belay_new_dead; CREATE TABLE shop_belay_new_dead.t(n INT)")
        let first = try await engine.stage(manifest, from: source)
        let second = try await engine.stage(manifest, from: source)
        let names = try server.sql("SHOW DATABASES LIKE 'shop\\\\_belay%'").split(separator: "\n")
        #expect(names.count == 2 && !names.contains("shop_belay_new_dead"), "\(names)")
        _ = try await first.swap(at: Self.moment)
        try await first.discard()
        try await second.discard()
        #expect(try server.sql("SHOW DATABASES").contains("_new_") == false)
    }

    @Test func `can be tried out without the live one`() async throws {
        let server = try MariaDBServer()
        let (manifest, source, before) = try await stored(server)
        // A server removes what looks like this when it starts.
        let table = "#sql-temptable-1-2-3.MAI"
        try server.scratch.write("of another server", to: table)
        let engine = MariaDBEngine(
            name: "shop",
            connection: try #require(MariaDBConnection("mysql://root:@/shop?socket=/nowhere")),
            environment: server.environment.merging(["TMPDIR": server.scratch.path]) { $1 },
            scratch: server.scratch.path
        )
        let found = try await engine.rehearse(manifest, from: source)
        #expect(found.tables == before.tables && found.schema == before.schema)
        #expect(found.checks == before.checks)
        let left = try FileManager.default.contentsOfDirectory(atPath: server.scratch.path)
        #expect(left.contains(table) && left.allSatisfy { !$0.contains("shop") }, "\(left)")
        let broken = Sink.holding([
            "shop.sql": Data("-- \n-- Host: localhost    Database: shop\nCREATE TABLE broken(;\n".utf8)
        ])
        let error = await #expect(throws: BelayError.self) {
            try await engine.rehearse(manifest, from: StoredPart(broken))
        }
        #expect(error?.code == .databaseUnrestorable, "\(String(describing: error))")
    }

    @Test func `is not begun with a dump that is not whole`() async throws {
        let server = try MariaDBServer()
        let (manifest, source, before) = try await stored(server)
        let whole = try #require(source.contents["shop.sql"])
        for end in [whole.count / 3, whole.count - 30] {
            let error = await #expect(throws: BelayError.self) {
                try await engine(server).stage(
                    manifest,
                    from: StoredPart(.holding(["shop.sql": whole.prefix(end)]))
                )
            }
            #expect(error?.code == .databaseUnrestorable)
        }
        #expect(try server.sql("SHOW DATABASES LIKE 'shop%'") == "shop\n")
        #expect(try await state(server) == before)
    }

    @Test func `leaves all as it was if its code cannot be made`() async throws {
        let server = try MariaDBServer()
        let (manifest, source, _) = try await stored(server)
        try server.sql("DELETE FROM part; CREATE TABLE newer(n INT)")
        let present = try await state(server)
        let text = String(decoding: try #require(source.contents["shop.sql"]), as: UTF8.self)
        let broken = text.replacing("RETURN n * 2", with: "RETURN n * * 2")
        #expect(broken != text)
        let staged = try await engine(server).stage(
            manifest,
            from: StoredPart(.holding(["shop.sql": Data(broken.utf8)]))
        )
        let error = await #expect(throws: BelayError.self) { try await staged.swap(at: Self.moment) }
        #expect(error?.message.contains("SQL syntax") == true, "\(String(describing: error))")
        #expect(try await state(server) == present)
        try await staged.discard()
        #expect(try server.sql("SHOW DATABASES LIKE 'shop%'") == "shop\n")
    }

    @Test func `takes its place although somebody holds a table`() async throws {
        let server = try MariaDBServer()
        let (manifest, source, before) = try await stored(server)
        let staged = try await engine(server).stage(manifest, from: source)
        // A transaction that is never ended.
        let holder = try RunningCommand.start(
            Command(
                "/usr/bin/mariadb",
                [
                    "--no-defaults", "--socket=\(server.socket)", "--user=root", "--batch", "--unbuffered",
                    "shop",
                ],
                environment: server.environment
            ),
            input: .pipe
        )
        try holder.write("BEGIN; INSERT INTO part VALUES (77, NULL); SELECT 'held';\n")
        var room = [UInt8](repeating: 0, count: 100)
        _ = try holder.read(into: &room)
        _ = try await staged.swap(at: Self.moment)
        #expect(try await state(server) == before)
        holder.end()
    }

    @Test func `is refused if tables of another database refer to it`() async throws {
        let server = try MariaDBServer()
        let (manifest, source, before) = try await stored(server)
        try server.sql(
            "CREATE DATABASE other; CREATE TABLE other.x(n INT, FOREIGN KEY (n) REFERENCES shop.item(id))"
        )
        let staged = try await engine(server).stage(manifest, from: source)
        let error = await #expect(throws: BelayError.self) { try await staged.swap(at: Self.moment) }
        #expect(error?.message.contains("other.x") == true, "\(String(describing: error))")
        #expect(try await state(server) == before)
    }

    @Test func `never drops what is no kept state`() async throws {
        let server = try MariaDBServer()
        try server.sql("CREATE DATABASE shop_belay_mine")
        let engine = try engine(server)
        #expect(try await engine.kept().isEmpty)
        for place in ["shop", "shop_belay_mine", "mysql"] {
            await #expect(throws: BelayError.self) {
                try await engine.drop(
                    KeptDatabase(name: "shop", engine: "mariadb", place: place, replaced: 0)
                )
            }
        }
        #expect(try server.sql("SHOW DATABASES LIKE 'shop%'") == "shop\nshop_belay_mine\n")
    }
}
