import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: PostgresServer.folder != nil, "needs PostgreSQL's server")) struct `A PostgreSQL database`
{
    private func engine(_ server: PostgresServer, _ text: String = "") throws -> PostgresEngine {
        PostgresEngine(
            name: "shop",
            connection: try #require(PostgresConnection(text)),
            environment: server.environment,
            scratch: "\(server.scratch.path)/scratch"
        )
    }

    @Test func `is dumped as it was at one moment, and counted`() async throws {
        let server = try PostgresServer()
        try server.sql(
            """
            CREATE TABLE item(id serial PRIMARY KEY, tags text[], extra jsonb, n int GENERATED ALWAYS AS (1) STORED);
            INSERT INTO item(tags, extra) SELECT ARRAY['a', g::text], '{"k": 1}' FROM generate_series(1, 5000) g;
            CREATE TABLE "Odd ""Name"(x int); CREATE TABLE event(at date) PARTITION BY RANGE (at);
            CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
            INSERT INTO event VALUES ('2026-11-21'); CREATE VIEW cheap AS SELECT * FROM item WHERE id < 10;
            """
        )
        let sink = Sink()
        let state = try await engine(server).dump(to: sink)
        #expect(
            state.tables == [
                Manifest.Table(name: "public.\"Odd \"\"Name\"", rows: 0),
                Manifest.Table(name: "public.event_2026", rows: 1),
                Manifest.Table(name: "public.item", rows: 5000),
            ]
        )
        let dump = "\(server.scratch.path)/shop.pgdump"
        try #require(sink.files["shop.pgdump"]).write(to: URL(fileURLWithPath: dump))
        try server.sql("CREATE DATABASE copy", in: "postgres")
        _ = try Command(
            "\(PostgresServer.folder ?? "")/pg_restore",
            ["--dbname=copy", "--exit-on-error", dump],
            environment: server.environment
        ).checked(limit: 1 << 20)
        #expect(
            try server.sql("SELECT sum(id), count(DISTINCT tags) FROM item", in: "copy") == "12502500|5000\n"
        )
        #expect(try server.sql("SELECT count(*) FROM cheap", in: "copy") == "9\n")
    }

    @Test func `has another fingerprint after each commit, and the same one otherwise`() async throws {
        let server = try PostgresServer()
        try server.sql("CREATE TABLE a(n int)")
        let engine = try engine(server)
        var seen: Set<String> = []
        for number in 0..<5 {
            let fingerprint = try #require(try await engine.fingerprint())
            #expect(seen.insert(fingerprint).inserted, "commit \(number)")
            try server.sql("SELECT count(*) FROM a")
            #expect(try await engine.dump(to: Sink()).fingerprint == fingerprint)
            #expect(try await engine.fingerprint() == fingerprint)
            try server.sql("INSERT INTO a VALUES (1)")
        }
        try server.sql("CREATE UNLOGGED TABLE b(n int)")
        #expect(try await engine.fingerprint() == nil, "a crash would empty it without a trace")
    }

    @Test func `tells the same without a dump, its definitions too`() async throws {
        let server = try PostgresServer()
        try server.sql("CREATE TABLE item(id serial PRIMARY KEY); INSERT INTO item DEFAULT VALUES")
        let engine = try engine(server)
        let dumped = try await engine.dump(to: Sink())
        #expect(try await engine.survey() == dumped)
        let schema = try #require(dumped.schema)
        #expect(schema.contains("CREATE TABLE public.item (") && !schema.contains("restrict "), "\(schema)")
        try server.sql("INSERT INTO item DEFAULT VALUES; CREATE VIEW few AS SELECT 1 AS n")
        let later = try await engine.survey()
        #expect(later.tables == [Manifest.Table(name: "public.item", rows: 2)])
        #expect(SchemaObjects.difference(schema, later.schema ?? "") == "view public.few added")
    }

    @Test func `that cannot be reached is said to be, in the server's words`() async throws {
        let server = try PostgresServer()
        for text in ["dbname=none", "host=/nowhere dbname=shop"] {
            let error = await #expect(throws: BelayError.self) {
                try await engine(server, text).dump(to: Sink())
            }
            #expect(error?.code == .databaseUnreadable, "\(String(describing: error))")
            let words = text.hasPrefix("dbname") ? "\"none\" does not exist" : "No such file or directory"
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }
}
