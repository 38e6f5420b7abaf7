import BelayArchive
import BelayCore
import BelayParts
import BelayRepository
import BelaySystem

/// Compares the databases and captures of two sides.
struct PartsComparison {
    let access: SnapshotAccess
    let request: DiffRequest
    let selection: DiffSelection
    let old: PartSides
    let new: PartSides
    let scratch: ScratchFiles

    struct Outcome {
        var databases: [DatabaseDiff] = []
        var captures: [CaptureDiff] = []
        /// Parts that should have been compared and were not.
        var failures: [SourceFailure] = []
        /// Files of the project that are told of as databases, or that nothing can be said of.
        var places: Set<[UInt8]> = []
    }

    func run() async throws -> Outcome {
        var outcome = Outcome()
        for name in Self.names(old.databases.map(\.name), new.databases.map(\.name)) {
            try Task.checkCancellation()
            let (before, after) = (old.database(name), new.database(name))
            let sources = [before, after].compactMap { state -> String? in
                if case .there(let side) = state { side.database.source } else { nil }
            }
            let isWanted =
                selection.includes(database: name, source: nil)
                || sources.contains { selection.includes(database: name, source: $0) }
            guard isWanted else { continue }
            for case .there(let side) in [before, after] where hidesFile(before, after) {
                if side.database.engine == "sqlite", let source = side.database.source {
                    outcome.places.insert(SnapshotPath.normalized(source))
                }
            }
            let isNamed = selection.named?.contains(name) ?? false
            guard let pair = pair("databases/\(name)", isNamed: isNamed, before, after, &outcome) else {
                continue
            }
            if let diff = try await compare(pair.0, pair.1) { outcome.databases.append(diff) }
        }
        for name in Self.names(old.captures.map(\.name), new.captures.map(\.name))
        where selection.includes(capture: name) {
            let (before, after) = (old.capture(name), new.capture(name))
            let isNamed = selection.named != nil
            guard let pair = pair("captures/\(name)", isNamed: isNamed, before, after, &outcome) else {
                continue
            }
            outcome.captures.append(try await compare(name, pair.0, pair.1))
        }
        return outcome
    }

    private static func names(_ old: [String], _ new: [String]) -> [String] {
        old + new.filter { !old.contains($0) }
    }

    /// Whether the file of a database is told of as a database: both sides have it, or one could not be looked at.
    private func hidesFile(_ old: PartState<DatabaseSide>, _ new: PartState<DatabaseSide>) -> Bool {
        switch (old, new) {
        case (.there, .there), (.there, .unknown), (.unknown, .there): true
        default: false
        }
    }

    /// Both sides of a part that can be compared, of which there is at least one.
    private func pair<Side: Sendable>(
        _ path: String,
        isNamed: Bool,
        _ old: PartState<Side>,
        _ new: PartState<Side>,
        _ outcome: inout Outcome
    ) -> (Side?, Side?)? {
        var sides: [Side?] = []
        for state in [old, new] {
            switch state {
            case .there(let side): sides.append(side)
            case .absent: sides.append(nil)
            case .uncovered(let reason):
                // Of a partial snapshot only what it holds is compared, unless more was asked for.
                if isNamed {
                    outcome.failures.append(SourceFailure(path: path, kind: .part, reason: reason))
                }
                return nil
            case .unknown(let reason):
                outcome.failures.append(SourceFailure(path: path, kind: .part, reason: reason))
                return nil
            }
        }
        return sides[0] == nil && sides[1] == nil ? nil : (sides[0], sides[1])
    }

    // MARK: - Databases

    private func compare(_ old: DatabaseSide?, _ new: DatabaseSide?) async throws -> DatabaseDiff? {
        let isSame = try await areSameBytes(old, new)
        let (before, after) = (try await schema(of: old), try await schema(of: new))
        let difference = DatabaseDifference(
            old.map { DatabaseDifference.Side($0.database, schema: before) },
            new.map { DatabaseDifference.Side($0.database, schema: after) },
            areSameBytes: isSame
        )
        guard let difference else { return nil }
        var diff = DatabaseDiff(difference)
        if request.comparesTexts, difference.schema != nil, let before, let after {
            diff.schemaPatch = await patch(Array(before.utf8), Array(after.utf8))
        }
        if request.comparesRows, difference.state == .changed || difference.state == .written,
            let old, let new
        {
            try await compareRows(old, new, &diff)
        }
        return diff
    }

    /// Whether both are stored, or written out, as the same bytes; `nil` if that is not known.
    private func areSameBytes(_ old: DatabaseSide?, _ new: DatabaseSide?) async throws -> Bool? {
        guard let old, let new, !old.stored.isEmpty else { return nil }
        if new.scratch.isEmpty {
            return new.stored.isEmpty ? nil : Self.contents(old.stored) == Self.contents(new.stored)
        }
        // Where more is told than bytes, that says more.
        guard old.isOpaque else { return nil }
        guard Set(old.stored.keys) == Set(new.scratch.keys) else { return false }
        for (name, node) in old.stored {
            guard let path = new.scratch[name], try await isSame(node, path) else { return false }
        }
        return true
    }

    private static func contents(_ files: [String: Node]) -> [String: [BlobID]] {
        files.mapValues { $0.content ?? [] }
    }

    /// Whether a stored file has the contents of one on disk.
    private func isSame(_ node: Node, _ path: String) async throws -> Bool {
        struct Differs: Error {}
        return try await withTaskExecutorPreference(BlockingPool.files) {
            let file = try OpenFile.reading(path: path)
            guard try file.status().size == node.size else { return false }
            do {
                try await ContentReader.stream(node, blobs: access.trees.blobs) { bytes in
                    var room = [UInt8](repeating: 0, count: bytes.count)
                    let count = try room.withUnsafeMutableBytes { try file.read(into: $0) }
                    guard count == bytes.count, room.elementsEqual(bytes) else { throw Differs() }
                }
                return true
            } catch is Differs {
                return false
            }
        }
    }

    private func schema(of side: DatabaseSide?) async throws -> String? {
        switch side?.schema {
        case .text(let text)?: text
        case .stored(let node)?:
            try await bytes(of: node).map { String(decoding: $0, as: UTF8.self) }
        case nil: nil
        }
    }

    private func compareRows(
        _ old: DatabaseSide,
        _ new: DatabaseSide,
        _ diff: inout DatabaseDiff
    ) async throws {
        let engine = new.database.engine
        guard diff.difference.engineBefore == nil,
            let comparison = access.workspace.engines.rowComparison(of: engine)
        else {
            diff.rowsProblem = "rows of \(engine) databases are not compared"
            return
        }
        let tables = diff.difference.tables.filter { $0.before != nil && $0.after != nil }.map(\.name)
        if tables.isEmpty { return }
        let blobs = access.trees.blobs
        let before = try await scratch.restore(old.stored, blobs)
        let after = new.scratch.isEmpty ? try await scratch.restore(new.stored, blobs) : new.scratch
        let limit = request.rowsMaximum
        do {
            diff.rows = try await withTaskExecutorPreference(BlockingPool.files) {
                try await Self.run(comparison, tables, before, after, limit)
            }
        } catch let error as SystemError {
            diff.rowsProblem = "\(error)"
        }
    }

    /// A function of its own, because a closure would stay where its caller is.
    private nonisolated static func run(
        _ comparison: any RowComparison,
        _ tables: [String],
        _ old: [String: String],
        _ new: [String: String],
        _ limit: Int
    ) async throws -> [TableRows] { try comparison.compare(tables, from: old, to: new, limit: limit) }

    // MARK: - Captures

    private func compare(
        _ name: String,
        _ old: CaptureSide?,
        _ new: CaptureSide?
    ) async throws -> CaptureDiff {
        func diff(_ state: DatabaseDifference.State) -> CaptureDiff {
            CaptureDiff(name: name, state: state, sizeBefore: old?.size, sizeAfter: new?.size)
        }
        guard let old, let new else { return diff(old == nil ? .appeared : .vanished) }
        if case .stored(let before) = old.contents, case .stored(let after) = new.contents,
            before.content == after.content
        {
            return diff(.unchanged)
        }
        guard let before = try await bytes(of: old), let after = try await bytes(of: new) else {
            // Of two texts of the same length that are too large to be held nothing more is known.
            var changed = diff(old.size == new.size ? .written : .changed)
            if request.comparesTexts { changed.body = .tooLarge }
            return changed
        }
        if before == after { return diff(.unchanged) }
        var changed = diff(.changed)
        if request.comparesTexts { changed.body = await patch(before, after) }
        return changed
    }

    private func bytes(of side: CaptureSide) async throws -> [UInt8]? {
        switch side.contents {
        case .bytes(let bytes): bytes
        case .stored(let node): try await bytes(of: node)
        }
    }

    private func bytes(of node: Node) async throws -> [UInt8]? {
        try await ChangedContents.stored(access.trees.blobs)
            .bytes(of: node, at: [], limit: TextPatch.byteMaximum)
    }

    private func patch(_ old: [UInt8], _ new: [UInt8]) async -> DiffPatch.Body {
        guard max(old.count, new.count) <= TextPatch.byteMaximum else { return .tooLarge }
        // Comparing long texts takes a processor for a while.
        let patch = await withTaskExecutorPreference(BlockingPool.processors) {
            TextPatch.compare(old, new)
        }
        return switch patch {
        case .binary: .binary
        case .text(let hunks, let added, let removed): .text(hunks: hunks, added: added, removed: removed)
        }
    }
}
