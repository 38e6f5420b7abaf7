package import BelayCore
package import BelayParts
import BelaySystem

extension SQLiteEngine: RestorableEngine {
    package func isThere() async throws -> Bool {
        try await onFilePool { try Paths.status(path) != nil }
    }

    package func rehearse(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> DatabaseState {
        let staged = try await load(stored, from: source)
        let outcome: Result<DatabaseState, any Error>
        do { outcome = .success(try await staged.survey()) } catch { outcome = .failure(error) }
        try await staged.discard()
        return try outcome.get()
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await load(stored, from: source)
    }

    package func kept() async throws -> [KeptDatabase] {
        try await onFilePool {
            let names: [String]
            do throws(SystemError) {
                names = try Paths.names(in: keptFolder)
            } catch {
                if error.isMissing { return [] }
                throw error
            }
            return names.compactMap { file -> KeptDatabase? in
                guard file.hasSuffix(".sqlite"),
                    let moment = KeptName.moment(of: String(file.dropLast(7)), base: name)
                else { return nil }
                return KeptDatabase(
                    name: name,
                    engine: kind,
                    place: "\(keptFolder)/\(file)",
                    replaced: moment.seconds
                )
            }.sorted { $0.replaced < $1.replaced }
        }
    }

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        // A copy of it, for the swap may change its pages.
        let folder = try await onFilePool { try ScratchFolder(in: scratch, for: name) }
        let copy = "\(folder.path)/copy.sqlite"
        do {
            try await onFilePool {
                let source = try SQLiteConnection(kept.place, .immutable)
                try SQLiteCopy.make(of: source, at: copy, usesLog: false, pageSize: 4096)
            }
        } catch {
            throw unrestorable(error)
        }
        let staged = StagedSQLite(engine: self, folder: folder, copy: copy)
        let outcome: Result<KeptDatabase?, any Error>
        do { outcome = .success(try await staged.swap(at: moment)) } catch { outcome = .failure(error) }
        try await staged.discard()
        return try outcome.get()
    }

    package func drop(_ kept: KeptDatabase) async throws {
        try await onFilePool {
            for suffix in ["", "-wal", "-journal"] where Paths.exists(kept.place + suffix) {
                try Paths.remove(kept.place + suffix)
            }
        }
    }

    private func load(_ stored: Manifest.Database, from source: any PartSource) async throws -> StagedSQLite {
        let file = "\(stored.name).sqlite"
        guard source.files[file] != nil else {
            throw unrestorable(SQLiteFailure(code: 0, message: "the snapshot does not hold '\(file)'"))
        }
        let folder = try await onFilePool { try ScratchFolder(in: scratch, for: name) }
        do {
            return StagedSQLite(
                engine: self,
                folder: folder,
                copy: try await source.place(file, in: folder.path)
            )
        } catch {
            // What failed first is told; what is left is removed by the next run.
            try? await onFilePool { try folder.remove() }
            throw error
        }
    }

    func unrestorable(_ error: any Error) -> any Error {
        let reason: String
        switch error {
        case let failure as SQLiteFailure: reason = failure.message
        case let failure as SystemError: reason = "\(failure)"
        default: return error
        }
        return BelayError(
            .databaseUnrestorable,
            "the database '\(name)' cannot be brought back: \(reason)",
            hint: "it is as it was; restore its file elsewhere with `belay restore SNAP --to DIR`",
            subjects: [path],
            cause: error
        )
    }
}

/// A copy in a scratch folder.
struct StagedSQLite: StagedDatabase {
    let engine: SQLiteEngine
    let folder: ScratchFolder
    let copy: String

    func survey() async throws -> DatabaseState {
        try await engine.onFilePool {
            do {
                return engine.state(try SQLiteSurvey(copy), nil)
            } catch {
                throw engine.unrestorable(error)
            }
        }
    }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await engine.onFilePool {
            do {
                return try swapFiles(at: moment)
            } catch {
                throw engine.unrestorable(error)
            }
        }
    }

    func discard() async throws {
        try await engine.onFilePool { try folder.remove() }
    }

    private func swapFiles(at moment: Timestamp) throws -> KeptDatabase? {
        var moment = moment
        // Two within a second: the first stays what it is.
        while Paths.exists(kept(at: moment)) { moment = Timestamp(seconds: moment.seconds &+ 1) }
        let kept = kept(at: moment)
        try Paths.makeFolders(engine.keptFolder, mode: 0o700)
        guard Paths.exists(engine.path) else {
            try SQLiteFileSwap(path: engine.path, copy: copy, kept: nil).run()
            return nil
        }
        if let header = try header() {
            try SQLiteSwap(path: engine.path, copy: copy, kept: kept).run(header)
        } else {
            // What is there is no database that SQLite could write to: an empty file, or a damaged one.
            try SQLiteFileSwap(path: engine.path, copy: copy, kept: kept).run()
        }
        return KeptDatabase(
            name: engine.name,
            engine: engine.kind,
            place: kept,
            replaced: moment.seconds
        )
    }

    private func kept(at moment: Timestamp) -> String {
        "\(engine.keptFolder)/\(KeptName.text(engine.name, moment)).sqlite"
    }

    private func header() throws(SystemError) -> SQLiteHeader? {
        try readStart(path: engine.path, count: SQLiteHeader.length).withUnsafeBytes { SQLiteHeader($0) }
    }
}
