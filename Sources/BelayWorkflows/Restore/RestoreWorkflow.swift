package import BelayArchive
package import BelayCore
import BelayParts
import BelayRepository
import BelayStore
import BelaySystem

/// What a restore is asked to do.
package struct RestoreCommandRequest: Sendable {
    package var snapshot: String
    /// Paths below the project's directory; empty for everything.
    package var paths: [String] = []
    /// Patterns of paths in the snapshot that choose among them.
    package var patterns: RestorePatterns?
    /// Absolute path of the directory to restore into.
    package var target: String
    /// `nil` if nobody said: then a directory with something in it is refused.
    package var overwrite: OverwritePolicy?
    package var verifies = false
    package var isDryRun = false
    /// Whether `.belay` is restored as well.
    package var includesGenerated = false
    /// Whether dumps of PostgreSQL become SQL.
    package var writesSQL = false

    package init(snapshot: String, target: String) {
        self.snapshot = snapshot
        self.target = target
    }
}

/// What a restore did.
package struct RestoreResult: Sendable {
    package var snapshot: StoredSnapshot
    package var target: String
    package var report: RestoreReport
    package var obstacles: [String]
    package var isDryRun: Bool
    package var verified: Bool
    package var duration: Duration
}

/// Restores a snapshot, or paths of it, somewhere else than into the project.
package struct RestoreWorkflow: Sendable {
    private let workspace: Workspace
    private let request: RestoreCommandRequest
    private let progress: RestoreProgress

    package init(_ workspace: Workspace, _ request: RestoreCommandRequest, progress: RestoreProgress) {
        self.workspace = workspace
        self.request = request
        self.progress = progress
    }

    package func run() async throws -> RestoreResult {
        try refuseProtected()
        try refuseFullTarget()
        let begin = ContinuousClock.now
        return try await SnapshotAccess.with(workspace) { access in
            let located = try await access.snapshot(request.snapshot)
            let restorer = Restorer(repository: workspace.repository, index: access.trees.blobs.index)
            var restore = rootRequest(located)
            // What is missing is told with what may have been meant; of several the plan names all.
            if request.paths.count == 1 { _ = try await access.find(request.paths[0], in: located) }
            restore.patterns = request.patterns
            restore.overwrite = request.overwrite ?? .never
            restore.verifies = request.verifies
            // Over a network the last errors show only when everything is written out.
            restore.isDurable =
                request.verifies || !Paths.isLocalFileSystem(Paths.nearestExisting(request.target))
            restore.isDryRun = request.isDryRun
            var reader = ManifestReader(workspace)
            let manifest = try await reader.readable(located.stored)
            // Another program's snapshot holds nothing of ours: a folder of that name is the project's own.
            restore.leavesOutGenerated =
                !request.includesGenerated && restore.paths.isEmpty && restore.base.isEmpty
                && (manifest != nil || located.stored.snapshot.tags.contains("belay"))
            let plan = try await restorer.plan(restore)
            try refuseMissingSpace(plan)
            warnOfSecondCopy()
            let report = try await restorer.restore(plan, progress: progress)
            if let count = manifest?.failureCount ?? manifest?.failures?.count, count > 0 {
                workspace.repository.note(
                    "snapshot \(located.stored.id.short) is incomplete: \(Count.text(count, "item")) could not be stored as "
                        + "they were; `belay show \(located.stored.id.short)` names them"
                )
            }
            if request.writesSQL && !request.isDryRun { try await writeSQL() }
            return RestoreResult(
                snapshot: located.stored,
                target: request.target,
                report: report,
                obstacles: plan.obstacles,
                isDryRun: request.isDryRun,
                verified: request.verifies && !request.isDryRun,
                duration: ContinuousClock.now - begin
            )
        }
    }

    /// Puts statements in the place of the dumps that were restored.
    private func writeSQL() async throws {
        let folder = "\(request.target)/\(GeneratedFolder.name)/databases"
        let dumps = try Paths.names(in: folder).filter { $0.hasSuffix(".pgdump") }
        if dumps.isEmpty {
            workspace.repository.note("what was restored has no dump of PostgreSQL to be written as SQL")
        }
        for name in dumps {
            let script = "\(folder)/\(name.dropLast(7)).sql"
            try await PostgresScript.write(
                dump: "\(folder)/\(name)",
                to: script,
                environment: workspace.environment
            )
            try Paths.remove("\(folder)/\(name)")
        }
    }

    /// What to restore from where: places in the target count from where `belay ls` counts them.
    ///
    /// That is the project's directory, even where another program stored the whole way to it; or the root of the
    /// snapshot, if something beside the project is asked for.
    private func rootRequest(_ located: LocatedSnapshot) -> RestoreRequest {
        let paths = request.paths.map { located.path($0) }
        let base = located.base + [0x2F]
        var restore = RestoreRequest(tree: located.stored.snapshot.tree, target: request.target)
        restore.paths = paths
        if !located.base.isEmpty, let tree = located.project.subtree,
            paths.allSatisfy({ $0 == located.base || $0.starts(with: base) })
        {
            restore.tree = tree
            restore.base = located.base
            restore.paths = paths.map { Array($0.dropFirst(base.count)) }
        }
        // A path that means the directory itself means everything.
        if restore.paths.contains(where: \.isEmpty) { restore.paths = [] }
        return restore
    }

    /// Says so if the next backup stores what is restored once more.
    private func warnOfSecondCopy() {
        let target = Paths.resolved(request.target)
        let project = Paths.resolved(workspace.project.directory)
        guard let path = Paths.relative(target, to: project) else { return }
        var settings = ArchiveSettings(of: workspace, started: workspace.clock.now())
        settings.root = project
        // Patterns that cannot be used are told by the backup.
        guard (try? StoredPaths.includes(Array(path.utf8), settings)) ?? true else { return }
        workspace.repository.note(
            "\(request.target) is in the project, so the next backup stores what was restored once more: move it out of the project, or name it under `exclude` in belay.yaml"
        )
    }

    /// Neither what is in the project nor the repository itself may be written over.
    ///
    /// A new or empty directory inside the project is somewhere else, too.
    private func refuseProtected() throws {
        let target = Paths.resolved(request.target)
        let project = Paths.resolved(workspace.project.directory)
        guard target != project else {
            throw BelayError(
                .targetNotUsable,
                "\(target) is the project itself, which a restore never touches",
                hint: "name another directory with --to"
            )
        }
        if request.overwrite != nil,
            Paths.relative(target, to: project) != nil || Paths.relative(project, to: target) != nil,
            try !Paths.names(in: target).isEmpty
        {
            throw BelayError(
                .targetNotUsable,
                "files of the project in \(project) could be overwritten, which a restore never touches",
                hint: "name a directory outside the project with --to, or an empty one, without --overwrite"
            )
        }
        let repository = Paths.resolved(workspace.repository.store.properties.location)
        guard target != repository, Paths.relative(target, to: repository) == nil else {
            throw BelayError(
                .targetNotUsable,
                "\(target) is in the repository",
                hint: "name another directory with --to"
            )
        }
    }

    private func refuseFullTarget() throws {
        guard request.overwrite == nil, try !Paths.names(in: request.target).isEmpty else { return }
        throw BelayError(
            .targetNotUsable,
            "\(request.target) is not empty",
            hint:
                "name another directory, or say what becomes of files that are there: --overwrite if-changed"
        )
    }

    private func refuseMissingSpace(_ plan: RestorePlan) throws {
        // Where the free space cannot be told, the restore finds out.
        guard request.overwrite == nil,
            let available = try? Paths.availableSpace(Paths.nearestExisting(request.target)),
            plan.bytesNeeded > available
        else { return }
        throw BelayError(
            .targetNotUsable,
            "\(request.target) has \(ByteCount(available)) free, and \(ByteCount(plan.bytesNeeded)) are to be restored",
            hint: "free some space, or restore to another disk with --to"
        )
    }
}
