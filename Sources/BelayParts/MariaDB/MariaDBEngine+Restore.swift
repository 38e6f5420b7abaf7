package import BelayCore
import BelaySystem

extension MariaDBEngine: RestorableEngine {
    /// As many bytes as the name of a database may have.
    private static let nameMaximum = 64

    package func rehearse(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> DatabaseState {
        try await restoring {
            try await ScratchFolder.with(in: scratch, for: stored.name) { folder in
                let server = try await MariaDBScratchServer(in: folder, for: stored.name, environment)
                let loaded: Result<DatabaseState, any Error>
                do { loaded = .success(try await load(stored, from: source, server)) } catch {
                    loaded = .failure(error)
                }
                try server.stop()
                return try loaded.get()
            }
        }
    }

    /// Loads a dump as it is, code and all, into a server of our own.
    private func load(
        _ stored: Manifest.Database,
        from source: any PartSource,
        _ server: MariaDBScratchServer
    ) async throws -> DatabaseState {
        guard let client = MariaDBClient(server.connection, environment) else {
            throw MariaDBFailure("the program mariadb is not installed")
        }
        // Under its own name, which triggers may name; the dump's first lines tell it.
        var name: String?
        let running = try client.loading(into: nil)
        try await write(to: running) {
            try await source.read("\(stored.name).sql") { bytes in
                if name == nil {
                    let named = MariaDBDumpReader.database(in: bytes) ?? "rehearsal"
                    name = named
                    try running.write("CREATE DATABASE \(named.quotedName); USE \(named.quotedName);\n")
                }
                try running.write(bytes)
            }
        }
        guard let name else { throw MariaDBFailure("its dump is empty") }
        return try await state(of: name, client, into: nil)
    }

    package func isThere() async throws -> Bool {
        try await restoring {
            let client = try client()
            return try client.knows(try database(client))
        }
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await restoring {
            let client = try client()
            let live = try database(client)
            try dropLeftOvers(client, live)
            let place = Self.arriving(live) + String(UInt32.random(in: 0...UInt32.max), radix: 36)
            let claim = try MariaDBClaim(client, on: place)
            let set = try client.rows(
                """
                SELECT CONCAT(' CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME)
                FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = \(live.quotedText)
                """
            ).first?.first
            try client.rows("CREATE DATABASE \(place.quotedName)\(set ?? "")")
            do {
                try await loadTables("\(stored.name).sql", from: source, into: place, client)
            } catch {
                // What failed first is told; a database that stays behind has a telling name.
                _ = try? client.rows("DROP DATABASE \(place.quotedName)")
                throw error
            }
            return StagedMariaDB(engine: self, client: client, live: live, place: place, claim: claim)
        }
    }

    /// What the names of staged databases begin with.
    private static func arriving(_ live: String) -> String { live.prefixOfBytes(40) + "_belay_new_" }

    /// Drops databases that dead runs have staged.
    private func dropLeftOvers(_ client: MariaDBClient, _ live: String) throws {
        for name in try client.rows("SHOW DATABASES").flatMap(\.self)
        where name.hasPrefix(Self.arriving(live)) {
            guard try MariaDBClaim.isFree(name, client) else { continue }
            try client.rows("DROP DATABASE \(name.quotedName)")
        }
    }

    /// Loads tables and their rows, and puts the code beside them until it can be made.
    private func loadTables(
        _ file: String,
        from source: any PartSource,
        into place: String,
        _ client: MariaDBClient
    ) async throws {
        var reader = MariaDBDumpReader()
        let running = try client.loading(into: place)
        try await write(to: running) {
            try await source.read(file) { bytes in
                try reader.take(bytes) { try running.write($0) }
            }
        }
        guard reader.isComplete else { throw MariaDBFailure("its dump is not whole") }
        try client.rows(reader.code.storing(in: place))
    }

    /// Writes to a program that reads, and sees that it ends well.
    private func write(to running: RunningCommand, _ body: () async throws -> Void) async throws {
        try await withTaskCancellationHandler {
            do {
                try await body()
            } catch let error as SystemError where error.isUnread {
                // It reads no more, because it has ended: why is told below.
            }
            let ending = try running.finish()
            try Task.checkCancellation()
            guard ending.isSuccess else { throw MariaDBFailure(said: running.said) }
        } onCancel: {
            running.terminate()
        }
    }

    package func kept() async throws -> [KeptDatabase] {
        try await restoring {
            let client = try client()
            let live = try database(client)
            return try client.rows("SHOW DATABASES").flatMap(\.self).compactMap { place in
                KeptName.moment(of: place, base: live, maximum: Self.nameMaximum).map {
                    KeptDatabase(name: name, engine: kind, place: place, replaced: $0.seconds)
                }
            }.sorted { $0.replaced < $1.replaced }
        }
    }

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        try await restoring {
            let client = try client()
            return try exchange(kept.place, client, try database(client), at: moment)
        }
    }

    package func drop(_ kept: KeptDatabase) async throws {
        try await restoring {
            let client = try client()
            let live = try database(client)
            guard KeptName.moment(of: kept.place, base: live, maximum: Self.nameMaximum) != nil else {
                throw MariaDBFailure("'\(kept.place)' is no kept state of it")
            }
            try client.rows("DROP DATABASE IF EXISTS \(kept.place.quotedName)")
        }
    }

    /// Puts what a database holds in the place of the live one.
    func exchange(
        _ place: String,
        _ client: MariaDBClient,
        _ live: String,
        at moment: Timestamp
    ) throws -> KeptDatabase? {
        let taken = Set(try client.rows("SHOW DATABASES").flatMap(\.self))
        let (kept, replaced) = KeptName.free(live, moment, maximum: Self.nameMaximum) { taken.contains($0) }
        guard
            try MariaDBExchange(client: client, live: live, scratch: scratch).run(from: place, keeping: kept)
        else {
            return nil
        }
        return KeptDatabase(name: name, engine: kind, place: kept, replaced: replaced.seconds)
    }
}

/// A dump that was loaded into a database beside the live one.
struct StagedMariaDB: StagedDatabase {
    let engine: MariaDBEngine
    let client: MariaDBClient
    let live: String
    let place: String
    let claim: MariaDBClaim

    func survey() async throws -> DatabaseState {
        try await engine.restoring { try await engine.state(of: place, client, into: nil) }
    }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await engine.restoring { try engine.exchange(place, client, live, at: moment) }
    }

    func discard() async throws {
        try await engine.restoring {
            try client.rows("DROP DATABASE IF EXISTS \(place.quotedName)")
            try claim.end()
        }
    }
}

extension String {
    /// Its start, cut between characters.
    fileprivate func prefixOfBytes(_ maximum: Int) -> String {
        var text = self
        while text.utf8.count > maximum { text.removeLast() }
        return text
    }
}
