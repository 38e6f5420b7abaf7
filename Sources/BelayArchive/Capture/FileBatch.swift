import BelayCore
import BelayFormat
import BelayRepository
import BelaySystem

/// Small files that are read, hashed and stored together.
struct FileBatch {
    /// Enough to fill the lanes of the hasher several times over.
    private static let countMaximum = 128
    private static let byteMaximum: UInt64 = 2 << 20

    private(set) var files: [FileWork] = []
    private var bytes: UInt64 = 0

    var isEmpty: Bool { files.isEmpty }
    var isFull: Bool { files.count >= Self.countMaximum || bytes >= Self.byteMaximum }

    mutating func add(_ work: FileWork) {
        files.append(work)
        bytes += work.status.size
    }
}

/// Memory into which the files of a batch are read one behind the other.
struct BatchArena: ~Copyable {
    private(set) var bytes: UnsafeMutableRawBufferPointer
    var used = 0

    init() {
        bytes = .allocate(byteCount: 4 << 20, alignment: 64)
    }

    deinit { bytes.deallocate() }

    /// The free part, at least `count` bytes long; what is there already may move.
    mutating func room(for count: Int) -> UnsafeMutableRawBufferPointer {
        if bytes.count - used < count {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(bytes.count * 2, used + count),
                alignment: 64
            )
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<used]))
            bytes.deallocate()
            bytes = larger
        }
        return UnsafeMutableRawBufferPointer(rebasing: bytes[used...])
    }
}

extension CaptureWorker {
    /// How often a file that changes while it is read is read again.
    static let attempts = 3

    /// Reads, hashes and stores the files of a batch.
    func store(_ files: FileBatch) async throws {
        arena.used = 0
        var batch: [FileWork] = []
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(files.files.count)
        for work in files.files {
            let start = arena.used
            let outcome = read(work)
            if case .stored = outcome {} else { arena.used = start }
            switch outcome {
            case .stored: batch.append(work)
            case .lost:
                work.box.isDropped = true
                try await finishPart(of: work.task)
                continue
            case .grown(let status):
                let large = FileWork(task: work.task, box: work.box, status: status, match: work.match)
                capture.board.add(largeFiles: [large], folders: [])
                continue
            }
            ranges.append(start..<arena.used)
        }
        let inputs = ranges.map { UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(arena.bytes)[$0]) }
        let digests = BlobHashing.digests(of: inputs)
        for (position, work) in batch.enumerated() {
            let plain = inputs[position]
            if !plain.isEmpty {
                let id = BlobID(digests[position])
                try await store(plain, as: BlobHandle(.data, id))
                work.box.node.content = [id]
            }
            count(work)
            counts.bytesRead += UInt64(plain.count)
            capture.progress.add(files: 1, bytes: UInt64(plain.count))
            try await finishPart(of: work.task)
        }
    }

    /// What reading a file of a batch came to.
    private enum Outcome {
        case stored
        /// It cannot be read, or is gone.
        case lost
        /// It has become one that must be cut into chunks.
        case grown(FileStatus)
    }

    /// Reads a whole file behind what is in the arena and brings its node up to date.
    private func read(_ work: FileWork) -> Outcome {
        let name = work.box.node.name
        guard let folder = work.task.folder else { return .lost }
        let start = arena.used
        do throws(SystemError) {
            let file = try OpenFile.reading(name, in: folder)
            var before = work.status
            for attempt in 1...Self.attempts {
                arena.used = start
                // One byte more than expected shows whether the file has grown.
                let isWhole = try readToEnd(file, expecting: Int(before.size) + 1)
                let after = try file.status()
                guard after.isRegular else { throw SystemError(call: "read", subject: file.path, number: 22) }
                if !isWhole { return .grown(after) }
                let isSteady = before.holdsStill(until: after) && UInt64(arena.used - start) == after.size
                if isSteady || attempt == Self.attempts {
                    adopt(after, size: UInt64(arena.used - start), into: work, isSteady: isSteady)
                    break
                }
                before = after
                try file.rewind()
            }
            readAttributes(file, work)
            return .stored
        } catch {
            if error.isMissing {
                // Gone since it was listed: as if it had never been there.
                return .lost
            }
            capture.report(
                SourceFailure(path: work.task.displayPath(of: name), kind: .unreadable, reason: error.reason)
            )
            return .lost
        }
    }

    /// Reads on to the end; `false` if the file has grown beyond what is one chunk.
    private func readToEnd(_ file: borrowing OpenFile, expecting size: Int) throws(SystemError) -> Bool {
        var wanted = size
        let limit = arena.used + capture.chunker.parameters.minimum
        while true {
            let room = arena.room(for: wanted)
            let target = UnsafeMutableRawBufferPointer(rebasing: room[..<wanted])
            let count = try file.read(into: target)
            arena.used += count
            if count < wanted { return true }
            if arena.used > limit { return false }
            wanted = max(64 << 10, size)
        }
    }

    /// Counts a file, now that it is known what it holds.
    ///
    /// One that was read again only because its times prove nothing counts as unmodified if nothing is different.
    func count(_ work: FileWork) {
        switch note(work.box, work.match, in: work.task) {
        case .new: counts.filesNew += 1
        case .modified: counts.filesChanged += 1
        case .removed, nil: counts.filesUnmodified += 1
        }
    }

    /// Notes what has become of an entry since the last snapshot, and gives it; `nil` for nothing.
    func note(_ box: NodeBox, _ match: Int?, in task: FolderTask) -> CaptureChange.Kind? {
        var kind: CaptureChange.Kind? = .new
        if let match, let cached = task.cached {
            kind = cached.node(match, accounts: capture.accounts) == box.node ? nil : .modified
        }
        if let kind { capture.note(kind) { task.rules.path + box.node.name.bytes } }
        return kind
    }

    /// Takes over what the file is now into its node.
    func adopt(_ status: FileStatus, size: UInt64, into work: FileWork, isSteady: Bool) {
        let box = work.box
        box.node.size = size
        box.node.mode = FileMode(posix: status.mode)
        box.node.modified = status.modified
        box.node.accessed = status.modified
        box.node.changed = status.changed
        if status != work.status { box.mustRead = true }
        if isSteady { return }
        box.mustRead = true
        capture.report(
            SourceFailure(
                path: work.task.displayPath(of: box.node.name),
                kind: .unsteady,
                reason: "changed while it was read, \(Self.attempts) times; the last state read is stored"
            )
        )
    }

    /// Reads what else belongs to a file; without it the file is stored all the same.
    func readAttributes(_ file: borrowing OpenFile, _ work: FileWork) {
        var unnamed = 0
        do throws(SystemError) {
            work.box.node.extendedAttributes = try ExtendedAttributes.read(
                descriptor: file.descriptor,
                subject: file.path,
                unnamed: &unnamed
            )
        } catch {
            let path = work.task.displayPath(of: work.box.node.name)
            capture.report(.attributes(error.reason, of: path), everyRunFor: work.box)
        }
        if unnamed > 0 {
            let path = work.task.displayPath(of: work.box.node.name)
            capture.report(.unnamedAttributes(of: path), everyRunFor: work.box)
        }
    }
}
