import BelayCore
import BelaySystem

extension JSONCollections: CollectionEngine {
    /// The engine for the collection that a kept state is one of; `nil` if it is one of all documents.
    func collection(ofKept kept: KeptDatabase) -> (any RestorableEngine)? {
        guard kept.place.hasPrefix(keptFolder.path + "/"),
            let base = KeptName.base(of: String(kept.place.dropFirst(keptFolder.path.utf8.count + 1))),
            JSONCollection.isKept(base, of: name)
        else { return nil }
        return collection(String(base.dropFirst(name.utf8.count + 1)))
    }

    package func collection(_ name: String) -> any RestorableEngine {
        JSONCollection(database: self, collection: name)
    }
}

/// One document of a directory of them, brought back without the others.
struct JSONCollection: RestorableEngine {
    let database: JSONCollections
    let collection: String

    var name: String { database.name }
    var kind: String { database.kind }
    var advice: EngineAdvice { database.advice }
    private var file: String { "\(collection).json" }
    private var path: String { "\(database.path)/\(file)" }
    /// What kept states of it are called after; another name than those of all documents.
    ///
    /// No database can be called like that.
    private var keptBase: String { "\(database.name)\(Self.mark)\(collection)" }
    private static let mark = "@"

    /// Whether a kept state's name tells that it was one of a collection of that database.
    static func isKept(_ base: String, of database: String) -> Bool { base.hasPrefix(database + mark) }

    func fingerprint() async throws -> String? { nil }

    func dump(to sink: any PartSink) async throws -> DatabaseState { try await database.dump(to: sink) }

    func isThere() async throws -> Bool {
        try await restoring { try Paths.status(path) != nil }
    }

    func rehearse(_ stored: Manifest.Database, from source: any PartSource) async throws -> DatabaseState {
        try await database.rehearse(stored, from: SinglePart(source, "\(stored.name)/\(file)"))
    }

    func stage(_ stored: Manifest.Database, from source: any PartSource) async throws -> any StagedDatabase {
        let part = SinglePart(source, "\(stored.name)/\(file)")
        guard !part.files.isEmpty else {
            throw BelayError(
                .usage,
                "the database '\(stored.name)' had no collection '\(collection)'",
                hint: "it had: \(stored.tables.map(\.name).joined(separator: ", "))"
            )
        }
        guard let staged = try await database.stage(stored, from: part) as? StagedCollections else {
            throw BelayError(.internalError, "documents were loaded in an unknown way")
        }
        return StagedCollection(collection: self, staged: staged)
    }

    func kept() async throws -> [KeptDatabase] {
        try await restoring { try database.keptFolder.states(of: keptBase, self) }
    }

    func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        try await restoring { try replace(by: "\(kept.place)/\(file)", at: moment) }
    }

    func drop(_ kept: KeptDatabase) async throws { try await database.drop(kept) }

    /// Puts a copy of a file in the place of the document in one step, and keeps what was there.
    func replace(by source: String, at moment: Timestamp) throws -> KeptDatabase? {
        let arriving = "\(database.path)/.\(file).belay-\(UInt32.random(in: 0...UInt32.max))"
        var kept: KeptDatabase?
        do {
            try JSONCollections.copy(source, to: arriving)
            if let status = try Paths.status(path) {
                try Paths.setPermissions(of: arriving, status.mode & 0o7777)
                kept = try exchange(arriving, at: moment)
            } else {
                try Paths.rename(arriving, to: path)
            }
        } catch let failure as JSONFailure {
            // It names the file, which is needed.
            throw failure
        } catch {
            // What failed first is told; a stray file is harmless.
            try? Paths.remove(arriving)
            throw error
        }
        do throws(SystemError) {
            // What is kept already.
            if kept != nil { try Paths.remove(arriving) }
            try Folder.open(path: database.path).synchronize()
        } catch {
            throw UnsettledExchange(kept, "\(error)")
        }
        return kept
    }

    /// Lets the document and a file change places, and keeps what was the document.
    ///
    /// In this order, so that what is written until the last moment is in what is kept.
    private func exchange(_ arriving: String, at moment: Timestamp) throws -> KeptDatabase {
        let (place, moment) = try database.keptFolder.place(for: keptBase, at: moment)
        try Paths.exchange(arriving, path)
        do {
            try database.keptFolder.fill(place) { folder in
                try Paths.makeFolders(folder, mode: 0o700)
                try JSONCollections.copy(arriving, to: "\(folder)/\(file)")
                try Folder.open(path: folder).synchronize()
            }
        } catch {
            do throws(SystemError) {
                try Paths.exchange(arriving, path)
            } catch let second {
                throw JSONFailure(
                    message: "\(error); and putting it back failed (\(second)): what was there is \(arriving)"
                )
            }
            throw error
        }
        return KeptDatabase(name: database.name, engine: kind, place: place, replaced: moment.seconds)
    }
}

/// One document in a folder beside the live ones.
private struct StagedCollection: StagedDatabase {
    let collection: JSONCollection
    let staged: StagedCollections

    func survey() async throws -> DatabaseState { try await staged.survey() }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await collection.restoring {
            try collection.replace(by: "\(staged.folder.path)/\(collection.collection).json", at: moment)
        }
    }

    func discard() async throws { try await staged.discard() }
}

/// One file of a stored state.
private struct SinglePart: PartSource {
    let source: any PartSource
    let files: [String: UInt64]

    init(_ source: any PartSource, _ file: String) {
        self.source = source
        files = source.files.filter { $0.key == file }
    }

    func read(_ name: String, _ body: (UnsafeRawBufferPointer) throws -> Void) async throws {
        try await source.read(name, body)
    }

    func place(_ name: String, in folder: String) async throws -> String {
        try await source.place(name, in: folder)
    }
}
