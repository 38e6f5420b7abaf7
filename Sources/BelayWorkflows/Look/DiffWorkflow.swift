package import BelayArchive
import BelayCore
import BelayRepository
import BelaySystem

/// Compares two snapshots, or a snapshot with the project as it is now.
package struct DiffWorkflow: Sendable {
    /// Carries a scan of the project out; a place to show how far it is.
    package typealias Scanning = (_ scan: () async throws -> ProjectScan) async throws -> ProjectScan

    private let workspace: Workspace
    private let request: DiffRequest
    private let progress: CaptureProgress

    package init(_ workspace: Workspace, _ request: DiffRequest, progress: CaptureProgress) {
        self.workspace = workspace
        self.request = request
        self.progress = progress
    }

    /// One side, ready to be compared.
    private struct Side {
        var tree: BlobID?
        var source: TreeSource
        var contents: ChangedContents

        init(_ snapshot: LocatedSnapshot, _ access: SnapshotAccess) {
            tree = snapshot.project.subtree
            source = TreeSource(access.trees)
            contents = .stored(access.trees.blobs)
        }

        init(_ scan: ProjectScan, _ contents: ChangedContents) {
            tree = scan.tree
            source = scan.source
            self.contents = contents
        }
    }

    /// Gives the changes of files in the order of their paths, as they are found; those of databases and captures stand in
    /// the result.
    ///
    /// What belay adds to snapshots is left out. Of a snapshot that holds only some parts or paths, only those are
    /// compared. What is compared is told to `begin` before the first change.
    package func run(
        whileScanning: Scanning,
        begin: (DiffSides) async throws -> Void,
        _ body: (DiffEntry) async throws -> Void
    ) async throws -> DiffResult {
        try await SnapshotAccess.with(workspace) { access in
            let old = try await access.snapshot(request.from ?? "latest")
            let other: LocatedSnapshot?
            if let to = request.to { other = try await access.snapshot(to) } else { other = nil }
            let snapshots = [old] + [other].compactMap { $0 }
            let manifests = try await manifests(snapshots)
            let selection = DiffSelection(request.only, workspace.project, manifests)
            var unread = [UnreadPaths(old, manifests[0]), UnreadPaths()]
            var result = DiffResult(
                sides: DiffSides(old: old.stored, new: other?.stored),
                totals: DiffTotals(),
                failures: []
            )
            return try await ScratchFiles.with(workspace) { scratch in
                let before = try await PartSides(old, manifests[0], access)
                let after: PartSides
                let new: Side?
                if let other {
                    after = try await PartSides(other, manifests[1], access)
                    new = Side(other, access)
                    unread[1] = UnreadPaths(other, manifests[1])
                } else {
                    let now = try await look(access, old.stored, before, selection, scratch, whileScanning)
                    after = now.parts
                    result.failures = now.scan?.failures ?? []
                    unread[1] = UnreadPaths(result.failures)
                    let folder = try Folder.open(path: workspace.project.directory)
                    new = now.scan.map { Side($0, .onDisk(folder)) }
                }
                try await begin(result.sides)
                let parts = try await PartsComparison(
                    access: access,
                    request: request,
                    selection: selection,
                    old: before,
                    new: after,
                    scratch: scratch
                ).run()
                if selection.hasFiles, let new {
                    let sides = (Side(old, access), new)
                    result.totals = try await compareFiles(sides, selection, parts.places, &unread, body)
                }
                result.databases = parts.databases
                result.captures = parts.captures
                result.failures += unread.flatMap(\.met) + parts.failures
                return result
            }
        }
    }

    /// Looks at the project as it is now: its databases and captures first, then its files, if they are compared.
    private func look(
        _ access: SnapshotAccess,
        _ old: StoredSnapshot,
        _ earlier: PartSides,
        _ selection: DiffSelection,
        _ scratch: ScratchFiles,
        _ whileScanning: Scanning
    ) async throws -> (parts: PartSides, scan: ProjectScan?) {
        let known = try await workspace.repository.loadKnownBlobs()
        let live = LiveParts(
            workspace: workspace,
            selection: selection,
            snapshot: old,
            earlier: earlier,
            known: known,
            scratch: scratch,
            comparesRows: request.comparesRows
        )
        guard selection.hasFiles else { return (try await live.look().sides, nil) }
        var sides = PartSides()
        let scan = try await whileScanning {
            let found = try await live.look()
            sides = found.sides
            return try await ProjectScan.run(access, found.overlays, known, progress: progress)
        }
        return (sides, scan)
    }

    /// Compares the files of both sides, but for those that are told of as databases.
    private func compareFiles(
        _ sides: (old: Side, new: Side),
        _ selection: DiffSelection,
        _ databases: Set<[UInt8]>,
        _ unread: inout [UnreadPaths],
        _ body: (DiffEntry) async throws -> Void
    ) async throws -> DiffTotals {
        let (old, new) = sides
        let comparison = TreeComparison(
            old: old.source,
            new: new.source,
            leavingOut: GeneratedFolder.name,
            paths: selection.paths
        )
        var totals = DiffTotals()
        let missing = try await comparison.run(old.tree, new.tree) { change in
            if databases.contains(change.path) { return }
            // What could not be read is missing, but nobody removed it.
            if change.new == nil && unread[1].hides(change.path) { return }
            if change.old == nil && unread[0].hides(change.path) { return }
            guard let entry = try await entry(change, old, new) else {
                totals.metadataUntold += 1
                return
            }
            totals.add(entry)
            try await body(entry)
        }
        if let number = missing.first {
            let text = String(decoding: selection.paths[number], as: UTF8.self)
            throw BelayError(
                .pathNotFound,
                "neither side of the comparison holds '\(text)'",
                hint: "name parts or paths below the project",
                subjects: [text]
            )
        }
        return totals
    }

    /// What the snapshots say of themselves; `nil` for those of other programs, and where it cannot be read.
    private func manifests(_ snapshots: [LocatedSnapshot]) async throws -> [Manifest?] {
        var reader = ManifestReader(workspace)
        var manifests: [Manifest?] = []
        for snapshot in snapshots {
            do {
                manifests.append(try await reader.manifest(of: snapshot.stored.snapshot))
            } catch let error as BelayError where error.code == .repositoryDamaged {
                let id = snapshot.stored.id.short
                workspace.repository.note("the manifest of snapshot \(id) cannot be read: \(error)")
                manifests.append(nil)
            }
        }
        return manifests
    }

    /// What is to be told of a change; `nil` if only metadata differ and were not asked for.
    private func entry(_ change: TreeChange, _ old: Side, _ new: Side) async throws -> DiffEntry? {
        var entry = DiffEntry(change: change)
        if request.comparesTexts { entry.patches = try await patches(change, old, new) }
        if !change.isMetadataOnly || request.includesMetadata { return entry }
        // A file that has become executable: a patch can say so.
        return entry.patches.contains { !$0.header.isEmpty } ? entry : nil
    }

    private func patches(_ change: TreeChange, _ old: Side, _ new: Side) async throws -> [DiffPatch] {
        let before = change.old.flatMap { node in FilePatch.Side(node).map { (node: node, side: $0) } }
        let after = change.new.flatMap { node in FilePatch.Side(node).map { (node: node, side: $0) } }
        if before == nil && after == nil { return [] }
        // A symlink goes and comes rather than change: `patch` knows no other way, and git takes it as well.
        if let before, let after, before.side.isSymlink || after.side.isSymlink {
            if !change.differences.contains(.content) && !change.differences.contains(.kind) { return [] }
            return [
                try await patch(change.path, (before.node, before.side, old.contents), nil),
                try await patch(change.path, nil, (after.node, after.side, new.contents)),
            ]
        }
        return [
            try await patch(
                change.path,
                before.map { ($0.node, $0.side, old.contents) },
                after.map { ($0.node, $0.side, new.contents) },
                isSame: before != nil && after != nil && !change.differences.contains(.content)
            )
        ]
    }

    private typealias Version = (node: Node, side: FilePatch.Side, contents: ChangedContents)

    private func patch(
        _ path: [UInt8],
        _ old: Version?,
        _ new: Version?,
        isSame: Bool = false
    ) async throws -> DiffPatch {
        var body = DiffPatch.Body.text(hunks: [], added: 0, removed: 0)
        if !isSame {
            let before = try await bytes(path, old)
            let after = try await bytes(path, new)
            guard let before, let after else { return DiffPatch(header: [], body: .tooLarge) }
            // Comparing long texts takes a processor for a while.
            let patch = await withTaskExecutorPreference(BlockingPool.processors) {
                TextPatch.compare(before, after)
            }
            switch patch {
            case .binary: return DiffPatch(header: [], body: .binary)
            case .text(let hunks, let added, let removed):
                body = .text(hunks: hunks, added: added, removed: removed)
            }
        }
        var hasHunks = false
        if case .text(let hunks, _, _) = body { hasHunks = !hunks.isEmpty }
        return DiffPatch(
            header: FilePatch.header(path, old: old?.side, new: new?.side, hasHunks: hasHunks),
            body: body
        )
    }

    private func bytes(_ path: [UInt8], _ version: Version?) async throws -> [UInt8]? {
        guard let version else { return [] }
        return try await withTaskExecutorPreference(BlockingPool.files) {
            try await version.contents.bytes(of: version.node, at: path, limit: TextPatch.byteMaximum)
        }
    }
}
