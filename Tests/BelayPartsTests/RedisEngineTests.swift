import BelayCore
import BelayParts
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: RedisServer.program != nil, "needs Redis' server")) struct `A Redis database` {
    private func engine(_ server: RedisServer, _ text: String? = nil) throws -> RedisEngine {
        RedisEngine(
            name: "cache",
            connection: try #require(RedisConnection(text ?? server.address)),
            environment: server.environment,
            scratch: server.scratch.path,
            kept: "\(server.scratch.path)/kept"
        )
    }

    @Test func `is stored as its RDB stream, and counted from it`() async throws {
        let server = try RedisServer()
        try RedisSample.fill(server)
        let sink = Sink()
        let state = try await engine(server).dump(to: sink)
        let expected = try server.run("INFO keyspace").split(whereSeparator: \.isNewline).dropFirst().map {
            String($0.prefix { $0 != "," }).replacing(":keys=", with: " ")
        }
        #expect(state.tables.map { "\($0.name) \($0.rows)" } == expected && expected.count == 3)
        #expect(state.version == "7.0.15" || state.version?.contains(".") == true)
        #expect(state.checks == ["checksum": "ok"])
        let file = try #require(sink.files["cache.rdb"])
        #expect(file.starts(with: Data("REDIS".utf8)))
        // The server's own judge, and another server that loads it.
        let path = "\(server.scratch.path)/dump.rdb"
        try file.write(to: URL(fileURLWithPath: path))
        #expect(try run(["/usr/bin/redis-check-rdb", path]).contains("RDB looks OK"))
        let other = try RedisServer(["--dir", server.scratch.path])
        #expect(try other.run("DBSIZE") == "\(try server.run("DBSIZE"))")
        #expect(try other.run("LRANGE list 0 2\nFCALL f 0") == (try server.run("LRANGE list 0 2\nFCALL f 0")))
    }

    private func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `may be empty, and may do without checksums`() async throws {
        let server = try RedisServer(["--rdbchecksum", "no"])
        let state = try await engine(server).dump(to: Sink())
        #expect(state.tables.isEmpty && state.checks["checksum"] == "the server writes none")
    }

    @Test func `that cannot be reached is said to be, in the server's words`() async throws {
        let server = try RedisServer(["--requirepass", "secret"])
        for (text, words) in [
            ("unix:///nowhere", "No such file or directory"), (server.address, "NOAUTH"),
            ("unix://:wrong-word@\(server.socket)", "WRONGPASS"),
        ] {
            let error = await #expect(throws: BelayError.self) {
                try await engine(server, text).dump(to: Sink())
            }
            #expect(error?.code == .databaseUnreadable, "\(String(describing: error))")
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
            #expect(!"\(String(describing: error))".contains("wrong-word"))
        }
        let state = try await engine(server, "unix://:secret@\(server.socket)").dump(to: Sink())
        #expect(state.checks["checksum"] == "ok")
    }

    @Test func `is not stored if its stream is cut off or damaged`() async throws {
        let server = try RedisServer()
        try RedisSample.fill(server)
        for (number, (filter, words)) in [
            ("head -c 3000", "ended too early"), ("sed 's/abcdefgh/abcdefgx/'", "checksum"),
            ("sed 's/REDIS/MYSQL/'", "no RDB stream"), ("head -c 0", "ended too early"),
        ].enumerated() {
            try server.scratch.program(
                "#!/bin/sh\ncase $* in *version*) exec /usr/bin/redis-cli --version;; esac\n"
                    + "/usr/bin/redis-cli \"$@\" | \(filter)\n",
                at: "\(number)/redis-cli"
            )
            let engine = RedisEngine(
                name: "cache",
                connection: try #require(RedisConnection(server.address)),
                environment: ["PATH": "\(server.scratch.path)/\(number):/usr/bin:/bin"],
                scratch: server.scratch.path,
                kept: "\(server.scratch.path)/kept"
            )
            let error = await #expect(throws: BelayError.self, "\(filter)") {
                try await engine.dump(to: Sink())
            }
            #expect(error?.message.contains(words) == true, "\(filter): \(String(describing: error))")
        }
    }
}

@Suite struct `A Redis connection` {
    @Test(
        arguments: [
            ("", []), ("redis://", ["-h", "127.0.0.1", "-p", "6379"]),
            ("redis://ada:word@mill:6380/2", ["-h", "mill", "-p", "6380", "--user", "ada"]),
            ("rediss://mill?cacert=/ca.pem", ["-h", "mill", "-p", "6379", "--tls", "--cacert", "/ca.pem"]),
            ("unix:///run/redis.sock?db=0", ["-s", "/run/redis.sock"]),
        ] as [(String, [String])]
    )
    func `is reached as its address says`(text: String, arguments: [String]) {
        #expect(RedisConnection(text)?.arguments == arguments)
    }

    @Test(arguments: [
        "mysql://x", "host", "unix://", "redis://a:x", "redis://h/name", "rediss://h?ssl_x=1", "a b",
    ])
    func `is refused if its address is unclear`(text: String) {
        #expect(RedisConnection(text) == nil)
    }

    @Test func `gets its password by the environment alone`() throws {
        let connection = try #require(RedisConnection("redis://:s%3Acret@mill"))
        #expect(connection.environment(["A": "b"]) == ["A": "b", "REDISCLI_AUTH": "s:cret"])
        #expect(!connection.arguments.contains { $0.contains("cret") })
    }
}
