package import BelayArchive
import BelayCore
import BelayProject
import BelayRepository
import BelayRules
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

    /// Gives the changes in the order of their paths, as they are found.
    ///
    /// What belay adds to snapshots is left out. Of a snapshot that holds only some paths, only those are
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
            let manifests = try await manifests([old] + [other].compactMap { $0 })
            let paths = paths(manifests.map(\.?.scope))
            var unread = [UnreadPaths(old, manifests.first ?? nil), UnreadPaths()]
            var result = DiffResult(
                sides: DiffSides(old: old.stored, new: other?.stored),
                totals: DiffTotals(),
                failures: []
            )
            let new: Side
            if let other {
                new = Side(other, access)
                unread[1] = UnreadPaths(other, manifests.last ?? nil)
            } else {
                let scan = try await whileScanning {
                    try await ProjectScan.run(access, against: old.stored, progress: progress)
                }
                result.failures = scan.failures
                unread[1] = UnreadPaths(scan.failures)
                new = Side(scan, .onDisk(try Folder.open(path: workspace.project.directory)))
            }
            try await begin(result.sides)
            let before = Side(old, access)
            let comparison = TreeComparison(
                old: before.source,
                new: new.source,
                leavingOut: GeneratedFolder.name,
                paths: paths
            )
            var totals = DiffTotals()
            let missing = try await comparison.run(before.tree, new.tree) { change in
                // What could not be read is missing, but nobody removed it.
                if change.new == nil && unread[1].hides(change.path) { return }
                if change.old == nil && unread[0].hides(change.path) { return }
                guard let entry = try await entry(change, before, new) else { return }
                totals.add(entry)
                try await body(entry)
            }
            if let number = missing.first {
                let text = String(decoding: paths[number], as: UTF8.self)
                throw BelayError(
                    .pathNotFound,
                    "neither side of the comparison holds '\(text)'",
                    hint: "name parts or paths below the project",
                    subjects: [text]
                )
            }
            result.totals = totals
            result.failures += unread.flatMap(\.met)
            return result
        }
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

    /// The paths to compare: those asked for, or those that a partial snapshot holds.
    private func paths(_ scopes: [Manifest.Scope?]) -> [[UInt8]] {
        if !request.only.isEmpty {
            return request.only.flatMap { name in
                let component = workspace.project.configuration.components.first { $0.name == name }
                return (component?.paths ?? [name]).map { SnapshotPath.normalized($0) }
            }
        }
        let only = scopes.lazy.compactMap(\.?.only).first { !$0.isEmpty } ?? []
        return only.map { SnapshotPath.normalized($0) }
    }

    /// What is to be told of a change; `nil` for nothing.
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
