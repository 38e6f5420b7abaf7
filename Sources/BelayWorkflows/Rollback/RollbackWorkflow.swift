import BelayArchive
import BelayCore
import BelayParts
import BelayProject
import BelayRepository
import BelaySystem

/// Brings databases of the project back to a snapshot, in place.
///
/// In this order: what is there is stored in a safety snapshot; every database is loaded beside the live one and
/// compared with the manifest; only then each takes the live one's place, whole or not at all, and what it replaces
/// is kept. If one cannot, those before it are taken back.
package struct RollbackWorkflow: Sendable {
    private let workspace: Workspace
    private let request: RollbackRequest

    package init(_ workspace: Workspace, _ request: RollbackRequest) {
        self.workspace = workspace
        self.request = request
    }

    /// Makes a plan, asks `confirm`, and carries it out; `nil` if that says no, or there is nothing to do.
    package func run(confirm: (RollbackPlan) async throws -> Bool) async throws -> RollbackResult? {
        try await SnapshotAccess.with(workspace) { access in
            let located = try await access.snapshot(request.snapshot)
            let plan = try await plan(located)
            guard try await confirm(plan), !plan.changing.isEmpty else { return nil }
            let begin = ContinuousClock.now
            let safety = try await storeSafety(plan)
            let beginOfLoading = ContinuousClock.now
            let staged = try await stage(plan, located, access)
            let loading = ContinuousClock.now - beginOfLoading
            let databases = try await exchange(staged)
            return RollbackResult(
                plan: plan,
                safety: safety.snapshot,
                unstored: safety.unstored,
                databases: databases,
                loading: loading,
                duration: ContinuousClock.now - begin
            )
        }
    }

    // MARK: - Plan

    private func plan(_ located: LocatedSnapshot) async throws -> RollbackPlan {
        var reader = ManifestReader(workspace)
        let stored = try await reader.manifest(of: located.stored.snapshot)?.databases ?? []
        var plan = RollbackPlan(snapshot: located.stored, databases: [])
        for argument in request.only {
            let parts = argument.split(separator: "/", maxSplits: 1).map(String.init)
            let (name, collection) = (parts.first ?? "", parts.dropFirst().first)
            guard var database = stored.first(where: { $0.name == name }) else {
                let names = stored.map(\.name).joined(separator: ", ")
                throw BelayError(
                    .usage,
                    "snapshot \(located.stored.id.short) holds no database '\(name)'",
                    hint: names.isEmpty ? "it holds none" : "it holds: \(names)"
                )
            }
            let engine = try engine(for: database, collection)
            if let collection { database.tables.removeAll { $0.name != collection } }
            var present = RollbackPlan.Database.Present.other
            if try await !engine.isThere() {
                present = .missing
            } else if collection == nil, let fingerprint = database.fingerprint,
                try await engine.fingerprint() == fingerprint
            {
                present = .same
            }
            plan.databases.append(
                .init(argument: argument, stored: database, present: present, engine: engine)
            )
        }
        return plan
    }

    private func engine(for database: Manifest.Database, _ collection: String?) throws -> any RestorableEngine
    {
        guard
            let settings = workspace.project.configuration.databases.first(where: { $0.name == database.name }
            )
        else {
            throw BelayError(
                .usage,
                "belay.yaml has no database '\(database.name)' to bring back",
                hint: "name it under `databases` as it was, or restore it elsewhere with `belay restore`"
            )
        }
        let engine = try workspace.engines.engine(for: settings, in: workspace)
        guard engine.kind == database.engine, let restorable = engine as? any RestorableEngine else {
            throw BelayError(
                .usage,
                engine.kind == database.engine
                    ? "belay cannot bring back a database of the engine '\(engine.kind)' in place"
                    : "the database '\(database.name)' was one of '\(database.engine)' and is one of '\(engine.kind)' now",
                hint: "restore it elsewhere: belay restore SNAP --include-generated --to DIR"
            )
        }
        guard let collection else { return restorable }
        guard let collections = restorable as? any CollectionEngine else {
            throw BelayError(
                .usage,
                "a database of the engine '\(engine.kind)' comes back as a whole",
                hint: "name it alone: --only \(database.name)"
            )
        }
        return collections.collection(collection)
    }

    // MARK: - Steps

    /// What was stored before anything changed, and what could not be.
    private struct Safety {
        var snapshot: StoredSnapshot?
        var unstored: [String] = []
    }

    private func storeSafety(_ plan: RollbackPlan) async throws -> Safety {
        var names: [String] = []
        for database in plan.changing where !names.contains(database.stored.name) {
            // A collection that is missing is in no place; the others of its database are.
            if case .missing = database.present, database.argument == database.stored.name { continue }
            names.append(database.stored.name)
        }
        if names.isEmpty { return Safety() }
        var backup = BackupRequest()
        backup.kind = .safety
        backup.only = names
        backup.message = "before the rollback to \(plan.snapshot.id.short)"
        let result: BackupResult
        do {
            result = try await BackupWorkflow(workspace, backup, progress: CaptureProgress()).run()
        } catch let error as BelayError where error.code == .databaseUnreadable {
            // None of them could be read.
            try passOver(error.message)
            return Safety(unstored: names)
        }
        let stored = result.manifest.databases?.map(\.name) ?? []
        let unstored = names.filter { !stored.contains($0) }
        if !unstored.isEmpty || result.lostPacks > 0 || result.lostSnapshots > 0 {
            try passOver(result.failures.first?.reason ?? "the repository lacks something")
        }
        return Safety(snapshot: result.snapshot, unstored: unstored)
    }

    /// - Throws: unless it is wanted that what cannot be stored is replaced.
    private func passOver(_ reason: String) throws(BelayError) {
        guard request.isForced else {
            throw BelayError(
                .sourceIncomplete,
                "nothing was changed, because what is there could not be stored first: \(reason)",
                hint: "with --force it is replaced all the same, and only kept beside, in no snapshot"
            )
        }
        workspace.repository.note("what is there could not be stored first: \(reason)")
    }

    private typealias Staged = (database: RollbackPlan.Database, copy: any StagedDatabase)

    private func stage(
        _ plan: RollbackPlan,
        _ located: LocatedSnapshot,
        _ access: SnapshotAccess
    ) async throws -> [Staged] {
        var staged: [Staged] = []
        do {
            for database in plan.changing {
                let source = try await SnapshotPart(database.stored, in: located, access)
                let copy = try await database.engine.stage(database.stored, from: source)
                staged.append((database, copy))
                let found = try await copy.survey()
                let differences = DatabaseComparison.differences(database.stored.tables, found.tables)
                guard differences.isEmpty else {
                    throw BelayError(
                        .databaseUnrestorable,
                        "the database '\(database.argument)' was loaded and is not what was stored: "
                            + differences.joined(separator: "; "),
                        hint: "nothing was changed; try an earlier snapshot"
                    )
                }
            }
            return staged
        } catch {
            await discard(staged)
            throw error
        }
    }

    private func exchange(_ staged: [Staged]) async throws -> [RollbackResult.Database] {
        var done: [RollbackResult.Database] = []
        do {
            for (database, copy) in staged {
                try Task.checkCancellation()
                let begin = ContinuousClock.now
                let kept = try await copy.swap(at: workspace.clock.now())
                let exchange = ContinuousClock.now - begin
                done.append(
                    .init(
                        argument: database.argument,
                        stored: database.stored,
                        kept: kept,
                        exchange: exchange
                    )
                )
            }
        } catch {
            for (database, finished) in zip(staged.map(\.database), done) {
                try await takeBack(finished, database.engine)
            }
            await discard(staged)
            throw error
        }
        await discard(staged)
        return done
    }

    private func takeBack(_ finished: RollbackResult.Database, _ engine: any RestorableEngine) async throws {
        let name = finished.stored.name
        guard let kept = finished.kept else {
            return workspace.repository.note("the database '\(name)', which was not there, was brought back")
        }
        do {
            // Even when this was cancelled.
            let moment = workspace.clock.now()
            let second = try await Task { try await engine.takeBack(kept, at: moment) }.value
            if let second { try await Task { try await engine.drop(second) }.value }
        } catch {
            workspace.repository.note(
                "the database '\(name)' was brought back and stays so, for taking it back failed: \(error); "
                    + "what it replaced is in \(kept.place)"
            )
        }
    }

    private func discard(_ staged: [Staged]) async {
        for (database, copy) in staged {
            do {
                try await Task { try await copy.discard() }.value
            } catch {
                workspace.repository.note(
                    "a copy of the database '\(database.stored.name)' could not be removed: \(error)"
                )
            }
        }
    }
}
