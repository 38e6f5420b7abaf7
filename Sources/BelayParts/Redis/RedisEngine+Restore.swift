package import BelayCore
import BelaySystem

extension RedisEngine: RestorableEngine {
    package func rehearse(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> DatabaseState {
        try await restoring {
            try await ScratchFolder.with(in: scratch, for: stored.name) { folder in
                try await load(stored, from: source, in: folder)
            }
        }
    }

    private func load(
        _ stored: Manifest.Database,
        from source: any PartSource,
        in folder: String
    ) async throws -> DatabaseState {
        let path = try await source.place("\(stored.name).rdb", in: folder)
        var state = Self.state(try Self.read(path))
        guard let file = path.split(separator: "/").last else { return state }
        let server = try await RedisScratchServer(
            loading: String(file),
            in: folder,
            for: stored.name,
            environment
        )
        let tables = Result { try server.tables() }
        try server.stop()
        state.tables = try tables.get()
        return state
    }

    package func isThere() async throws -> Bool {
        try await restoring { try client().answer("PING") == "PONG" }
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await restoring {
            let file = "\(stored.name).rdb"
            let folder = try await ScratchFolder.filled(in: scratch, for: stored.name) { folder in
                let reader = try Self.read(try await source.place(file, in: folder))
                try RedisExchange(client: try client()).check(highest: reader.keys.keys.max() ?? 0)
                guard !reader.hasModuleData else {
                    throw RedisFailure("it holds data of a module, which only a replica can take over")
                }
            }
            return StagedRedis(engine: self, folder: folder, path: "\(folder.path)/\(file)")
        }
    }

    package func kept() async throws -> [KeptDatabase] {
        try await restoring { try keptFolder.states(of: name, self) }
    }

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        try await restoring {
            try RedisExchange(client: try client()).check(
                highest: try Self.read(kept.place).keys.keys.max() ?? 0
            )
            return try await exchange(kept.place, at: moment)
        }
    }

    package func drop(_ kept: KeptDatabase) async throws {
        try await restoring {
            guard keptFolder.holds(kept.place, of: name) else {
                throw RedisFailure("'\(kept.place)' is no kept state of it")
            }
            if Paths.exists(kept.place) { try Paths.remove(kept.place) }
        }
    }

    // MARK: - Steps

    /// Makes the server hold what a file holds, and keeps what it held as another file.
    func exchange(_ path: String, at moment: Timestamp) async throws -> KeptDatabase {
        let (place, moment) = try keptFolder.place(for: name, at: moment)
        let client = try client()
        do {
            try await RedisExchange(client: client).run(path, keepingAt: place) {
                try keep(client, at: place)
            }
        } catch let error as RedisFailure where error.message.contains(place) {
            // It is all that is left of what the server held.
            throw error
        } catch {
            if Paths.exists(place) { try Paths.remove(place) }
            throw error
        }
        return KeptDatabase(name: name, engine: kind, place: place, replaced: moment.seconds)
    }

    /// Saves what the server holds as a file, which is whole and durable once it is there.
    private func keep(_ client: RedisClient, at path: String) throws -> RDBReader {
        var reader = RDBReader()
        try keptFolder.fill(path) { arriving in
            let file = try OpenFile.creating(path: arriving, mode: 0o600)
            let running = try client.streaming()
            var room = [UInt8](repeating: 0, count: 256 << 10)
            while true {
                let count = try running.read(into: &room)
                if count == 0 { break }
                try room.withUnsafeBytes { bytes in
                    let part = try reader.take(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                    try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<part]))
                }
            }
            guard try running.finish().isSuccess else { throw RedisFailure(said: running.said) }
            guard reader.isComplete else { throw RedisFailure("its RDB stream ended too early") }
            try file.synchronize()
        }
        return reader
    }

    /// Reads a file to its end.
    static func read(_ path: String) throws -> RDBReader {
        let file = try OpenFile.reading(path: path)
        var reader = RDBReader()
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { room.deallocate() }
        while true {
            let count = try file.read(into: room)
            if count == 0 { break }
            _ = try reader.take(UnsafeRawBufferPointer(rebasing: room[..<count]))
        }
        guard reader.isComplete else { throw RedisFailure("its RDB stream is not whole") }
        return reader
    }
}

/// A stream that was read to its end, and that the live server can take.
struct StagedRedis: StagedDatabase {
    let engine: RedisEngine
    let folder: ScratchFolder
    let path: String

    func survey() async throws -> DatabaseState {
        try await engine.restoring { RedisEngine.state(try RedisEngine.read(path)) }
    }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await engine.restoring { try await engine.exchange(path, at: moment) }
    }

    func discard() async throws {
        try await engine.restoring { try folder.remove() }
    }
}
