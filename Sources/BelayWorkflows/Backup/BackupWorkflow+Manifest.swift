import BelayArchive
import BelayCore
import BelayFormat
import BelayProject
import BelayRepository
import BelaySystem

// What a snapshot tells of itself.
extension BackupWorkflow {
    func makeManifest(
        _ selection: PartSelection,
        _ files: CaptureResult,
        _ stored: PartsCapture.Outcome,
        _ failures: [SourceFailure],
        _ started: Timestamp
    ) -> Manifest {
        let configuration = workspace.project.configuration
        var git: GitState?
        if files.stopsGit {
            workspace.repository.note("git was not asked: it would wait for a .gitignore that is no file")
        } else {
            git = GitInspector.state(of: workspace.project.directory, environment: workspace.environment) {
                workspace.repository.note($0)
            }
        }
        var manifest = Manifest(
            program: Version.program,
            project: workspace.project.name,
            kind: request.kind.word,
            name: request.name,
            message: request.message,
            time: TimestampText.text(started),
            parts: selection.parts,
            scope: Manifest.Scope(
                root: workspace.project.directory,
                only: selection.paths,
                files: selection.hasFiles ? nil : false,
                gitignore: configuration.gitignore == .respect,
                exclude: configuration.allExcludes,
                include: configuration.include,
                excludeFlags: request.excludeTexts,
                fileSizeMaximum: request.fileSizeMaximum
            ),
            git: git.map {
                Manifest.Git(
                    root: $0.root,
                    branch: $0.branch,
                    commit: $0.commit,
                    upstream: $0.upstream,
                    modified: $0.staged + $0.modified + $0.unmerged,
                    untracked: $0.untracked,
                    stashes: $0.stashes
                )
            },
            totals: Manifest.Totals(
                files: files.totals.files,
                folders: files.totals.folders,
                bytes: files.totals.bytes
            ),
            failures: failures.map {
                Manifest.Failure(path: $0.path, kind: $0.kind.rawValue, reason: $0.reason)
            }
        )
        manifest.databases = stored.databases.isEmpty ? nil : stored.databases
        manifest.captures = stored.captures.isEmpty ? nil : stored.captures
        manifest.missing = stored.missing.isEmpty ? nil : stored.missing
        return manifest
    }

    /// What the snapshot says of itself.
    ///
    /// The totals are of all files in it, the manifest too, as restic counts; what is new and changed is of the
    /// project's own.
    func makeSummary(
        _ result: BackupResult,
        _ parts: PartsCapture.Outcome,
        _ started: Timestamp,
        manifestSize: Int
    ) -> Snapshot.Summary {
        var summary = Snapshot.Summary()
        summary.backupStart = started.inZone(workspace.zone)
        summary.backupEnd = workspace.clock.now().inZone(workspace.zone)
        summary.filesNew = result.counts.filesNew
        summary.filesChanged = result.counts.filesChanged
        summary.filesUnmodified = result.counts.filesUnmodified
        summary.directoriesNew = result.counts.foldersNew
        summary.directoriesChanged = result.counts.foldersChanged
        summary.directoriesUnmodified = result.counts.foldersUnmodified
        summary.dataBlobs = result.added.dataBlobs
        summary.treeBlobs = result.added.treeBlobs
        summary.dataAdded = result.added.plainBytes
        summary.dataAddedPacked = result.added.storedBytes
        let added = parts.files.reduce(UInt64(manifestSize)) { $0 + $1.stream.size }
        summary.totalFilesProcessed = result.totals.files + 1 + UInt64(parts.files.count)
        summary.totalBytesProcessed = result.totals.bytes + added
        return summary
    }
}
