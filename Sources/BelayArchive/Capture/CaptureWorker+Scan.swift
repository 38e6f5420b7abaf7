import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem

// Scanning a directory: what is there, what of it is stored, and what of that is not as it was.
extension CaptureWorker {
    /// Scans `task`; gives the tasks of the directories below that must be scanned.
    ///
    /// If the directory cannot be read it is left out, and told.
    func scan(_ task: FolderTask) async throws -> [FolderTask] {
        capture.progress.enter { task.displayPath }
        if task.isMountPoint {
            // Not even opened, which could be what mounts it.
            count(task)
            for position in 0..<(task.cached?.count ?? 0) { lose(position, of: task) }
            try await finishPart(of: task)
            return []
        }
        do throws(SystemError) {
            try open(task)
        } catch {
            drop(task, error)
            try await finishPart(of: task)
            return []
        }
        guard let folder = task.folder else { return [] }
        count(task)
        var rules = task.rules
        rules.enter(folder, listing, isRoot: task.parent == nil) { capture.repository.note($0) }
        if rules.stopsGit { capture.noteGitStopped() }
        task.scannedFingerprint = rules.fingerprint
        rules.applyMarkers(in: folder, to: &listing)
        var below: [FolderTask] = []
        var large: [FileWork] = []
        match(task, folder, rules, &below, &large)
        capture.board.add(largeFiles: large, folders: [])
        try await finishPart(of: task)
        return below
    }

    private func open(_ task: FolderTask) throws(SystemError) {
        if let parent = task.parent {
            guard let above = parent.folder, let box = task.box else {
                throw SystemError(call: "open", subject: task.displayPath, number: 2)
            }
            task.folder = try above.folder(named: box.node.name)
        } else {
            task.folder = try Folder.open(path: capture.settings.root)
        }
        if let folder = task.folder { try listing.read(folder) }
    }

    /// Counts a directory, now that it can be read; the root is not an entry of anything.
    private func count(_ task: FolderTask) {
        if task.parent == nil { return }
        if task.cachedPosition != nil {
            counts.foldersUnmodified += 1
        } else if task.cached != nil {
            counts.foldersChanged += 1
        } else {
            counts.foldersNew += 1
        }
    }

    /// Notes that an entry which the last snapshot has is not in this one.
    private func lose(_ position: Int, of task: FolderTask) {
        task.isChanged = true
        guard let cached = task.cached else { return }
        capture.note(.removed) {
            task.rules.path + Array(cached.name(position)) + (cached.isFolder(position) ? [0x2F] : [])
        }
    }

    private func drop(_ task: FolderTask, _ error: SystemError) {
        task.box?.isDropped = true
        capture.report(SourceFailure(path: task.displayPath, kind: .unreadable, reason: error.reason))
    }

    /// Goes through the listing and the cached block side by side, both sorted by name.
    private func match(
        _ task: FolderTask,
        _ folder: Folder,
        _ rules: ScanRules,
        _ below: inout [FolderTask],
        _ large: inout [FileWork]
    ) {
        let cached = task.cached
        let cachedCount = cached?.count ?? 0
        let believesRules = cached.map { $0.rulesFingerprint == task.scannedFingerprint } ?? false
        var position = 0
        task.entries.reserveCapacity(listing.count)
        let overlays = capture.settings.overlays.folders[rules.path]
        var files: UInt64 = 0
        var bytes: UInt64 = 0
        for index in 0..<listing.count {
            let name = listing.name(index)
            var match: Int?
            if let cached {
                while position < cachedCount {
                    let order = compare(cached.name(position), name)
                    if order > 0 { break }
                    position += 1
                    if order == 0 {
                        match = position - 1
                        break
                    }
                    lose(position - 1, of: task)
                }
            }
            let overlay = overlays?[Array(name)]
            if case .nothing = overlay {
                if let match { lose(match, of: task) }
                continue
            }
            let kind = listing.kind(index)
            var status: FileStatus?
            if kind == nil { status = folder.status(at: listing.cString(index)) }
            let isDirectory = status?.isDirectory ?? (kind == .directory)
            var decision = ScanRules.Decision.keep
            if overlay == nil, !(believesRules && match != nil && !isDirectory) {
                decision = rules.decide(name, isDirectory: isDirectory)
                if case .skip = decision {
                    if let match { lose(match, of: task) }
                    counts.excluded += 1
                    continue
                }
            }
            guard let status = status ?? folder.status(at: listing.cString(index)) else {
                let error = SystemError.current("stat", "")
                // Gone since the folder was listed: as if it had never been there.
                if !error.isMissing {
                    capture.report(
                        SourceFailure(
                            path: task.displayPath(of: listing.fileName(index)),
                            kind: .unreadable,
                            reason: error.reason
                        )
                    )
                }
                if let match { lose(match, of: task) }
                continue
            }
            if case .contents(let stream) = overlay, status.isRegular {
                add(stream, task, folder, status, index, match)
                continue
            }
            if rules.isTooLarge(status) {
                counts.excluded += 1
                if let match { lose(match, of: task) }
                continue
            }
            if status.isDirectory {
                let child = makeTask(task, rules.inside(name, decision), status, index, match)
                child.isMountPoint =
                    capture.settings.staysOnFileSystem && isElsewhere(status, folder, task)
                task.entries.append(.folder(child))
                below.append(child)
                continue
            }
            if let cached, let match, cached.matches(match, status), isKnown(cached, match) {
                if status.isRegular {
                    counts.filesUnmodified += 1
                    files += 1
                    bytes += status.size
                }
                task.entries.append(.same(match))
            } else {
                addFresh(task, folder, status, index, match, &large)
            }
        }
        while position < cachedCount {
            lose(position, of: task)
            position += 1
        }
        task.expect(below.count)
        capture.progress.add(files: files, bytes: bytes)
    }

    /// Whether all that the cache says a file is made of is still in the repository.
    private func isKnown(_ cached: CachedFolder, _ position: Int) -> Bool {
        guard capture.distrustsCache, let index = capture.index else { return true }
        return cached.content(position).allSatisfy { index.contains(BlobHandle(.data, $0)) }
    }

    /// Whether a directory lies on another file system than the one it is in.
    private func isElsewhere(_ status: FileStatus, _ folder: Folder, _ task: FolderTask) -> Bool {
        do throws(SystemError) {
            return status.deviceID != (try folder.status().deviceID)
        } catch {
            // Rather too much than too little.
            capture.report(SourceFailure(path: task.displayPath, kind: .incomplete, reason: error.reason))
            return false
        }
    }

    private func makeTask(
        _ parent: FolderTask,
        _ rules: ScanRules,
        _ status: FileStatus,
        _ index: Int,
        _ match: Int?
    ) -> FolderTask {
        var cachedFolder: CachedFolder?
        var offset: UInt64?
        var isSame = false
        if let cached = parent.cached, let match, cached.isFolder(match), let cache = capture.cache {
            offset = cached.payload(match)
            cachedFolder = offset.flatMap { CachedFolder(in: cache.file.bytes, at: $0) }
            isSame = cachedFolder != nil && cached.matches(match, status)
        }
        if !isSame { parent.isChanged = true }
        if cachedFolder == nil { capture.note(.new) { rules.path } }
        let box = NodeBox(
            node: makeNode(listing.fileName(index), status),
            posixMode: status.mode,
            mustRead: false
        )
        if !isSame, let folder = parent.folder { readAttributes(box, parent, folder) }
        return FolderTask(
            parent: parent,
            rules: rules,
            box: box,
            cachedPosition: isSame ? match : nil,
            cached: cachedFolder,
            cachedOffset: offset
        )
    }

    private func addFresh(
        _ task: FolderTask,
        _ folder: Folder,
        _ status: FileStatus,
        _ index: Int,
        _ match: Int?,
        _ large: inout [FileWork]
    ) {
        task.isChanged = true
        let name = listing.fileName(index)
        guard status.kind != nil else {
            capture.report(
                SourceFailure(
                    path: task.displayPath(of: name),
                    kind: .unreadable,
                    reason: "unknown kind of file"
                )
            )
            return
        }
        let box = NodeBox(node: makeNode(name, status), posixMode: status.mode, mustRead: isRacy(status))
        task.entries.append(.fresh(box))
        guard status.isRegular else {
            if box.node.kind == .symlink {
                do throws(SystemError) {
                    box.node.linkTarget = try folder.linkTarget(of: name)
                } catch {
                    box.isDropped = true
                    capture.report(
                        SourceFailure(
                            path: task.displayPath(of: name),
                            kind: .unreadable,
                            reason: error.reason
                        )
                    )
                    return
                }
            }
            readAttributes(box, task, folder)
            _ = note(box, match, in: task)
            return
        }
        task.expect(1)
        let work = FileWork(task: task, box: box, status: status, match: match)
        if status.size >= UInt64(capture.chunker.parameters.minimum) {
            large.append(work)
        } else {
            batch.add(work)
        }
    }

    /// Adds a file that something else stands for.
    private func add(
        _ stream: StoredStream,
        _ task: FolderTask,
        _ folder: Folder,
        _ status: FileStatus,
        _ index: Int,
        _ match: Int?
    ) {
        task.isChanged = true
        // Should it be an ordinary file one day, its times tell nothing of what is stored now.
        let box = NodeBox(
            node: makeNode(listing.fileName(index), status),
            posixMode: status.mode,
            mustRead: true
        )
        box.node.content = stream.content
        box.node.size = stream.size
        readAttributes(box, task, folder)
        task.entries.append(.fresh(box))
        count(FileWork(task: task, box: box, status: status, match: match))
    }

    private func makeNode(_ name: FileName, _ status: FileStatus) -> Node {
        let kind = status.kind ?? .file
        var node = Node(
            name: name,
            kind: kind,
            mode: FileMode(posix: status.mode),
            modified: status.modified,
            // Reading changes access times; storing them would make every tree new.
            accessed: status.modified,
            changed: status.changed,
            userID: status.userID,
            groupID: status.groupID,
            user: capture.accounts.user(status.userID),
            group: capture.accounts.group(status.groupID),
            inode: status.inode,
            deviceID: status.deviceID
        )
        switch kind {
        case .file:
            node.size = status.size
            node.links = status.links
            node.content = []
        case .symlink: node.links = status.links
        case .blockDevice, .characterDevice:
            node.links = status.links
            node.device = status.specialDevice
        case .directory, .fifo, .socket: break
        }
        return node
    }

    private func readAttributes(_ box: NodeBox, _ task: FolderTask, _ folder: Folder) {
        var unnamed = 0
        do throws(SystemError) {
            box.node.extendedAttributes = try ExtendedAttributes.read(
                of: box.node.name,
                in: folder,
                unnamed: &unnamed
            )
        } catch {
            if error.isMissing { return }
            let path = task.displayPath(of: box.node.name)
            capture.report(.attributes(error.reason, of: path), everyRunFor: box)
        }
        if unnamed > 0 {
            capture.report(.unnamedAttributes(of: task.displayPath(of: box.node.name)), everyRunFor: box)
        }
    }

    /// Whether a file was changed so shortly before this run that a change during it could leave no trace.
    ///
    /// Kernels stamp files with the time of the last tick, some file systems with whole seconds.
    private func isRacy(_ status: FileStatus) -> Bool {
        let isCoarse = status.changed.nanoseconds == 0 && status.modified.nanoseconds == 0
        let margin: Int64 = isCoarse ? 2_000_000_000 : 50_000_000
        let started = capture.settings.started
        let (seconds, overflow) = started.seconds.subtractingReportingOverflow(status.changed.seconds)
        if overflow { return false }
        if seconds > 10 { return false }
        if seconds < -10 { return true }
        return seconds * 1_000_000_000 + Int64(started.nanoseconds) - Int64(status.changed.nanoseconds)
            < margin
    }
}

private func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeBufferPointer<UInt8>) -> Int {
    let shared = min(left.count, right.count)
    var index = 0
    while index < shared {
        if left[index] != right[index] { return left[index] < right[index] ? -1 : 1 }
        index += 1
    }
    return left.count - right.count
}
