import BelayArchive
package import BelayCore
import BelayParts
import BelayRepository

/// What became of a stored database that was loaded into a scratch place.
package struct RehearsedDatabase: Sendable {
    package enum Outcome: Sendable {
        /// It holds what the manifest tells: so many tables, and rows in them.
        case same(tables: Int, rows: UInt64)
        /// It was loaded and is otherwise, or could not be loaded: in sentences.
        case wrong([String])
        /// It could not be tried here: why.
        case untried(String)
    }

    package var snapshot: StoredSnapshot
    package var name: String
    package var engine: String
    package var outcome: Outcome
    package var duration: Duration
}

/// Loads every database of snapshots into a scratch place, and compares it with the manifest.
struct DatabaseRehearsal {
    let access: SnapshotAccess
    let progress: PartProgress

    /// A state that several snapshots share is loaded once.
    func run(_ snapshots: [StoredSnapshot]) async throws -> [RehearsedDatabase] {
        var reader = ManifestReader(access.workspace)
        var seen: Set<Manifest.Database> = []
        var rehearsed: [RehearsedDatabase] = []
        defer { progress.end() }
        for stored in snapshots {
            guard let databases = try await reader.readable(stored)?.databases else { continue }
            let snapshot = try await access.locate(stored)
            for database in databases {
                var state = database
                state.isReused = false
                guard database.fingerprint == nil || seen.insert(state).inserted else { continue }
                rehearsed.append(try await rehearse(database, in: snapshot))
            }
        }
        return rehearsed
    }

    private func rehearse(
        _ database: Manifest.Database,
        in snapshot: LocatedSnapshot
    ) async throws -> RehearsedDatabase {
        let begin = ContinuousClock.now
        let outcome = try await outcome(database, in: snapshot)
        return RehearsedDatabase(
            snapshot: snapshot.stored,
            name: database.name,
            engine: database.engine,
            outcome: outcome,
            duration: ContinuousClock.now - begin
        )
    }

    private func outcome(
        _ database: Manifest.Database,
        in snapshot: LocatedSnapshot
    ) async throws -> RehearsedDatabase.Outcome {
        let workspace = access.workspace
        guard let engine = workspace.engines.engine(forStored: database, in: workspace) else {
            return .untried("belay cannot load a database of the engine '\(database.engine)' by itself")
        }
        progress.begin(.loading, database.name, total: database.bytes)
        do {
            let source = try await SnapshotPart(database, in: snapshot, access, progress)
            let state = try await engine.rehearse(database, from: source)
            var differences = DatabaseComparison.differences(database.tables, state.tables)
            for (check, result) in state.checks.sorted(by: { $0.key < $1.key }) {
                // A damaged file that was stored as it is stays what it is: damaged.
                let isFine = check == "integrity" ? "ok" : database.checks[check] ?? "ok"
                if result != isFine { differences.append("\(check.replacing("_", with: " ")): \(result)") }
            }
            if !differences.isEmpty { return .wrong(differences) }
            return .same(tables: state.tables.count, rows: state.tables.reduce(0) { $0 + $1.rows })
        } catch let error as BelayError where error.code == .databaseProgramsMissing {
            return .untried(error.message)
        } catch let error as BelayError
            where [.databaseUnrestorable, .databaseUnreadable, .repositoryDamaged, .restoreIncomplete]
            .contains(error.code)
        {
            return .wrong([error.message])
        }
    }
}
