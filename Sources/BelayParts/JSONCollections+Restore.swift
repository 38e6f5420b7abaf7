package import BelayCore
import BelaySystem

extension JSONCollections: RestorableEngine {
    package func isThere() async throws -> Bool {
        try await withTaskExecutorPreference(BlockingPool.files) { try Paths.status(path) != nil }
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await withTaskExecutorPreference(BlockingPool.files) {
            try await restoring {
                // Beside the live one, for the two change places.
                let parent = Paths.parent(of: path) ?? "/"
                try Paths.makeFolders(parent)
                let folder = try ScratchFolder(in: parent, for: "json", prefix: ".belay-")
                do {
                    for file in source.files.keys.sorted() {
                        guard let document = Self.document(file, of: stored.name) else { continue }
                        let target = try OpenFile.creating(path: "\(folder.path)/\(document)", mode: 0o644)
                        try await source.read(file) { try target.write($0) }
                        try target.synchronize()
                    }
                    return StagedCollections(engine: self, folder: folder)
                } catch {
                    // What failed first is told; what is left is removed by the next run.
                    try? folder.remove()
                    throw error
                }
            }
        }
    }

    package func kept() async throws -> [KeptDatabase] {
        try await withTaskExecutorPreference(BlockingPool.files) {
            try await restoring {
                // And those of single collections, each after its own name.
                let bases = try Paths.names(in: keptFolder).compactMap { KeptName.base(of: $0) }
                let own = Set(bases.filter { $0 == name || $0.hasPrefix("\(name).") })
                return try own.flatMap { try kept(base: $0) }.sorted { $0.replaced < $1.replaced }
            }
        }
    }

    func kept(base: String) throws -> [KeptDatabase] {
        try Paths.names(in: keptFolder).compactMap { place in
            KeptName.moment(of: place, base: base, maximum: Self.nameMaximum).map {
                KeptDatabase(name: name, engine: kind, place: "\(keptFolder)/\(place)", replaced: $0.seconds)
            }
        }.sorted { $0.replaced < $1.replaced }
    }

    /// A place for a state that is replaced, and the moment in its name: the given one, or the next that is free.
    func freePlace(base: String, _ moment: Timestamp) -> (place: String, moment: Timestamp) {
        var moment = moment
        while true {
            let place = "\(keptFolder)/\(KeptName.text(base, moment, maximum: Self.nameMaximum))"
            if !Paths.exists(place) { return (place, moment) }
            moment = Timestamp(seconds: moment.seconds &+ 1)
        }
    }

    /// Bytes of a name that every file system takes.
    private static let nameMaximum = 250

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        let place = String(kept.place.dropFirst(keptFolder.utf8.count + 1))
        if let base = KeptName.base(of: place), base.hasPrefix("\(name).") {
            let collection = collection(String(base.dropFirst(name.utf8.count + 1)))
            return try await collection.takeBack(kept, at: moment)
        }
        return try await withTaskExecutorPreference(BlockingPool.files) {
            try await restoring {
                let folder = try ScratchFolder(
                    in: Paths.parent(of: path) ?? "/",
                    for: "json",
                    prefix: ".belay-"
                )
                let outcome: Result<KeptDatabase?, any Error>
                do {
                    for document in try Paths.names(in: kept.place) where Self.isDocument(document) {
                        try Self.copy("\(kept.place)/\(document)", to: "\(folder.path)/\(document)")
                    }
                    outcome = .success(try exchange(folder, at: moment))
                } catch {
                    outcome = .failure(error)
                }
                if Paths.exists(folder.path) { try folder.remove() }
                return try outcome.get()
            }
        }
    }

    package func drop(_ kept: KeptDatabase) async throws {
        try await withTaskExecutorPreference(BlockingPool.files) {
            try await restoring {
                for document in try Paths.names(in: kept.place) {
                    try Paths.remove("\(kept.place)/\(document)")
                }
                try Paths.removeFolder(kept.place)
            }
        }
    }

    /// Gives a folder of documents the live one's place in one step, and keeps the documents that were there.
    ///
    /// What else lies in the live folder follows a moment later.
    func exchange(_ folder: ScratchFolder, at moment: Timestamp) throws -> KeptDatabase? {
        guard let status = try Paths.status(path) else {
            try Paths.rename(folder.path, to: path)
            return nil
        }
        let (kept, moment) = freePlace(base: name, moment)
        // Under this name from the first moment on, so that nobody takes what was live for scratch.
        let replaced = KeptName.text(path, moment, maximum: Int.max)
        try Paths.setPermissions(of: folder.path, status.mode & 0o7777)
        try Paths.rename(folder.path, to: replaced)
        do {
            try Paths.exchange(replaced, path)
        } catch {
            try Paths.rename(replaced, to: folder.path)
            throw error
        }
        for entry in try Paths.names(in: replaced) where !Self.isDocument(entry) {
            try Paths.rename("\(replaced)/\(entry)", to: "\(path)/\(entry)")
        }
        try Paths.makeFolders(kept, mode: 0o700)
        for document in try Paths.names(in: replaced) {
            try Self.copy("\(replaced)/\(document)", to: "\(kept)/\(document)")
        }
        try Folder.open(path: kept).synchronize()
        for document in try Paths.names(in: replaced) { try Paths.remove("\(replaced)/\(document)") }
        try Paths.removeFolder(replaced)
        return KeptDatabase(name: name, engine: kind, place: kept, replaced: moment.seconds)
    }

    static func isDocument(_ name: String) -> Bool { name.hasSuffix(".json") }

    /// The name of a document by that of its file in a snapshot; `nil` for what is none.
    static func document(_ file: String, of database: String) -> String? {
        guard file.hasPrefix("\(database)/") else { return nil }
        let name = String(file.dropFirst(database.utf8.count + 1))
        return FileName(name).isValid && isDocument(name) ? name : nil
    }

    static func copy(_ source: String, to target: String) throws {
        let bytes = try readFile(path: source, limit: documentMaximum)
        let file = try OpenFile.creating(path: target, mode: 0o644)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.synchronize()
    }

    func restoring<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as SystemError {
            throw BelayError(
                .databaseUnrestorable,
                "the database '\(name)' cannot be brought back: \(error)",
                hint: "check the folder and the space left",
                subjects: [path],
                cause: error
            )
        }
    }
}

/// Documents in a folder beside the live one.
struct StagedCollections: StagedDatabase {
    let engine: JSONCollections
    let folder: ScratchFolder

    func survey() async throws -> DatabaseState {
        try await withTaskExecutorPreference(BlockingPool.files) { try engine.survey(folder.path) }
    }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await withTaskExecutorPreference(BlockingPool.files) {
            try await engine.restoring { try engine.exchange(folder, at: moment) }
        }
    }

    func discard() async throws {
        try await withTaskExecutorPreference(BlockingPool.files) {
            try await engine.restoring {
                // It became the live one.
                if Paths.exists(folder.path) { try folder.remove() }
            }
        }
    }
}
