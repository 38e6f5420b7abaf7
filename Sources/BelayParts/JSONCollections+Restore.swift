package import BelayCore
import BelaySystem

extension JSONCollections: RestorableEngine {
    package func isThere() async throws -> Bool {
        try await restoring { try Paths.status(path) != nil }
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await restoring {
            for left in try stranded.states(of: liveName, self) { try moveOthers(from: left.place) }
            let folder = try await ScratchFolder.filled(in: besides, for: "json", prefix: Self.scratchPrefix)
            { folder in
                for file in source.files.keys.sorted() {
                    guard let document = Self.document(file, of: stored.name) else { continue }
                    let target = try OpenFile.creating(path: "\(folder)/\(document)", mode: 0o644)
                    try await source.read(file) { try target.write($0) }
                    try target.synchronize()
                }
            }
            return StagedCollections(engine: self, folder: folder)
        }
    }

    /// Where what comes and what goes lies beside the live folder, for the two to change places.
    private var besides: String { Paths.parent(of: path) ?? "/" }

    private static let scratchPrefix = ".belay-"

    package func kept() async throws -> [KeptDatabase] {
        try await restoring {
            // And those of single collections, each after its own name.
            let bases = try Paths.names(in: keptFolder.path).compactMap { KeptName.base(of: $0) }
            let own = Set(bases.filter { $0 == name || JSONCollection.isKept($0, of: name) })
            return try
                (own.flatMap { try keptFolder.states(of: $0, self) } + stranded.states(of: liveName, self))
                .sorted { $0.replaced < $1.replaced }
        }
    }

    /// Replaced states that could not be taken out of the folder in which the live one lies.
    private var stranded: KeptFolder { KeptFolder(besides, maximum: Int.max) }
    private var liveName: String { path.split(separator: "/").last.map(String.init) ?? path }

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        if let collection = collection(ofKept: kept) {
            return try await collection.takeBack(kept, at: moment)
        }
        return try await restoring {
            let folder = try await ScratchFolder.filled(in: besides, for: "json", prefix: Self.scratchPrefix)
            { folder in
                for document in try Paths.names(in: kept.place) where Self.isDocument(document) {
                    try Self.copy("\(kept.place)/\(document)", to: "\(folder)/\(document)")
                }
            }
            let outcome = Result { try exchange(folder, at: moment) }
            if Paths.exists(folder.path) { try folder.remove() }
            return try outcome.get()
        }
    }

    package func drop(_ kept: KeptDatabase) async throws {
        try await restoring {
            guard
                collection(ofKept: kept) != nil || keptFolder.holds(kept.place, of: name)
                    || stranded.holds(kept.place, of: liveName)
            else { throw JSONFailure(message: "'\(kept.place)' is no kept state of it") }
            if stranded.holds(kept.place, of: liveName) { try moveOthers(from: kept.place) }
            try Self.removeDocuments(kept.place)
        }
    }

    /// Gives a folder of documents the live one's place in one step, and keeps the documents that were there.
    ///
    /// What else lies in the live folder follows a moment later.
    ///
    /// - Throws: then the live folder is as it was, or the error says where what belongs into it is.
    func exchange(_ folder: ScratchFolder, at moment: Timestamp) throws -> KeptDatabase? {
        try Folder.open(path: folder.path).synchronize()
        guard let status = try Paths.status(path) else {
            try Paths.rename(folder.path, to: path)
            try Folder.open(path: besides).synchronize()
            return nil
        }
        let (kept, moment) = try keptFolder.place(for: name, at: moment)
        // Under this name from the first moment on, so that nobody takes what was live for scratch.
        let replaced = "\(besides)/\(KeptName.text(liveName, moment, maximum: Int.max))"
        try Paths.setPermissions(of: folder.path, status.mode & 0o7777)
        try Paths.rename(folder.path, to: replaced)
        do {
            try Paths.exchange(replaced, path)
        } catch {
            try Paths.rename(replaced, to: folder.path)
            throw error
        }
        // What is no document stays where it was.
        var moved: [String] = []
        do {
            for entry in try Paths.names(in: replaced) where !Self.isDocument(entry) {
                try Paths.rename("\(replaced)/\(entry)", to: "\(path)/\(entry)")
                moved.append(entry)
            }
            try Folder.open(path: besides).synchronize()
        } catch {
            try takeBack(replaced, moved, to: folder, because: error)
            throw error
        }
        return try settle(
            KeptDatabase(name: name, engine: kind, place: kept, replaced: moment.seconds),
            replaced,
            scratch: folder
        )
    }

    /// Takes what was replaced to the kept states, whole, so that an application that has the folder open goes on in
    /// it; gives the state with the place where it is kept.
    private func settle(
        _ kept: KeptDatabase,
        _ replaced: String,
        scratch: ScratchFolder
    ) throws(UnsettledExchange) -> KeptDatabase {
        var besides = kept
        besides.place = replaced
        do throws(SystemError) {
            try Paths.rename(replaced, to: kept.place)
        } catch {
            // No permission there: it is kept all the same, where it is.
            return error.isOtherFileSystem ? try copy(replaced, to: kept, or: besides, scratch) : besides
        }
        do throws(SystemError) {
            try keptFolder.synchronize()
            return kept
        } catch {
            throw UnsettledExchange(kept, "what it replaced is not known to be on stable storage: \(error)")
        }
    }

    private func copy(
        _ replaced: String,
        to kept: KeptDatabase,
        or besides: KeptDatabase,
        _ scratch: ScratchFolder
    ) throws(UnsettledExchange) -> KeptDatabase {
        var copied: [String] = []
        do {
            try keptFolder.fill(kept.place) { copied = try Self.copyDocuments(of: replaced, to: $0) }
        } catch {
            // No space or no permission there: it is kept where it is.
            return besides
        }
        do throws(SystemError) {
            // Half of it must not look like a kept state: under its first name it is scratch.
            try Paths.rename(replaced, to: scratch.path)
            for document in copied { try Paths.remove("\(scratch.path)/\(document)") }
            if try Paths.names(in: scratch.path).isEmpty {
                try Paths.removeFolder(scratch.path)
            } else {
                // Somebody who had the folder open made documents in it after it was copied.
                try Paths.rename(scratch.path, to: replaced)
            }
            return kept
        } catch {
            throw UnsettledExchange(kept, "what is kept could not be removed from where it was: \(error)")
        }
    }

    /// Exchanges the folders once more, after something went wrong, and what had gone over goes back as well.
    private func takeBack(
        _ replaced: String,
        _ moved: [String],
        to folder: ScratchFolder,
        because first: any Error
    ) throws {
        do {
            try Paths.exchange(replaced, path)
            for entry in moved { try Paths.rename("\(replaced)/\(entry)", to: "\(path)/\(entry)") }
            try Paths.rename(replaced, to: folder.path)
        } catch {
            throw JSONFailure(
                message: "\(first); and taking it back failed (\(error)), so a part of it is in \(replaced)"
            )
        }
    }

    /// Moves what is no document to where the live ones are, if a run died before it had done so.
    private func moveOthers(from replaced: String) throws(SystemError) {
        for entry in try Paths.names(in: replaced)
        where !Self.isDocument(entry) && !Paths.exists("\(path)/\(entry)") {
            try Paths.rename("\(replaced)/\(entry)", to: "\(path)/\(entry)")
        }
    }

    /// Copies all documents, and gives their names.
    private static func copyDocuments(of source: String, to target: String) throws -> [String] {
        try Paths.makeFolders(target, mode: 0o700)
        let documents = try Paths.names(in: source)
        for document in documents {
            try copy("\(source)/\(document)", to: "\(target)/\(document)")
        }
        try Folder.open(path: target).synchronize()
        return documents
    }

    /// Removes a folder with its documents; one in which something else lies stays.
    private static func removeDocuments(_ folder: String) throws(SystemError) {
        for document in try Paths.names(in: folder) where isDocument(document) {
            try Paths.remove("\(folder)/\(document)")
        }
        try Paths.removeFolder(folder)
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
}

/// What keeps documents from being exchanged.
struct JSONFailure: EngineFailure {
    let message: String
}

/// Documents in a folder beside the live one.
struct StagedCollections: StagedDatabase {
    let engine: JSONCollections
    let folder: ScratchFolder

    func survey() async throws -> DatabaseState {
        try await engine.restoring { try engine.survey(folder.path) }
    }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await engine.restoring { try engine.exchange(folder, at: moment) }
    }

    func discard() async throws {
        try await engine.restoring {
            // It became the live one.
            if Paths.exists(folder.path) { try folder.remove() }
        }
    }
}
