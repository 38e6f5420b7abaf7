import BelayCore
import BelayFormat
import BelayRepository

// Finishing directories: when all below is done, a directory becomes a tree, and its parent may be next.
extension CaptureWorker {
    /// Says that one thing a directory waits for is done; finishes it, and those above, if that was the last.
    func finishPart(of task: FolderTask) async throws {
        var current: FolderTask? = task
        while let task = current, task.complete() {
            task.folder = nil
            if task.box?.isDropped != true { try await finish(task) }
            current = task.parent
        }
    }

    private func finish(_ task: FolderTask) async throws {
        let isChanged =
            task.isChanged
            || task.entries.contains { entry in
                switch entry {
                case .same: false
                case .fresh: true
                case .folder(let child): child.result?.isChanged ?? true
                }
            }
        if !isChanged, let cached = task.cached, let place = task.cachedOffset, isTreeKnown(cached.tree) {
            task.result = FolderTask.Result(
                tree: cached.tree,
                totals: cached.totals,
                isChanged: false,
                place: place
            )
            if task.parent == nil { task.nodes = assemble(task).map(\.node) }
            task.entries = []
            return
        }
        let parts = assemble(task)
        if task.parent == nil { task.nodes = parts.map(\.node) }
        let text = TreeEncoding.encode(parts.map(\.node))
        let tree = try await store(tree: text)
        var totals = FolderTotals()
        for part in parts {
            if let below = part.below {
                totals += below.totals
                totals.folders += 1
            } else if part.node.kind == .file {
                totals.files += 1
                totals.bytes += part.node.size
            }
        }
        let place = remember(task, parts, tree, totals)
        task.result = FolderTask.Result(tree: tree, totals: totals, isChanged: true, place: place)
        task.entries = []
    }

    private func isTreeKnown(_ tree: BlobID) -> Bool {
        guard capture.distrustsCache, let index = capture.index else { return true }
        return index.contains(BlobHandle(.tree, tree))
    }

    private func store(tree text: [UInt8]) async throws -> BlobID {
        let id = BlobID(BlobHasher.digest(text))
        let handle = BlobHandle(.tree, id)
        guard capture.writer.claim(handle) else { return id }
        let sealed = try text.withUnsafeBytes { try encoder.encode($0, type: .tree) }
        try await capture.writer.append(handle, sealed, plainLength: text.count)
        return id
    }

    /// An entry of a directory as it is stored, and what the cache wants to know of it.
    private struct Part {
        var node: Node
        var posixMode: UInt32
        var mustRead = false
        var below: FolderTask.Result?
    }

    private func assemble(_ task: FolderTask) -> [Part] {
        var parts: [Part] = []
        parts.reserveCapacity(task.entries.count)
        for entry in task.entries {
            switch entry {
            case .same(let position):
                guard let cached = task.cached else { continue }
                parts.append(
                    Part(
                        node: cached.node(position, accounts: capture.accounts),
                        posixMode: cached.mode(position)
                    )
                )
            case .fresh(let box):
                if box.isDropped { continue }
                parts.append(Part(node: box.node, posixMode: box.posixMode, mustRead: box.mustRead))
            case .folder(let child):
                guard let result = child.result, let box = child.box else { continue }
                var node = box.node
                if let position = child.cachedPosition, let cached = task.cached {
                    // Nothing about the directory itself has changed, so its attributes were not read.
                    node = cached.node(position, accounts: capture.accounts)
                }
                node.subtree = result.tree
                parts.append(
                    Part(node: node, posixMode: box.posixMode, mustRead: box.mustRead, below: result)
                )
            }
        }
        return parts
    }

    /// Writes the directory's block for the next run; gives its place.
    private func remember(
        _ task: FolderTask,
        _ parts: [Part],
        _ tree: BlobID,
        _ totals: FolderTotals
    ) -> UInt64 {
        guard let writer = capture.cacheWriter else { return 0 }
        var builder = CachedFolderBuilder(entries: parts.count)
        for part in parts {
            var payload = part.node.kind == .file ? part.node.size : part.node.device
            if let below = part.below {
                // A block that cannot be copied leaves a place where none is: the directory is read again.
                payload = below.isChanged ? below.place : writer.copy(from: below.place) ?? 0
            }
            builder.add(part.node, posixMode: part.posixMode, payload: payload, mustRead: part.mustRead)
        }
        let block = builder.build(tree: tree, rulesFingerprint: task.scannedFingerprint, totals: totals)
        return block.withUnsafeBytes { writer.append($0) }
    }
}
