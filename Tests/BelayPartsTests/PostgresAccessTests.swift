import BelayCore
import BelayParts
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: PostgresServer.folder != nil, "needs PostgreSQL's server"))
struct `A PostgreSQL server that wants TLS and a password` {
    private let server: PostgresServer
    private let home: Scratch
    private var certificate: String { "\(home.path)/server.crt" }

    init() throws {
        let home = try Scratch()
        server = try PostgresServer(settings: "-c ssl=on", listens: true) { data in
            let key = ["-keyout", "\(data)/server.key", "-out", "\(home.path)/server.crt"]
            let name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
            _ = try Command(
                "/usr/bin/openssl",
                ["req", "-x509", "-newkey", "rsa:2048", "-nodes"] + name + key,
                environment: [:]
            ).checked(limit: 1 << 20)
            let copy = "cp \(home.path)/server.crt \(data) && chmod 600 \(data)/server.key"
            let own = geteuid() == 0 ? " && chown postgres \(data)/server.*" : ""
            _ = try Command.shell(copy + own, environment: ["PATH": "/usr/bin:/bin"]).checked(limit: 1)
            let access = "local all postgres trust\nhostssl all ada 127.0.0.1/32 scram-sha-256\n"
            try access.write(toFile: "\(data)/pg_hba.conf", atomically: true, encoding: .utf8)
        }
        self.home = home
        try server.sql("CREATE ROLE ada SUPERUSER LOGIN PASSWORD 'hunter2'", in: "postgres")
        try server.sql("CREATE TABLE t(n int); INSERT INTO t VALUES (1)")
        let word = "localhost:\(server.port):*:ada:hunter2\n"
        for name in [".pgpass", "elsewhere"] {
            try home.write(word, to: name)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: "\(home.path)/\(name)"
            )
        }
        try home.write(
            """
            [prod]
            host=localhost
            port=\(server.port)
            user=ada
            dbname=shop
            sslmode=verify-full
            sslrootcert=\(certificate)

            """,
            to: ".pg_service.conf"
        )
    }

    private func engine(_ address: String, _ added: [String: String] = [:]) throws -> PostgresEngine {
        PostgresEngine(
            name: "main",
            connection: try #require(PostgresConnection(address)),
            environment: ["PATH": "/usr/bin:/bin", "HOME": "/nowhere"].merging(added) { $1 },
            scratch: "\(home.path)/belay"
        )
    }

    @Test(arguments: ["address", "password file", "file of the home", "service", "service of the home"])
    func `is dumped and brought back, whatever names it`(way: String) async throws {
        let place = "localhost:\(server.port)/shop?sslmode=verify-full&sslrootcert=\(certificate)"
        let services = [
            "PGSERVICEFILE": "\(home.path)/.pg_service.conf", "PGPASSFILE": "\(home.path)/elsewhere",
        ]
        let engine =
            switch way {
            case "address": try engine("postgresql://ada:hunter2@\(place)")
            case "password file":
                try engine("postgresql://ada@\(place)&passfile=\(home.path)/elsewhere")
            case "file of the home": try engine("postgresql://ada@\(place)", ["HOME": home.path])
            case "service": try engine("service=prod", services)
            default: try engine("postgresql:///?service=prod", ["HOME": home.path])
            }
        let (database, source) = try await engine.stored()
        #expect(database.tables.map(\.rows) == [1])
        try server.sql("DELETE FROM t")
        let staged = try await engine.stage(database, from: source)
        #expect(try await staged.survey().tables == database.tables)
        let kept = try #require(try await staged.swap(at: Timestamp(seconds: 1_795_000_000)))
        #expect(try server.sql("SELECT n FROM t") == "1\n")
        #expect(try server.sql("SELECT n FROM t", in: kept.place).isEmpty)
        try await engine.drop(kept)
    }

    @Test func `is not spoken to if it cannot prove who it is, and the password is not told`() async throws {
        let place = "ada:hunter2@localhost:\(server.port)/shop?sslmode=verify-full"
        for (address, words) in [
            ("postgresql://\(place)&sslrootcert=\(home.path)/none.crt", "none.crt"),
            (
                "postgresql://\(place)".replacing("localhost", with: "127.0.0.1")
                    + "&sslrootcert=\(certificate)",
                "does not match host name"
            ),
            ("postgresql://\(place)".replacing("verify-full", with: "disable"), "no pg_hba.conf entry"),
        ] {
            let error = await #expect(throws: BelayError.self) { try await engine(address).dump(to: Sink()) }
            #expect(
                error?.code == .databaseUnreadable && error?.message.contains(words) == true,
                "\(error as Any)"
            )
            #expect(error.map { "\($0)" }?.contains("hunter2") == false)
        }
    }
}

extension PostgresEngine {
    /// What a snapshot would hold of it.
    fileprivate func stored() async throws -> (Manifest.Database, StoredPart) {
        let sink = Sink()
        let state = try await dump(to: sink)
        let database = Manifest.Database(
            name: name,
            engine: kind,
            version: state.version,
            path: ".belay/databases/\(name).pgdump",
            tables: state.tables
        )
        return (database, StoredPart(sink))
    }
}

/// Programs of a version newer than those in PostgreSQL's usual places, which are found by the search path alone.
private let newer = ProcessInfo.processInfo.environment["BELAY_TEST_POSTGRES_NEWER"]

@Suite(
    .enabled(
        if: newer != nil && PostgresServer.folder != nil,
        "set BELAY_TEST_POSTGRES_NEWER to a folder of programs"
    )
)
struct `A PostgreSQL server that is newer than programs that are installed` {
    private func engine(_ server: PostgresServer, _ added: String) throws -> PostgresEngine {
        PostgresEngine(
            name: "main",
            connection: try #require(PostgresConnection("dbname=shop")),
            environment: server.environment.merging(["PATH": "\(added)/usr/bin:/bin"]) { $1 },
            scratch: "\(server.scratch.path)/belay"
        )
    }

    @Test func `is dumped, tried out and brought back by programs of its own version alone`() async throws {
        let folder = try #require(newer)
        let server = try PostgresServer(programs: folder)
        try server.sql("CREATE TABLE t(n int); INSERT INTO t VALUES (1)")
        let (old, new) = (try engine(server, ""), try engine(server, "\(folder):"))
        let refused = await #expect(throws: BelayError.self) { try await old.dump(to: Sink()) }
        #expect(refused?.message.contains("cannot dump a server of version") == true, "\(refused as Any)")

        let (database, source) = try await new.stored()
        #expect(
            DatabaseComparison.differences(
                database.tables,
                try await new.rehearse(database, from: source).tables
            ).isEmpty
        )
        let untried = await #expect(throws: BelayError.self) {
            try await old.rehearse(database, from: source)
        }
        #expect(untried?.code == .databaseProgramsMissing)
        let unread = await #expect(throws: BelayError.self) { try await old.stage(database, from: source) }
        #expect(unread?.message.contains("a newer pg_dump") == true, "\(unread as Any)")

        try server.sql("DELETE FROM t")
        let staged = try await new.stage(database, from: source)
        _ = try await staged.swap(at: Timestamp(seconds: 1_795_000_000))
        #expect(try server.sql("SELECT n FROM t") == "1\n")
    }

    @Test func `takes dumps of older ones, and gives none to them`() async throws {
        let folder = try #require(newer)
        let (server, older) = (try PostgresServer(programs: folder), try PostgresServer())
        for server in [server, older] { try server.sql("CREATE TABLE t(n int); INSERT INTO t VALUES (1)") }
        let new = try engine(server, "\(folder):")
        let (database, source) = try await engine(older, "").stored()
        _ = try await new.stage(database, from: source).swap(at: Timestamp(seconds: 1_795_000_000))
        #expect(try server.sql("SELECT n FROM t") == "1\n")

        let (later, laterSource) = try await new.stored()
        let error = await #expect(throws: BelayError.self) {
            try await engine(older, "\(folder):").stage(later, from: laterSource)
        }
        #expect(error?.message.contains("an older server") == true, "\(error as Any)")
        #expect(try older.sql("SELECT count(*) FROM pg_database WHERE datname LIKE '%belay%'") == "0\n")
    }
}
