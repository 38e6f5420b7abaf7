package import BelayArchive
package import BelayCore
import BelayFormat
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
    /// What the last backup saw and is unchanged is not read. What `overlays` names counts as what stands there: the live
    /// file of a database may differ from its copy and mean the same.
    static func run(
        _ access: SnapshotAccess,
        _ overlays: CaptureOverlays,
        _ known: KnownBlobs,
        progress: CaptureProgress
    ) async throws -> ProjectScan {
        let workspace = access.workspace
        let rehearsal = TreeRehearsal(workspace.repository)
        // Blobs are dropped, so compressing them would be for nothing.
        var settings = ArchiveSettings(of: workspace, started: workspace.clock.now())
        settings.compression = .off
        settings.overlays.add(overlays)
        settings.includeOverlays()
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
}
