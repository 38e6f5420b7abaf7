package import BelayCore
package import BelayParts
import BelaySystem

extension SQLiteEngine: RestorableEngine {
    package func isThere() async throws -> Bool {
        try await restoring { try Paths.status(path) != nil }
    }

    package func rehearse(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> DatabaseState {
        let staged = try await stage(stored, from: source)
        let outcome: Result<DatabaseState, any Error>
        do { outcome = .success(try await staged.survey()) } catch { outcome = .failure(error) }
        try await staged.discard()
        return try outcome.get()
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await restoring {
            let file = "\(stored.name).sqlite"
            guard source.files[file] != nil else {
                throw SQLiteFailure(code: 0, message: "the snapshot does not hold '\(file)'")
            }
            let folder = try await ScratchFolder.filled(in: scratch, for: name) { folder in
                _ = try await source.place(file, in: folder)
            }
            return StagedSQLite(engine: self, folder: folder, copy: "\(folder.path)/\(file)")
        }
    }

    package func kept() async throws -> [KeptDatabase] {
        try await restoring { try keptFolder.states(of: name, self) }
    }

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        try await restoring {
            // A copy of it, for the swap may change its pages.
            try await ScratchFolder.with(in: scratch, for: name) { folder in
                let copy = "\(folder)/copy.sqlite"
                let source = try SQLiteConnection(kept.place, .immutable)
                try SQLiteCopy.make(of: source, at: copy, usesLog: false, pageSize: 4096)
                return try swap(in: copy, at: moment)
            }
        }
    }

    package func drop(_ kept: KeptDatabase) async throws {
        try await restoring {
            guard keptFolder.holds(kept.place, of: name) else {
                throw SQLiteFailure(code: 0, message: "'\(kept.place)' is no kept state of it")
            }
            for suffix in ["", "-wal", "-journal"] where Paths.exists(kept.place + suffix) {
                try Paths.remove(kept.place + suffix)
            }
        }
    }

    /// Puts a copy in the place of the live database.
    func swap(in copy: String, at moment: Timestamp) throws -> KeptDatabase? {
        guard Paths.exists(path) else {
            try Self.settle(SQLiteFileSwap(path: path, copy: copy, kept: nil, folder: keptFolder).run(), nil)
            return nil
        }
        let (place, moment) = try keptFolder.place(for: name, at: moment)
        let failure: SystemError?
        if let header = try readStart(path: path, count: SQLiteHeader.length).withUnsafeBytes({
            SQLiteHeader($0)
        }) {
            failure = try SQLiteSwap(path: path, copy: copy, kept: place, folder: keptFolder).run(header)
        } else {
            // What is there is no database that SQLite could write to: an empty file, or a damaged one.
            failure = try SQLiteFileSwap(path: path, copy: copy, kept: place, folder: keptFolder).run()
        }
        let kept = KeptDatabase(name: name, engine: kind, place: place, replaced: moment.seconds)
        try Self.settle(failure, kept)
        return kept
    }

    private static func settle(_ failure: SystemError?, _ kept: KeptDatabase?) throws(UnsettledExchange) {
        guard let failure else { return }
        throw UnsettledExchange(kept, "it is not known to be on stable storage: \(failure)")
    }
}

/// A copy in a scratch folder.
struct StagedSQLite: StagedDatabase {
    let engine: SQLiteEngine
    let folder: ScratchFolder
    let copy: String

    func survey() async throws -> DatabaseState {
        try await engine.restoring { engine.state(try SQLiteSurvey(copy), nil) }
    }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await engine.restoring { try engine.swap(in: copy, at: moment) }
    }

    func discard() async throws {
        try await engine.restoring { try folder.remove() }
    }
}
