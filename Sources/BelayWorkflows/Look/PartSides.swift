import BelayArchive
import BelayCore
import BelayRepository

/// What is known of a part on one side of a comparison.
enum PartState<Part: Sendable>: Sendable {
    case there(Part)
    case absent
    /// Nothing, because the snapshot was asked to hold something else.
    case uncovered(String)
    /// It should be there and could not be read.
    case unknown(String)

    /// Whether the side says anything of the part.
    var isCovered: Bool { if case .uncovered = self { false } else { true } }
}

/// A database on one side of a comparison.
struct DatabaseSide: Sendable {
    enum Schema: Sendable {
        case text(String?)
        case stored(Node)
    }

    var database: Manifest.Database
    var schema = Schema.text(nil)
    /// The files of its state in a snapshot, by the names that its engine gave them.
    var stored: [String: Node] = [:]
    /// The same of a live one, where it was written out.
    var scratch: [String: String] = [:]

    /// Whether nothing is told of what is in it, so that only its bytes can be compared.
    var isOpaque: Bool {
        if case .text(nil) = schema { database.tables.isEmpty } else { false }
    }
}

/// A command's output on one side of a comparison.
struct CaptureSide: Sendable {
    enum Contents: Sendable {
        /// `nil` if there are more than are compared.
        case bytes([UInt8]?)
        case stored(Node)
    }

    var size: UInt64
    var contents: Contents
}

/// The databases and captures of one side of a comparison.
struct PartSides: Sendable {
    /// In the order in which they are told.
    var databases: [(name: String, state: PartState<DatabaseSide>)] = []
    var captures: [(name: String, state: PartState<CaptureSide>)] = []
    /// What is to be said of a part that is not among them.
    var others: PartState<Never> = .absent

    init() {}

    /// What a snapshot holds; the files of the parts are looked up, and none is read.
    init(_ snapshot: LocatedSnapshot, _ manifest: Manifest?, _ access: SnapshotAccess) async throws {
        let id = snapshot.stored.id.short
        guard let manifest else {
            others = .uncovered("snapshot \(id) does not say what databases it holds")
            return
        }
        let only = SnapshotTags(snapshot.stored.snapshot.tags).only
        if !only.isEmpty {
            others = .uncovered("snapshot \(id) holds only \(only.joined(separator: ", "))")
        }
        let files = try await Self.files(of: snapshot, access)
        for database in manifest.databases ?? [] {
            var side = DatabaseSide(database: database)
            if let node = files["databases/\(database.name).schema.sql"] { side.schema = .stored(node) }
            let path = database.path.split(separator: "/").dropFirst().joined(separator: "/")
            for (place, node) in files where place == path || place.hasPrefix(path + "/") {
                side.stored[String(place.dropFirst("databases/".count))] = node
            }
            databases.append((database.name, .there(side)))
        }
        for capture in manifest.captures ?? [] {
            let state: PartState<CaptureSide> =
                if let node = files["captures/\(capture.name).txt"] {
                    .there(CaptureSide(size: capture.bytes, contents: .stored(node)))
                } else {
                    .unknown("snapshot \(id) does not hold its output")
                }
            captures.append((capture.name, state))
        }
        for part in manifest.missing ?? [] {
            let reason = "snapshot \(id) could not store it: \(part.reason)"
            if part.kind == "database" {
                databases.append((part.name, .unknown(reason)))
            } else {
                captures.append((part.name, .unknown(reason)))
            }
        }
    }

    func database(_ name: String) -> PartState<DatabaseSide> {
        databases.first { $0.name == name }?.state ?? other()
    }

    func capture(_ name: String) -> PartState<CaptureSide> {
        captures.first { $0.name == name }?.state ?? other()
    }

    private func other<Part: Sendable>() -> PartState<Part> {
        switch others {
        case .there, .absent: .absent
        case .uncovered(let reason): .uncovered(reason)
        case .unknown(let reason): .unknown(reason)
        }
    }

    /// All files of the folder that belay adds, by their paths in it.
    private static func files(
        of snapshot: LocatedSnapshot,
        _ access: SnapshotAccess
    ) async throws -> [String: Node] {
        let root = try await access.trees.load(snapshot.stored.snapshot.tree)
        guard let folder = root.node(named: GeneratedFolder.name)?.subtree else { return [:] }
        var files: [String: Node] = [:]
        try await TreeListing.visit(folder, at: [], isRecursive: true, in: access.trees) { path, node in
            if node.kind == .file { files[String(decoding: path, as: UTF8.self)] = node }
        }
        return files
    }
}
