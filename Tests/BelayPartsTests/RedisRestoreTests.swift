import BelayCore
import BelayParts
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: RedisServer.program != nil, "needs Redis' server"))
struct `A Redis database that comes back` {
    private static let moment = Timestamp(seconds: 1_795_000_000)

    private func engine(_ server: RedisServer, _ text: String? = nil) throws -> RedisEngine {
        RedisEngine(
            name: "cache",
            connection: try #require(RedisConnection(text ?? server.address)),
            environment: server.environment,
            scratch: server.scratch.path,
            kept: "\(server.scratch.path)/kept"
        )
    }

    private func stored(
        _ server: RedisServer
    ) async throws -> (manifest: Manifest.Database, source: StoredPart) {
        try RedisSample.fill(server)
        let sink = Sink()
        let state = try await engine(server).dump(to: sink)
        let manifest = Manifest.Database(
            name: "cache",
            engine: "redis",
            version: state.version,
            path: "",
            tables: state.tables
        )
        return (manifest, StoredPart(sink))
    }

    /// A digest of every key, value and time of expiry in all logical databases.
    private func digest(_ server: RedisServer) throws -> String {
        try server.run("DEBUG DIGEST\nFUNCTION LIST\nSELECT 3\nDBSIZE\nSELECT 9\nDBSIZE")
    }

    @Test func `is the one that was stored, and what it replaced is kept`() async throws {
        let server = try RedisServer(["--enable-debug-command", "local"])
        let (manifest, source) = try await stored(server)
        let before = try digest(server)
        try server.run("FLUSHALL\nFUNCTION FLUSH\nSET only this\nSELECT 5\nSADD left 1 2 3")
        let changed = try digest(server)
        let engine = try engine(server)
        let staged = try await engine.stage(manifest, from: source)
        #expect(try await staged.survey().tables == manifest.tables)
        #expect(try digest(server) == changed, "nothing has changed yet")

        let kept = try #require(try await staged.swap(at: Self.moment))
        try await staged.discard()
        #expect(try digest(server) == before)
        #expect(try server.run("TTL later\nXPENDING stream readers\nFCALL f 0").contains("1"))
        #expect(try await engine.kept() == [kept])
        #expect(kept.place == "\(server.scratch.path)/kept/cache_belay_20261118_110640")
        #expect(try server.run("SET written now") == "OK\n", "writers go on")

        let second = try #require(try await engine.takeBack(kept, at: Self.moment))
        #expect(try digest(server) == changed)
        try await engine.drop(kept)
        try await engine.drop(second)
        #expect(try await engine.kept().isEmpty)
    }

    @Test func `loses no write that was acknowledged before`() async throws {
        let server = try RedisServer()
        let (manifest, source) = try await stored(server)
        let engine = try engine(server)
        let staged = try await engine.stage(manifest, from: source)
        // A writer that counts up one by one until it is cut off or the key is gone.
        let writer = Task.detached { () -> Int in
            var last = 0
            while !Task.isCancelled {
                // Cut off: it was not acknowledged.
                guard let text = try? server.run("INCR counter"), let number = Int(text.filter(\.isNumber))
                else {
                    continue
                }
                if number < last { break }
                last = number
            }
            return last
        }
        while (Int(try server.run("GET counter").filter(\.isNumber)) ?? 0) < 50 { await Task.yield() }
        let kept = try #require(try await staged.swap(at: Self.moment))
        // The new state has no counter, so the writer begins again.
        let last = await writer.value
        let copy = try RedisServer([
            "--dir", "\(server.scratch.path)/kept", "--dbfilename", "cache_belay_20261118_110640",
        ])
        #expect(kept.place.hasSuffix("cache_belay_20261118_110640"))
        #expect(try copy.run("GET counter") == "\(last)\n")
    }

    @Test func `can be tried out without the live one`() async throws {
        let server = try RedisServer()
        let (manifest, source) = try await stored(server)
        let engine = try engine(server, "unix:///nowhere")
        let found = try await engine.rehearse(manifest, from: source)
        #expect(found.tables == manifest.tables && found.version == manifest.version)
        let left = try FileManager.default.contentsOfDirectory(atPath: server.scratch.path)
        #expect(left.allSatisfy { !$0.contains("cache") }, "\(left)")
        let whole = try #require(source.contents["cache.rdb"])
        for broken in [whole.prefix(2000), whole.prefix(100) + [0xFF] + whole.dropFirst(101)] {
            let error = await #expect(throws: BelayError.self) {
                try await engine.rehearse(manifest, from: StoredPart(.holding(["cache.rdb": Data(broken)])))
            }
            #expect(error?.code == .databaseUnrestorable)
        }
    }

    @Test func `is refused by a server that must not be given it, which stays as it was`() async throws {
        let source = try RedisServer()
        let (manifest, stored) = try await stored(source)
        for (settings, words) in [
            (["--replicaof", "127.0.0.1", "1"], "is a replica"),
            (["--databases", "4"], "no logical database 9"),
        ] {
            let server = try RedisServer(settings)
            let error = await #expect(throws: BelayError.self) {
                try await engine(server).stage(manifest, from: stored)
            }
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
        // One without the memory for it refuses it when it is queued.
        let small = try RedisServer()
        try small.run("SET only this")
        let used = try #require(
            try small.run("INFO memory").split(whereSeparator: \.isNewline).first {
                $0.hasPrefix("used_memory:")
            }
        )
        try small.run("CONFIG SET maxmemory \((Int(used.dropFirst(12)) ?? 0) + 200_000)")
        let staged = try await engine(small).stage(manifest, from: stored)
        let error = await #expect(throws: BelayError.self) { try await staged.swap(at: Self.moment) }
        #expect(error?.message.contains("OOM") == true, "\(String(describing: error))")
        #expect(try small.run("GET only\nDBSIZE") == "this\n1\n")
        #expect(try await engine(small).kept().isEmpty)
    }
}
