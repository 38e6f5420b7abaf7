package import BelayArchive
import BelayCore
import BelayFormat
import BelayProject
import BelayRepository
import BelayRules
import BelayStore
import BelaySystem

/// Stores one snapshot of a project.
///
/// What is on stable storage at each point: packs, then the index files that name their blobs, then, last and
/// at once, the snapshot. Cut off anywhere before that, there is no snapshot, and what was stored is used by
/// the next run.
package struct BackupWorkflow: Sendable {
    let workspace: Workspace
    let request: BackupRequest
    private let progress: CaptureProgress
    private let parts: PartProgress

    package init(
        _ workspace: Workspace,
        _ request: BackupRequest,
        progress: CaptureProgress,
        parts: PartProgress
    ) {
        self.workspace = workspace
        self.request = request
        self.progress = progress
        self.parts = parts
    }

    package func run() async throws -> BackupResult {
        if request.isDryRun {
            let rehearsal = workspace.repository.rehearsing()
            defer { for note in rehearsal.notes { workspace.repository.note(note) } }
            return try await store(in: rehearsal, lock: nil)
        }
        try workspace.repository.requireWritable()
        return try await workspace.repository.withLock(.shared, retry: workspace.lockRetry) { lock in
            try await store(in: workspace.repository, lock: lock)
        }
    }

    private func store(in repository: Repository, lock: RepositoryLock?) async throws -> BackupResult {
        let clock = ContinuousClock()
        let begin = clock.now
        let started = workspace.clock.now()
        let selection = try PartSelection(request.only, in: workspace.project)
        let tags = try snapshotTags(selection)
        // The snapshots first, then the index: one that appears in between is in the index then.
        let catalog = try await SnapshotCatalog.load(workspace)
        noteUnreadable(catalog)
        try refuseTakenName(catalog)
        let known = try await workspace.repository.loadKnownBlobs()
        let settings = archiveSettings(selection, started)
        let reader = Archiver(
            repository: repository,
            settings: settings,
            cacheFolder: usesCache ? workspace.projectCacheFolder : nil
        )
        // A dry run counts by the cache as well, and leaves it as it is.
        let archiver =
            request.isDryRun
            ? Archiver(repository: repository, settings: settings, cacheFolder: nil) : reader
        // A snapshot that got other tags has another id; it keeps the first one, and holds what it held.
        let present = Set(catalog.all.map(\.id)).union(catalog.all.compactMap(\.snapshot.original))
        let (host, paths) = (repository.host.hostname, [workspace.project.directory])
        let parent = catalog.parent(host: host, paths: paths)
        let whole = catalog.lastWhole(host: host, paths: paths)
        let own = request.isForced ? nil : reader.openCache(snapshots: present)
        var damage: [BelayError] = []
        let made = own == nil ? try await makeCache(reader, whole, catalog, &damage) : nil
        let cache = own ?? made
        let indexes = Set(known.indexIDs)
        let holds = own.map { indexes.isSuperset(of: $0.head.indexes) } ?? (made == nil)
        tellLostPacks(known)
        let lostSnapshots = tellLostSnapshots(catalog, known) + tellDamage(damage, of: whole)

        let stored = try await BlobWriter.with(
            repository,
            known: known,
            packSize: request.packSize,
            lock: lock
        ) { writer in
            let parts = try await PartsCapture(
                workspace: workspace,
                repository: repository,
                writer: writer,
                known: known,
                compression: request.compression,
                last: request.isForced
                    ? [] : (parent?.id == whole?.id ? [whole] : [parent, whole]).compactMap(\.self),
                whole: whole,
                progress: self.parts
            ).run(selection)
            var archiver = archiver
            archiver.settings.overlays.add(parts.overlays)
            archiver.settings.includeOverlays()
            let files =
                selection.hasFiles
                ? try await archiver.store(
                    through: writer,
                    cache: cache,
                    verifyingAgainst: holds && known.lostPacks.isEmpty ? nil : known,
                    progress: progress
                ) : CaptureResult.nothing
            if selection.hasFiles { try refuseEmpty(files, whole) }
            let failures = files.failures + missingParts(selection, parts)
            let isUnchanged = cache != nil && cache?.head.tree == files.tree && parts.isUnchanged
            let manifest = makeManifest(selection, files, parts, failures, started)
            // Also ends the waiting for git.
            try Task.checkCancellation()
            // A snapshot that has lost something is no reason to go without one that has not.
            let isSound = lostSnapshots == 0 && known.lostPacks.isEmpty
            if request.skipsUnchanged && isUnchanged && isSound && !request.isDryRun {
                return (files, parts, failures, manifest, [UInt8](), BlobID?.none, isUnchanged)
            }
            let text = try ManifestText.encode(manifest)
            let generated = GeneratedTree(repository, through: writer, at: started)
            let file = GeneratedFile(
                path: [GeneratedFolder.manifest],
                stream: try await generated.store(text)
            )
            let root = try await generated.store([file] + parts.files, besides: files.rootNodes)
            return (files, parts, failures, manifest, text, BlobID?.some(root), isUnchanged)
        }
        let (files, parts, failures, manifest, manifestText, root, isUnchanged) = stored.result
        var result = BackupResult(
            snapshot: nil,
            manifest: manifest,
            totals: files.totals,
            counts: files.counts,
            added: stored.added,
            failures: failures,
            changes: files.changes,
            parent: parent?.id,
            duration: clock.now - begin,
            isDryRun: request.isDryRun,
            isUnchanged: isUnchanged,
            lostPacks: known.lostPacks.count,
            lostSnapshots: lostSnapshots
        )
        guard let root, !request.isDryRun else { return result }

        var snapshot = Snapshot(
            time: started.inZone(workspace.zone),
            parent: parent?.id,
            tree: root,
            paths: paths,
            hostname: host,
            username: repository.host.username,
            userID: repository.host.userID,
            groupID: repository.host.groupID,
            excludes: request.excludeTexts,
            tags: tags,
            programVersion: Version.program
        )
        snapshot.summary = makeSummary(result, parts, started, manifestSize: manifestText.count)
        // Nothing refers to what was stored until this; our lock must have protected it all the time.
        try await lock?.requireHeld()
        let id = try await repository.save(snapshot)
        do {
            try await lock?.requireHeld()
        } catch {
            // Somebody may have removed what it refers to just before it was there; it must not look like a whole one.
            do {
                try await repository.remove(Handle(id))
            } catch {
                repository.note(
                    "snapshot \(id.short) is stored, but may lack files: run `belay verify \(id.short)`, or `belay forget \(id.short)`"
                )
            }
            throw error
        }
        if usesCache {
            archiver.remember(files, as: id, indexes: try await repository.indexIDs())
        }
        // So that nobody has to fetch what was at hand here.
        var manifests = ManifestReader(workspace)
        manifests.add(manifestText, of: root)
        manifests.saveCache()
        result.snapshot = StoredSnapshot(id: id, snapshot: snapshot)
        result.gitTag = await tagCommit(manifest)
        if request.kind != .safety {
            await KeptStates(workspace: workspace).dropExpired(manifest.databases ?? [])
        }
        result.duration = clock.now - begin
        return result
    }

    /// What the last snapshot's trees tell, where no cache of ours does.
    private func makeCache(
        _ archiver: Archiver,
        _ last: StoredSnapshot?,
        _ catalog: SnapshotCatalog,
        _ damage: inout [BelayError]
    ) async throws -> UnchangedCache? {
        guard usesCache, !request.isForced, let last else { return nil }
        let index = try await workspace.repository.loadIndex()
        let trees = TreeReader(BlobReader(archiver.repository, index: index))
        let access = SnapshotAccess(workspace: workspace, catalog: catalog, trees: trees)
        do {
            guard let root = try await access.locate(last).project.subtree else { return nil }
            var found: [BelayError] = []
            defer { damage = found }
            return try await archiver.makeCache(
                from: last.id,
                root: root,
                started: last.snapshot.time,
                index: index,
                kept: !request.isDryRun,
                damaged: { found.append($0) }
            )
        } catch let error as BelayError where error.code == .repositoryDamaged {
            archiver.repository.note("what has not changed is read again: \(error)")
            return nil
        }
    }

    /// A partial snapshot must not make the cache forget the rest of the project.
    private var usesCache: Bool { request.only.isEmpty }

    private func archiveSettings(_ selection: PartSelection, _ started: Timestamp) -> ArchiveSettings {
        var settings = ArchiveSettings(of: workspace, started: started)
        settings.selection = selection.paths.map { Array($0.utf8) }
        settings.flagExcludes = request.excludes
        settings.markers = request.markers
        settings.fileSizeMaximum = request.fileSizeMaximum
        settings.staysOnFileSystem = request.staysOnFileSystem
        settings.namesChanges = request.namesChanges
        settings.compression = request.compression
        settings.packSize = request.packSize
        return settings
    }

    private func snapshotTags(_ selection: PartSelection) throws -> [String] {
        do throws(SnapshotTagError) {
            return try SnapshotTags(
                kind: request.kind,
                name: request.name,
                project: workspace.project.name,
                only: selection.isPartial ? selection.parts.map(\.name) : [],
                userTags: request.tags
            ).tags
        } catch {
            throw error.report
        }
    }

    /// A damaged repository is no reason not to store what is there, but one to be told of.
    private func noteUnreadable(_ catalog: SnapshotCatalog) {
        if catalog.unreadable.isEmpty { return }
        workspace.repository.note(
            "\(SnapshotNotice.unreadable(catalog.unreadable.map(\.id))): \(SnapshotNotice.unreadableHint)"
        )
    }
}
