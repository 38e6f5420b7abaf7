import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: PostgresServer.folder != nil, "needs PostgreSQL's server"))
struct `A PostgreSQL database that is brought back` {
    private let moment = Timestamp(seconds: 1_795_000_000)

    private func engine(_ server: PostgresServer) throws -> PostgresEngine {
        PostgresEngine(
            name: "main",
            connection: try #require(PostgresConnection("dbname=shop")),
            environment: server.environment,
            scratch: "\(server.scratch.path)/belay"
        )
    }

    private func store(_ server: PostgresServer) async throws -> (Manifest.Database, StoredPart) {
        let sink = Sink()
        let state = try await engine(server).dump(to: sink)
        let database = Manifest.Database(
            name: "main",
            engine: "postgres",
            version: state.version,
            path: ".belay/databases/main.pgdump",
            tables: state.tables
        )
        return (database, StoredPart(sink))
    }

    /// All that a dump tells of a database, but its name and the random key of the script.
    private func script(_ server: PostgresServer, _ database: String) throws -> String {
        let text = try Command(
            "\(PostgresServer.folder ?? "")/pg_dump",
            ["--create", database],
            environment: server.environment
        ).checked(limit: 64 << 20)
        return text.split(separator: "\n").filter { !$0.contains("restrict ") && !$0.contains("connect ") }
            .joined(separator: "\n").replacing(database, with: "NAME")
    }

    /// Every kind of object that a dump carries.
    private static let sample = """
        CREATE ROLE seller; CREATE ROLE "odd reader";
        SET client_min_messages TO warning;
        CREATE SCHEMA stock; COMMENT ON SCHEMA stock IS 'what there is; and "more"';
        CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TYPE pair AS (a int, b text); CREATE SEQUENCE counter START 40 INCREMENT 2;
        CREATE TABLE stock.item(id serial PRIMARY KEY, name text NOT NULL COLLATE "C", tags text[], extra jsonb,
          price numeric(10, 2) CHECK (price >= 0), double_price numeric GENERATED ALWAYS AS (price * 2) STORED,
          m mood DEFAULT 'ok', p pair, n positive, photo bytea, at timestamptz);
        INSERT INTO stock.item(name, tags, extra, price, m, p, n, photo, at)
          SELECT 'item ' || g, ARRAY['a', NULL, g::text], jsonb_build_object('k', g), g / 7.0, 'happy', ROW(g, 'x')::pair, g,
          decode(md5(g::text), 'hex'), '2026-01-01'::timestamptz + g * interval '1 second' FROM generate_series(1, 3000) g;
        CREATE INDEX by_tag ON stock.item USING gin (tags); CREATE UNIQUE INDEX lower_name ON stock.item (lower(name));
        CREATE TABLE event(at date NOT NULL, item int REFERENCES stock.item, note text) PARTITION BY RANGE (at);
        CREATE TABLE event_old PARTITION OF event FOR VALUES FROM ('2000-01-01') TO ('2026-01-01');
        CREATE TABLE event_new PARTITION OF event DEFAULT;
        INSERT INTO event VALUES ('2020-05-05', 1, E'tab\\tnew\\nline'), ('2026-05-05', 2, NULL);
        CREATE VIEW cheap AS SELECT * FROM stock.item WHERE price < 10;
        CREATE MATERIALIZED VIEW total AS SELECT sum(price) AS sum FROM stock.item;
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'x;'; RETURN NEW; END $$;
        CREATE TRIGGER on_event BEFORE INSERT ON event_new FOR EACH ROW EXECUTE FUNCTION touch();
        CREATE RULE quiet AS ON DELETE TO cheap DO INSTEAD NOTHING;
        ALTER TABLE stock.item ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON stock.item USING (price < 5);
        SELECT nextval('counter'); SELECT lo_from_bytea(4711, 'large object');
        GRANT SELECT ON stock.item TO "odd reader"; ALTER TABLE event OWNER TO seller;
        COMMENT ON TABLE event IS 'it''s a comment';
        COMMENT ON DATABASE shop IS 'first;
        ALTER DATABASE shop is text'; ALTER DATABASE shop SET work_mem TO '12MB'; ALTER DATABASE shop CONNECTION LIMIT 30;
        GRANT CONNECT ON DATABASE shop TO "odd reader"; ALTER ROLE seller IN DATABASE shop SET search_path TO stock;
        ALTER DATABASE shop SET default_transaction_read_only TO off;
        """

    @Test func `is as it was to the last object, and what it replaced can be taken back`() async throws {
        let server = try PostgresServer()
        try server.sql(Self.sample)
        let before = try script(server, "shop")
        let (database, source) = try await store(server)
        try server.sql("DROP TABLE event; DELETE FROM stock.item WHERE id > 10; CREATE TABLE wrong(a int)")
        let broken = try script(server, "shop")

        let engine = try engine(server)
        let staged = try await engine.stage(database, from: source)
        let found = try await staged.survey()
        #expect(DatabaseComparison.differences(database.tables, found.tables).isEmpty)
        #expect(found.checks == ["indexes": "ok"])
        #expect(try script(server, "shop") == broken, "nothing has changed yet")
        let kept = try #require(try await staged.swap(at: moment))
        #expect(try script(server, "shop") == before)
        #expect(kept.place == "shop_belay_20261118_110640")
        #expect(try await engine.kept() == [kept])

        let second = try #require(try await engine.takeBack(kept, at: moment))
        #expect(try script(server, "shop") == broken)
        #expect(try await engine.kept() == [second] && second.replaced == moment.seconds + 1)
        try await engine.drop(second)
        #expect(try await engine.kept().isEmpty)
        await #expect(throws: BelayError.self) {
            try await engine.drop(
                KeptDatabase(name: "main", engine: "postgres", place: "postgres", replaced: 0)
            )
        }
    }

    @Test func `loses no write that was acknowledged, and is away for a moment only`() async throws {
        let server = try PostgresServer()
        try server.sql("CREATE TABLE t(n int)")
        let (database, source) = try await store(server)
        let writing = Task.detached(executorPreference: BlockingPool(width: 1)) {
            var acknowledged: [Int] = []
            var number = 0
            var (longest, last) = (Duration.zero, ContinuousClock.now)
            while !Task.isCancelled {
                number += 1
                // Who is cut off, and comes while names change, tries again.
                guard (try? server.sql("INSERT INTO t VALUES (\(number))")) != nil else { continue }
                acknowledged.append(number)
                longest = max(longest, ContinuousClock.now - last)
                last = .now
            }
            return (acknowledged, longest)
        }
        let engine = try engine(server)
        for round in 0..<3 {
            let staged = try await engine.stage(database, from: source)
            _ = try await staged.swap(at: moment.adding(TimeSpan(seconds: Int64(round))))
        }
        writing.cancel()
        let (acknowledged, longest) = await writing.value
        var seen: Set<Int> = []
        for name in try await engine.kept().map(\.place) + ["shop"] {
            let rows = try server.sql("SELECT n FROM t", in: name)
            seen.formUnion(rows.split(separator: "\n").compactMap { Int($0) })
        }
        #expect(!acknowledged.isEmpty && seen.isSuperset(of: acknowledged))
        // Machines under test are busy; the benchmark holds it to a second.
        #expect(longest < .seconds(20), "\(longest)")
    }

    @Test func `is not begun without the roles that it needs`() async throws {
        let server = try PostgresServer()
        try server.sql("CREATE ROLE joe; CREATE TABLE t(n int); ALTER TABLE t OWNER TO joe")
        let (database, source) = try await store(server)
        try server.sql("DROP TABLE t; DROP ROLE joe")
        let error = await #expect(throws: BelayError.self) {
            try await engine(server).stage(database, from: source)
        }
        #expect(error?.code == .databaseUnrestorable && error?.message.contains("no role 'joe'") == true)
        #expect(error?.hint?.contains("CREATE ROLE \"joe\";") == true)
    }

    @Test func `is not begun without the roles that its privileges, policies and settings name`() async throws
    {
        let server = try PostgresServer()
        let roles = ["given", "giver", "late", "looker", "mapped", "odd to", "set"]
        func make() throws {
            for role in roles { try server.sql("CREATE ROLE \"\(role)\"", in: "postgres") }
        }
        try make()
        try server.sql(
            """
            CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;
            CREATE USER MAPPING FOR mapped SERVER far; CREATE USER MAPPING FOR PUBLIC SERVER far;
            CREATE TABLE t(n int, "to" text); GRANT SELECT("to"), UPDATE(n) ON t TO "odd to";
            GRANT SELECT ON t TO giver WITH GRANT OPTION; GRANT ALL ON t TO PUBLIC;
            SET SESSION AUTHORIZATION giver; GRANT SELECT ON t TO given; RESET SESSION AUTHORIZATION;
            ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO late;
            CREATE POLICY own ON t FOR SELECT TO given, looker USING ("to" <> 'TO nobody');
            ALTER ROLE "set" IN DATABASE shop SET search_path TO public; ALTER DATABASE shop SET search_path TO nowhere;
            """
        )
        let (database, source) = try await store(server)
        let script = try script(server, "shop")
        try server.sql("DROP DATABASE shop", in: "postgres")
        for role in roles { try server.sql("DROP ROLE \"\(role)\"", in: "postgres") }
        let error = await #expect(throws: BelayError.self) {
            try await engine(server).stage(database, from: source)
        }
        let names = roles.map { "'\($0)'" }.joined(separator: ", ")
        #expect(error?.message.contains("no role \(names), which") == true, "\(error as Any)")
        #expect(error?.hint?.contains("CREATE ROLE \"odd to\"; CREATE ROLE \"set\";") == true)
        try make()
        _ = try await engine(server).stage(database, from: source).swap(at: moment)
        #expect(try self.script(server, "shop") == script)
    }

    @Test func `leaves nothing behind where it cannot be loaded`() async throws {
        let server = try PostgresServer()
        try server.sql("CREATE TABLE t(n int PRIMARY KEY); INSERT INTO t VALUES (1)")
        var (database, source) = try await store(server)
        source.contents["main.pgdump"]?.removeLast(300)
        let engine = try engine(server)
        await #expect(throws: BelayError.self) { try await engine.stage(database, from: source) }
        source.contents["main.pgdump"] = Data("no dump".utf8)
        database.name = "main"
        await #expect(throws: BelayError.self) { try await engine.stage(database, from: source) }
        #expect(try server.sql("SELECT count(*) FROM pg_database WHERE datname LIKE '%belay%'") == "0\n")
        #expect(try server.sql("SELECT n FROM t") == "1\n")
    }

    @Test func `comes where there is none`() async throws {
        let server = try PostgresServer()
        try server.sql("CREATE TABLE t(n int); INSERT INTO t VALUES (1)")
        let (database, source) = try await store(server)
        try server.sql("DROP DATABASE shop", in: "postgres")
        let staged = try await engine(server).stage(database, from: source)
        #expect(try await staged.swap(at: moment) == nil)
        #expect(try server.sql("SELECT n FROM t") == "1\n")
    }

    @Test func `is tried out on a server of its own`() async throws {
        let server = try PostgresServer()
        try server.sql(Self.sample)
        var (database, source) = try await store(server)
        let engine = PostgresEngine(
            name: "main",
            connection: try #require(PostgresConnection("")),
            environment: ["PATH": "/usr/bin:/bin", "PGHOST": "/nowhere"],
            scratch: "\(server.scratch.path)/belay"
        )
        let state = try await engine.rehearse(database, from: source)
        #expect(DatabaseComparison.differences(database.tables, state.tables).isEmpty)
        #expect(state.tables.contains(Manifest.Table(name: "stock.item", rows: 3000)))
        database.version = "99.0"
        let error = await #expect(throws: BelayError.self) {
            try await engine.rehearse(database, from: source)
        }
        #expect(error?.code == .databaseProgramsMissing)
    }
}
