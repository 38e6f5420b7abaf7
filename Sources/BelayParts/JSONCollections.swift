package import BelayCore
import BelayFormat
import BelaySystem

/// A directory of JSON documents, each a collection of a database.
package struct JSONCollections: DatabaseEngine {
    package let kind = "json"

    package let name: String
    let path: String
    private let place: String?
    private let required: [String]
    let keptFolder: KeptFolder

    /// How often documents that are written meanwhile are read again.
    private static let attempts = 5
    /// Bytes; a document is read as a whole.
    static let documentMaximum = 1 << 30

    /// The database `name` in the directory at the absolute `path`.
    ///
    /// `place` is the path below the project's directory, if it lies there; `required` are documents without which it
    /// is not whole, and `kept` is a folder for states that were replaced.
    package init(name: String, path: String, place: String?, required: [String], kept: String) {
        // A name of any file is whole there, so that it tells its collection.
        keptFolder = KeptFolder(kept, maximum: 250)
        self.name = name
        self.path = path
        self.place = place
        self.required = required
    }

    private struct Document {
        var name: String
        var status: FileStatus?
        var bytes: [UInt8] = []
    }

    package var advice: EngineAdvice {
        EngineAdvice(
            reading: "check the path under `databases` in belay.yaml",
            restoring: "check the folder and the space left",
            path: path
        )
    }

    package func fingerprint() async throws -> String? { nil }

    package func dump(to sink: any PartSink) async throws -> DatabaseState {
        try await reading {
            let documents = try steadyDocuments()
            for wanted in required where !documents.contains(where: { $0.name == wanted }) {
                throw failure("'\(wanted)' is not there", hint: "it stands under `required` in belay.yaml")
            }
            let state = try state(of: documents)
            for document in documents {
                var rest = document.bytes[...]
                try await sink.store(
                    "\(name)/\(document.name)",
                    standingFor: place.map { "\($0)/\(document.name)" }
                ) { room in
                    let part = rest.prefix(room.count)
                    room.copyBytes(from: part)
                    rest = rest.dropFirst(part.count)
                    return part.count
                }
            }
            return state
        }
    }

    /// What documents hold, each a table.
    private func state(of documents: [Document]) throws -> DatabaseState {
        var state = DatabaseState()
        for document in documents {
            state.tables.append(
                Manifest.Table(
                    name: document.name.hasSuffix(".json")
                        ? String(document.name.dropLast(5)) : document.name,
                    rows: try count(document),
                    digest: BlobHasher.digest(document.bytes).hexadecimal
                )
            )
        }
        state.checks["documents"] = "\(documents.count) of valid JSON"
        return state
    }

    /// Reads the stored documents, and looks at each as a dump would.
    package func rehearse(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> DatabaseState {
        try await restoring {
            var documents: [Document] = []
            for file in source.files.keys.sorted() {
                guard let name = Self.document(file, of: stored.name) else { continue }
                var document = Document(name: name)
                try await source.read(file) { document.bytes += $0 }
                documents.append(document)
            }
            return try looking { try state(of: documents) }
        }
    }

    /// What is in a folder of documents that nobody writes.
    func survey(_ folder: String) throws -> DatabaseState {
        try looking {
            var documents: [Document] = []
            for name in try Paths.names(in: folder).sorted() where Self.isDocument(name) {
                let bytes = try readFile(path: "\(folder)/\(name)", limit: Self.documentMaximum)
                documents.append(Document(name: name, bytes: bytes))
            }
            return try state(of: documents)
        }
    }

    private func looking(_ body: () throws -> DatabaseState) throws -> DatabaseState {
        do {
            return try body()
        } catch let error as BelayError where error.code == .databaseUnreadable {
            throw BelayError(.databaseUnrestorable, error.message, hint: error.hint)
        }
    }

    /// All documents as they were at one moment: nothing has changed from before the first was read until after the last.
    private func steadyDocuments() throws -> [Document] {
        for _ in 1...Self.attempts {
            try Task.checkCancellation()
            var documents = try list()
            for position in documents.indices {
                documents[position].bytes = try read(documents[position].name)
            }
            let after = try list()
            let isSteady = documents.elementsEqual(after) {
                guard let before = $0.status, let after = $1.status else { return false }
                return $0.name == $1.name && before.holdsStill(until: after)
                    && UInt64($0.bytes.count) == after.size
            }
            if isSteady { return documents }
        }
        throw failure(
            "its documents change faster than they can be read",
            hint: "try again in a quieter moment"
        )
    }

    private func list() throws -> [Document] {
        do throws(SystemError) {
            var documents: [Document] = []
            for name in try Paths.names(in: path).sorted() where Self.isDocument(name) {
                // A document that goes in this moment is noticed by the second look.
                if let status = try Paths.status("\(path)/\(name)"), status.isRegular {
                    documents.append(Document(name: name, status: status))
                }
            }
            return documents
        } catch {
            throw failure(error.reason, hint: "check the path under `databases` in belay.yaml")
        }
    }

    private func read(_ document: String) throws -> [UInt8] {
        do throws(SystemError) {
            return try readFile(path: "\(path)/\(document)", limit: Self.documentMaximum)
        } catch {
            throw failure("'\(document)' cannot be read: \(error.reason)", hint: nil)
        }
    }

    /// How many elements or keys a document has; one that is neither list nor object counts as one.
    private func count(_ document: Document) throws -> UInt64 {
        do throws(FormatError) {
            return try document.bytes.withBytes { (bytes) throws(FormatError) in
                try JSONDocument.count(bytes)
            }
        } catch {
            throw failure(
                "'\(document.name)' is no valid JSON: \(error)",
                hint: "restore it, or mend it by hand"
            )
        }
    }

    private func failure(_ reason: String, hint: String?) -> BelayError {
        BelayError(
            .databaseUnreadable,
            "the database '\(name)' cannot be read: \(reason)",
            hint: hint,
            subjects: [path]
        )
    }
}
