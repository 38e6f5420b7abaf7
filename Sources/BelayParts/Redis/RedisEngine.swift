import BelayCore
import BelaySystem

/// A Redis server, whole, as the RDB stream that it gives a replica.
///
/// The server forks for it, so the state is that of one moment and nobody waits. Keys are counted in the stream itself
/// while it passes, and its checksum is checked. There is no fingerprint: the server counts changes since it last
/// saved, but not what it expires or evicts.
package struct RedisEngine: DatabaseEngine {
    package let kind = "redis"

    package let name: String
    let connection: RedisConnection
    let environment: [String: String]
    let scratch: String
    let keptFolder: KeptFolder

    /// The server `name`; `environment` is the one that redis-cli starts from.
    ///
    /// In `scratch` it may make folders for a while, in `kept` states stay that were replaced.
    package init(
        name: String,
        connection: RedisConnection,
        environment: [String: String],
        scratch: String,
        kept: String
    ) {
        self.name = name
        self.connection = connection
        self.environment = environment
        self.scratch = scratch
        keptFolder = KeptFolder(kept)
    }

    package var advice: EngineAdvice {
        EngineAdvice(
            reading: "check `databases.\(name)` in belay.yaml, and that redis-cli can connect with it",
            restoring:
                "restore its stream with `belay restore SNAP --to DIR` and let a server load it as dump.rdb"
        )
    }

    package func fingerprint() async throws -> String? { nil }

    package func dump(to sink: any PartSink) async throws -> DatabaseState {
        try await reading { try await state(client(), into: sink) }
    }

    /// The program.
    ///
    /// - Throws: ``RedisFailure`` if there is none.
    func client() throws -> RedisClient {
        guard let client = RedisClient(connection, environment) else {
            throw RedisFailure("the program redis-cli is not installed (apt install redis-tools)")
        }
        return client
    }

    /// Hands the server's state over and tells what the stream holds.
    func state(_ client: RedisClient, into sink: any PartSink) async throws -> DatabaseState {
        let running = try client.streaming()
        var reader = RDBReader()
        try await withTaskCancellationHandler {
            try await sink.store("\(name).rdb", standingFor: nil) { room in
                let count = try running.fill(room)
                // What redis-cli prints after the end is a mark of its own.
                return try reader.take(UnsafeRawBufferPointer(rebasing: room[..<count]))
            }
            let ending = try running.finish()
            try Task.checkCancellation()
            guard ending.isSuccess else { throw RedisFailure(said: running.said) }
            guard reader.isComplete else { throw RedisFailure("its RDB stream ended too early") }
        } onCancel: {
            running.terminate()
        }
        return Self.state(reader)
    }

    /// What a stream that was read to its end tells.
    static func state(_ reader: RDBReader) -> DatabaseState {
        var state = DatabaseState()
        state.version = reader.server
        state.tables = reader.counts.map { Manifest.Table(name: $0.name, rows: $0.keys) }
        state.checks["checksum"] = reader.isUnchecked ? "the server writes none" : "ok"
        return state
    }
}
