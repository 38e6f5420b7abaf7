import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: MariaDBServer.program != nil, "needs MariaDB's server")) struct `A MariaDB database` {
    private func engine(_ server: MariaDBServer, _ text: String? = nil) throws -> MariaDBEngine {
        MariaDBEngine(
            name: "shop",
            connection: try #require(MariaDBConnection(text ?? server.address)),
            environment: server.environment,
            scratch: server.scratch.path
        )
    }

    @Test func `is dumped as it was at one moment, and counted from the dump`() async throws {
        let server = try MariaDBServer()
        try MariaDBSample.fill(server)
        let sink = Sink()
        let state = try await engine(server).dump(to: sink)
        #expect(
            state.tables.map { "\($0.name) \($0.rows)" } == [
                "empty 0", "item 5000", "log 0", "odd `na VALUES (me 1", "part 2",
            ]
        )
        #expect(state.tables.allSatisfy { $0.digest != nil })
        #expect(state.version?.hasPrefix("1") == true && state.checks["consistency"] == "one transaction")
        let schema = try #require(state.schema)
        for words in [
            "CREATE TABLE `item`", "CREATE TRIGGER shop.noted", "CREATE PROCEDURE `many`",
            "CREATE EVENT `nightly`",
            "CREATE VIEW `a_cheap`",
        ] {
            #expect(schema.contains("\n\(words)") || schema.hasPrefix(words), "\(words) in:\n\(schema)")
        }
        #expect(!schema.contains("AUTO_INCREMENT=") && !schema.contains("DEFINER"), "\(schema)")
        let dump = try #require(sink.files["shop.sql"])
        #expect(!String(decoding: dump, as: UTF8.self).contains("CREATE DATABASE"))
        let again = Sink()
        #expect(try await engine(server).dump(to: again) == state)
        #expect(again.files["shop.sql"] == dump, "two dumps of one state are the same")

        // The dump alone, by hand, in another database; but for a trigger whose text names the first one.
        try server.sql("DROP TRIGGER noted; DROP DATABASE IF EXISTS copy; CREATE DATABASE copy")
        let plain = Sink()
        let before = try await engine(server).dump(to: plain)
        try server.sql(
            String(decoding: try #require(plain.files["shop.sql"]), as: UTF8.self),
            in: "copy"
        )
        let copy = try await engine(server, server.address.replacing("/shop?", with: "/copy?")).dump(
            to: Sink()
        )
        #expect(copy.tables == before.tables && copy.schema == before.schema)
    }

    @Test func `has another digest for each table that was written to`() async throws {
        let server = try MariaDBServer()
        try server.sql("CREATE TABLE a(n INT, t TEXT); CREATE TABLE b(n INT); INSERT INTO a VALUES (1, 'x')")
        let before = try await engine(server).dump(to: Sink()).tables
        try server.sql("UPDATE a SET t = 'y'")
        let after = try await engine(server).dump(to: Sink()).tables
        #expect(before[0].digest != after[0].digest && before[1] == after[1] && after[0].rows == 1)
    }

    @Test func `tells which tables a transaction does not hold still`() async throws {
        let server = try MariaDBServer()
        try server.sql(
            """
            CREATE TABLE good(n INT); CREATE TABLE bad(n INT) ENGINE=MyISAM;
            CREATE TABLE past(n INT) WITH SYSTEM VERSIONING;
            """
        )
        let checks = try await engine(server).dump(to: Sink()).checks
        #expect(checks["consistency"]?.contains("later moment than the rest: bad (MyISAM)") == true)
        #expect(checks["consistency"]?.contains("without the history of past") == true)
    }

    @Test func `that cannot be reached is said to be, in the server's words`() async throws {
        let server = try MariaDBServer()
        try server.sql("CREATE USER ada IDENTIFIED BY 'secret'; CREATE TABLE t(n INT)")
        for (text, words) in [
            ("mysql://root:@/none?socket=\(server.socket)", "Unknown database 'none'"),
            ("mysql://root:@/shop?socket=/nowhere", "Can't connect to local server"),
            ("mysql://ada:wrong-word@/shop?socket=\(server.socket)", "Access denied for user 'ada'"),
            ("mysql://ada:secret@/shop?socket=\(server.socket)", "Access denied for user 'ada'"),
            ("mysql://root:@/?socket=\(server.socket)", "names no database"),
        ] {
            let sink = Sink()
            let error = await #expect(throws: BelayError.self) {
                try await engine(server, text).dump(to: sink)
            }
            #expect(error?.code == .databaseUnreadable, "\(String(describing: error))")
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            #expect(!"\(String(describing: error))".contains("wrong-word"))
        }
    }

    @Test func `is not stored when its dump breaks off`() async throws {
        let server = try MariaDBServer()
        try server.sql("CREATE TABLE t(n INT); INSERT INTO t VALUES (1)")
        // A program that ends well, but too early.
        let folder = "\(server.scratch.path)/bin"
        try server.scratch.program(
            "#!/bin/sh\n/usr/bin/mariadb-dump \"$@\" | head -n 40\n",
            at: "bin/mariadb-dump"
        )
        let engine = MariaDBEngine(
            name: "shop",
            connection: try #require(MariaDBConnection(server.address)),
            environment: ["PATH": "\(folder):/usr/bin:/bin"],
            scratch: server.scratch.path
        )
        let error = await #expect(throws: BelayError.self) { try await engine.dump(to: Sink()) }
        #expect(error?.message.contains("ended before its last line") == true, "\(String(describing: error))")
    }
}
