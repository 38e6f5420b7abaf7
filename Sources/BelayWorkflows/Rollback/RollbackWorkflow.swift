import BelayArchive
import BelayCore
import BelayParts
import BelayProject
import BelayRepository
import BelaySystem

/// Brings databases of the project, and what its captures tell of, back to a snapshot, in place.
///
/// In this order: what is there is stored in a safety snapshot; every database is loaded beside the live one and
/// compared with the manifest; only then each takes the live one's place, whole or not at all, and what it replaces
/// is kept. If one cannot, those before it are taken back. What commands bring back comes last: they change what is
/// live, and only the safety snapshot can take that back.
package struct RollbackWorkflow: Sendable {
    private let workspace: Workspace
    private let request: RollbackRequest
    private let progress: PartProgress

    package init(_ workspace: Workspace, _ request: RollbackRequest, progress: PartProgress) {
        self.workspace = workspace
        self.request = request
        self.progress = progress
    }

    /// Makes a plan, asks `confirm`, and carries it out; `nil` if that says no, or there is nothing to do.
    package func run(confirm: (RollbackPlan) async throws -> Bool) async throws -> RollbackResult? {
        try await SnapshotAccess.with(workspace) { access in
            let located = try await access.snapshot(request.snapshot)
            let plan = try await plan(located)
            guard try await confirm(plan), !plan.changing.isEmpty else { return nil }
            let begin = ContinuousClock.now
            let safety = try await storeSafety(plan)
            defer { progress.end() }
            let beginOfLoading = ContinuousClock.now
            let staged = try await stage(plan, located, access)
            let loading = ContinuousClock.now - beginOfLoading
            let databases = try await exchange(staged, safety)
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
        let manifest = try await reader.manifest(of: located.stored.snapshot)
        let stored = (manifest?.databases ?? []) + (manifest?.captures ?? []).map(Self.part)
        var plan = RollbackPlan(snapshot: located.stored, databases: [])
        for argument in request.only {
            let parts = argument.split(separator: "/", maxSplits: 1).map(String.init)
            let (name, collection) = (parts.first ?? "", parts.dropFirst().first)
            guard var database = stored.first(where: { $0.name == name }) else {
                let names = stored.map(\.name).joined(separator: ", ")
                throw BelayError(
                    .usage,
                    "snapshot \(located.stored.id.short) holds no database or capture '\(name)'",
                    hint: names.isEmpty ? "it holds none" : "it holds: \(names)"
                )
            }
            let engine = try engine(for: database, collection)
            if let collection { database.tables.removeAll { $0.name != collection } }
            try refuseDamaged(database, in: located.stored)
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
        // What cannot be taken back comes last, when nothing else can fail any more.
        plan.databases.sort { !$0.isByCommand && $1.isByCommand }
        return plan
    }

    /// Nothing was counted in a database that was stored damaged, so nothing could be compared.
    private func refuseDamaged(_ database: Manifest.Database, in snapshot: StoredSnapshot) throws(BelayError)
    {
        guard let integrity = database.checks["integrity"], integrity != "ok", !request.isForced else {
            return
        }
        throw BelayError(
            .databaseUnrestorable,
            "snapshot \(snapshot.id.short) holds the database '\(database.name)' as it was, damaged: \(integrity)",
            hint: "an earlier snapshot may hold it sound; with --force it is brought back like this"
        )
    }

    /// A capture, as what a command brings back like a database.
    private static func part(_ capture: Manifest.Capture) -> Manifest.Database {
        Manifest.Database(name: capture.name, engine: "capture", path: capture.path, bytes: capture.bytes)
    }

    private func engine(for database: Manifest.Database, _ collection: String?) throws -> any RestorableEngine
    {
        let engine = try engine(for: database)
        guard engine.kind == database.engine else {
            throw BelayError(
                .usage,
                "the database '\(database.name)' was one of '\(database.engine)' and is one of '\(engine.kind)' now",
                hint: Self.elsewhere
            )
        }
        guard let restorable = engine as? any RestorableEngine else {
            throw BelayError(
                .usage,
                "belay.yaml has no `restore` command for \(engine.title)",
                hint: "add one that reads what was stored, or \(Self.elsewhere)"
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

    private static let elsewhere = "restore it elsewhere: belay restore SNAP --include-generated --to DIR"

    private func engine(for database: Manifest.Database) throws -> any DatabaseEngine {
        let configuration = workspace.project.configuration
        if database.engine == "capture" {
            if let settings = configuration.captures.first(where: { $0.name == database.name }) {
                return workspace.engines.engine(for: settings, in: workspace)
            }
        } else if let settings = configuration.databases.first(where: { $0.name == database.name }) {
            return try workspace.engines.engine(for: settings, in: workspace)
        }
        let kind = database.engine == "capture" ? "capture" : "database"
        throw BelayError(
            .usage,
            "belay.yaml has no \(kind) '\(database.name)' to bring back",
            hint: "name it under `\(kind)s` as it was, or \(Self.elsewhere)"
        )
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
            result = try await BackupWorkflow(workspace, backup, progress: CaptureProgress(), parts: progress)
                .run()
        } catch let error as BelayError where [.databaseUnreadable, .captureFailed].contains(error.code) {
            // None of them could be read.
            try passOver(names, plan, error.message)
            return Safety(unstored: names)
        }
        let stored =
            (result.manifest.databases ?? []).map(\.name) + (result.manifest.captures ?? []).map(\.name)
        let unstored = names.filter { !stored.contains($0) }
        // What the repository has lost was stored again, and is told of by the backup.
        if !unstored.isEmpty {
            try passOver(unstored, plan, result.failures.first?.reason ?? "no reason was given")
        }
        return Safety(snapshot: result.snapshot, unstored: unstored)
    }

    /// - Throws: unless it is wanted that what cannot be stored is replaced.
    private func passOver(_ names: [String], _ plan: RollbackPlan, _ reason: String) throws(BelayError) {
        guard request.isForced else {
            let lost = plan.changing.filter { $0.isByCommand && names.contains($0.stored.name) }
            throw BelayError(
                .sourceIncomplete,
                "nothing was changed, because what is there could not be stored first: \(reason)",
                hint: lost.isEmpty
                    ? "with --force it is replaced all the same, and only kept beside, in no snapshot"
                    : "with --force it is replaced all the same; of \(lost.map(\.argument).joined(separator: ", ")), "
                        + "which a command brings back, nothing is kept then"
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
                progress.begin(.loading, database.argument, total: database.stored.bytes)
                let source = try await SnapshotPart(database.stored, in: located, access, progress)
                let copy = try await database.engine.stage(database.stored, from: source)
                staged.append((database, copy))
                progress.begin(.comparing, database.argument)
                let found = try await copy.survey()
                var differences = DatabaseComparison.differences(database.stored.tables, found.tables)
                if let integrity = found.checks["integrity"],
                    integrity != database.stored.checks["integrity"] ?? "ok"
                {
                    differences.append("damaged: \(integrity)")
                }
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

    private func exchange(
        _ staged: [Staged],
        _ safety: Safety
    ) async throws -> [RollbackResult.Database] {
        var done: [RollbackResult.Database] = []
        do {
            for (database, copy) in staged {
                try Task.checkCancellation()
                progress.begin(.exchanging, database.argument)
                let begin = ContinuousClock.now
                let kept = try await settled(database) { try await copy.swap(at: workspace.clock.now()) }
                let exchange = ContinuousClock.now - begin
                done.append(
                    .init(
                        argument: database.argument,
                        stored: database.stored,
                        kept: kept,
                        exchange: exchange,
                        isByCommand: database.isByCommand,
                        wasThere: database.isByCommand || kept != nil
                    )
                )
            }
        } catch {
            for (database, finished) in zip(staged.map(\.database), done) {
                try await takeBack(finished, database.engine)
            }
            await discard(staged)
            if done.count < staged.count { tellHalfDone(staged[done.count].database, safety) }
            throw error
        }
        await discard(staged)
        return done
    }

    /// Notes what went wrong once a state had taken its place.
    private func settled(
        _ database: RollbackPlan.Database,
        _ exchange: () async throws -> KeptDatabase?
    ) async throws -> KeptDatabase? {
        do {
            return try await exchange()
        } catch let late as UnsettledExchange {
            workspace.repository.note(
                "the database '\(database.argument)' was brought back, but \(late.reason)"
            )
            return late.kept
        }
    }

    /// A command that fails or is interrupted may have done a part of its work, which only the safety snapshot can
    /// mend.
    private func tellHalfDone(_ database: RollbackPlan.Database, _ safety: Safety) {
        guard database.isByCommand else { return }
        let name = database.argument
        let way =
            if let snapshot = safety.snapshot, !safety.unstored.contains(database.stored.name) {
                "what was there: belay rollback \(snapshot.id.short) --only \(name)"
            } else {
                "what was there is in no snapshot"
            }
        workspace.repository.note("the command of '\(name)' may have done a part of its work; \(way)")
    }

    private func takeBack(_ finished: RollbackResult.Database, _ engine: any RestorableEngine) async throws {
        let name = finished.stored.name
        guard let kept = finished.kept else {
            let how = finished.isByCommand ? "by its command" : "which was not there,"
            return workspace.repository.note("'\(name)', \(how) was brought back, and stays so")
        }
        do {
            // Even when this was cancelled.
            let moment = workspace.clock.now()
            let second = try await Task { try await engine.takeBack(kept, at: moment) }.value
            if let second { try await Task { try await engine.drop(second) }.value }
        } catch let late as UnsettledExchange {
            workspace.repository.note("the database '\(name)' is as it was before, but \(late.reason)")
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
