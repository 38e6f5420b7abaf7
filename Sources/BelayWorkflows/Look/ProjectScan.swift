package import BelayArchive
package import BelayCore
import BelayFormat
import BelayProject
import BelayRepository
import BelaySystem

/// The project's files as they are now, as trees that can be compared with a snapshot's.
package struct ProjectScan: Sendable {
    package let tree: BlobID
    package let source: TreeSource
    /// What could not be read, and so is missing from the tree.
    package let failures: [SourceFailure]

    /// Stores the project's files in a rehearsal: what a backup would store now.
    ///
    /// What the last backup saw and is unchanged is not read. A database that is as it was in `snapshot`, with which the
    /// project is compared, counts as its copy there: the live file may differ from it and mean the same.
    static func run(
        _ access: SnapshotAccess,
        against snapshot: StoredSnapshot,
        progress: CaptureProgress
    ) async throws -> ProjectScan {
        let workspace = access.workspace
        let rehearsal = TreeRehearsal(workspace.repository)
        // Blobs are dropped, so compressing them would be for nothing.
        var settings = ArchiveSettings(of: workspace, started: workspace.clock.now())
        settings.compression = .off
        let known = try await workspace.repository.loadKnownBlobs()
        try await overlay(&settings, snapshot, workspace, known)
        // One that may read the cache, and one that never writes it.
        let cache = Archiver(
            repository: workspace.repository,
            settings: settings,
            cacheFolder: workspace.projectCacheFolder
        ).openCache(snapshots: Set(access.catalog.all.map(\.id)))
        let archiver = Archiver(repository: rehearsal.repository, settings: settings, cacheFolder: nil)
        let holds = cache.map { Set(known.indexIDs).isSuperset(of: $0.head.indexes) } ?? true
        let result = try await BlobWriter.with(
            rehearsal.repository,
            known: known,
            packSize: settings.packSize
        ) { writer in
            try await archiver.store(
                through: writer,
                cache: cache,
                verifyingAgainst: holds ? nil : known,
                progress: progress
            )
        }.result
        for note in rehearsal.repository.notes { workspace.repository.note(note) }
        return ProjectScan(
            tree: result.tree,
            source: TreeSource(fresh: try await rehearsal.trees(), stored: access.trees),
            failures: result.failures
        )
    }

    private static func overlay(
        _ settings: inout ArchiveSettings,
        _ snapshot: StoredSnapshot,
        _ workspace: Workspace,
        _ known: KnownBlobs
    ) async throws {
        let databases = workspace.project.configuration.databases
        let states = try await EarlierState.all(of: databases, in: snapshot, workspace, known: known)
        for database in databases {
            for path in database.companions(in: workspace.project.directory) {
                settings.overlays.leaveOut(path)
            }
            guard let state = states[database.name], let source = state.database.source,
                let file = state.files.first
            else { continue }
            let engine = try workspace.engines.engine(for: database, in: workspace)
            if try await state.isCurrent(engine) { settings.overlays.add(file.stream, for: source) }
        }
        settings.includeOverlays()
    }
}
