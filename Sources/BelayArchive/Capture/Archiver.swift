package import BelayCore
import BelayFormat
package import BelayRepository
import BelaySystem

/// What storing a project's files gave.
package struct CaptureResult: Sendable {
    /// The project's root tree.
    package var tree: BlobID
    /// The entries of that tree.
    package var rootNodes: [Node]
    package var totals: FolderTotals
    package var counts: CaptureCounts
    package var failures: [SourceFailure]
    /// Ordered by path; empty unless they are to be named.
    package var changes: [CaptureChange]
    /// Whether anything differs from the tree that the cache was made with.
    package var isChanged: Bool
    /// Whether git, if asked about the project, would wait for a `.gitignore` that is a FIFO or a device.
    package var stopsGit: Bool
    let cacheUpdate: CacheUpdate?

    /// That of a snapshot without files.
    package static let nothing = CaptureResult(
        tree: BlobID(Digest(0, 0, 0, 0)),
        rootNodes: [],
        totals: FolderTotals(),
        counts: CaptureCounts(),
        failures: [],
        changes: [],
        isChanged: true,
        stopsGit: false,
        cacheUpdate: nil
    )
}

/// The cache as it will be once a snapshot refers to what was stored.
struct CacheUpdate: Sendable {
    var folder: String
    /// The new file of blocks, not in its place yet; `nil` if the old one still holds.
    var temporaryPath: String?
    var generation: UInt64
    var accounts: [AccountName]
}

/// Stores a project's files: walks, compares with what the last run saw, reads what changed, builds trees.
package struct Archiver: Sendable {
    package let repository: Repository
    package var settings: ArchiveSettings
    /// Folder of this project's unchanged-file cache; `nil` to read everything.
    package let cacheFolder: String?

    package init(repository: Repository, settings: ArchiveSettings, cacheFolder: String?) {
        self.repository = repository
        self.settings = settings
        self.cacheFolder = cacheFolder
    }

    /// The cache of the last run if what it names is sure to be in the repository.
    ///
    /// Its snapshot must still be there, seen after our lock was taken: as long as it is, nothing that it
    /// refers to may be removed.
    package func openCache(snapshots: Set<SnapshotID>) -> UnchangedCache? {
        guard let cacheFolder,
            let cache = UnchangedCache.open(folder: cacheFolder, repository: repository.config.id),
            snapshots.contains(cache.head.snapshot)
        else { return nil }
        return cache
    }

    /// Stores the files through `writer`.
    ///
    /// `cache` is what ``openCache(snapshots:)`` gave. `index` is given if index files have gone since the cache
    /// was made: then everything that the cache names is looked up before it is believed.
    ///
    /// - Throws: what stops the whole run. A file that cannot be read does not; it is in the result.
    package func store(
        through writer: BlobWriter,
        cache: UnchangedCache?,
        verifyingAgainst index: KnownBlobs?,
        progress: CaptureProgress
    ) async throws -> CaptureResult {
        guard Paths.isFolder(settings.root) else {
            throw BelayError(
                .projectUnreadable,
                "\(settings.root) is not a directory that can be read",
                hint: "check the path given with -C"
            )
        }
        let accounts = AccountTable()
        let scope = try ScanScope(settings)
        let worktree =
            settings.respectsGitIgnore ? GitWorktree.around(settings) { repository.note($0) } : nil
        let root = FolderTask(
            parent: nil,
            rules: ScanRules(scope: scope, worktree: worktree),
            box: nil,
            cachedPosition: nil,
            cached: cache?.root,
            cachedOffset: cache?.rootOffset
        )
        let cacheWriter = makeCacheWriter(cache)
        let capture = Capture(
            repository: repository,
            writer: writer,
            settings: settings,
            chunker: try makeChunker(),
            cache: cache,
            distrustsCache: index != nil,
            index: index,
            cacheWriter: cacheWriter,
            accounts: accounts,
            root: root,
            progress: progress
        )
        if let totals = cache?.root?.totals {
            progress.expect(.init(files: totals.files, bytes: totals.bytes))
        }
        // Cancelled, if it is still under way, when this scope ends.
        async let _: Void =
            cache == nil ? ScanAhead(root: settings.root, rules: root.rules).run(for: progress) : ()
        do {
            try await capture.run()
        } catch {
            cacheWriter?.abandon()
            throw error
        }
        guard let result = root.result else {
            cacheWriter?.abandon()
            let reason = capture.allFailures.first?.reason ?? "it cannot be listed"
            throw unreadableRoot(reason)
        }
        return CaptureResult(
            tree: result.tree,
            rootNodes: root.nodes,
            totals: result.totals,
            counts: capture.allCounts,
            failures: capture.allFailures,
            changes: capture.allChanges,
            isChanged: result.isChanged,
            stopsGit: capture.isGitStopped,
            cacheUpdate: finish(cacheWriter, result, cache, accounts)
        )
    }

    /// Makes the cache tell of `snapshot`, which now exists.
    package func remember(_ result: CaptureResult, as snapshot: SnapshotID, indexes: [IndexID]) {
        guard let update = result.cacheUpdate else { return }
        let head = UnchangedCache.Head(
            repository: repository.config.id,
            snapshot: snapshot,
            tree: result.tree,
            generation: update.generation,
            accounts: update.accounts,
            indexes: indexes
        )
        do throws(SystemError) {
            if let temporary = update.temporaryPath {
                try Paths.rename(temporary, to: UnchangedCache.treePath(update.folder, update.generation))
            }
            try UnchangedCache.replaceHead(head, in: update.folder)
        } catch {
            repository.note("the cache of unchanged files could not be written: \(error)")
        }
    }

    private func unreadableRoot(_ reason: String) -> BelayError {
        BelayError(
            .projectUnreadable,
            "\(settings.root) cannot be read: \(reason)",
            hint: "check its permissions, or name another directory with -C"
        )
    }

    private func makeChunker() throws -> Chunker {
        do throws(FormatError) {
            return Chunker(tables: try ChunkerTables(polynomial: repository.config.polynomial))
        } catch {
            throw BelayError(.repositoryUnsupported, "the repository's chunker cannot be used", cause: error)
        }
    }

    func makeCacheWriter(_ cache: UnchangedCache?) -> UnchangedCacheWriter? {
        guard let cacheFolder else { return nil }
        do throws(SystemError) {
            try Paths.makeFolders(cacheFolder)
            try removeLeftOvers(in: cacheFolder)
            let name = "new-\(repository.host.processID)-\(UInt32.random(in: 0...UInt32.max))"
            return try UnchangedCacheWriter(path: "\(cacheFolder)/\(name)", previous: cache?.file)
        } catch {
            repository.note("the cache of unchanged files could not be written: \(error)")
            return nil
        }
    }

    /// Removes what runs that were cut off left behind: `new-PID-RANDOM`.
    private func removeLeftOvers(in folder: String) throws(SystemError) {
        for name in try Paths.names(in: folder) {
            let parts = name.split(separator: "-")
            guard parts.count == 3, parts[0] == "new", let process = Int32(parts[1]),
                process == repository.host.processID || !HostIdentity.isAlive(processID: process)
            else { continue }
            try Paths.remove("\(folder)/\(name)")
        }
    }

    private func finish(
        _ writer: UnchangedCacheWriter?,
        _ result: FolderTask.Result,
        _ cache: UnchangedCache?,
        _ accounts: AccountTable
    ) -> CacheUpdate? {
        guard let writer, let cacheFolder else { return nil }
        if !result.isChanged, let cache {
            writer.abandon()
            return CacheUpdate(
                folder: cacheFolder,
                temporaryPath: nil,
                generation: cache.head.generation,
                accounts: cache.head.accounts
            )
        }
        let generation = UInt64.random(in: 1...UInt64.max)
        do throws(SystemError) {
            try writer.finish(root: result.place, generation: generation)
        } catch {
            writer.abandon()
            repository.note("the cache of unchanged files could not be written: \(error)")
            return nil
        }
        let known = Set(accounts.known)
        let carried = (cache?.head.accounts ?? []).filter { !known.contains($0) }
        return CacheUpdate(
            folder: cacheFolder,
            temporaryPath: writer.path,
            generation: generation,
            accounts: accounts.known + carried
        )
    }
}
