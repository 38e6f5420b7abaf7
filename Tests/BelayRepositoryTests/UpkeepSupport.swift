import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Testing

/// A small repository with known contents, for tests of its upkeep.
enum Sample {
    static let password = Array("password".utf8)
    /// Packs of a few blobs each, so that there are many.
    static let packSize = 4096

    /// A directory of files, by name; each file is a list of pieces.
    indirect enum Entry {
        case file([[UInt8]])
        case folder([String: Entry])
    }

    /// Process numbers that no process has, so that a lock left over by one is stale for the next.
    static func surroundings(run: Int32 = 0) -> Repository.Surroundings {
        Repository.Surroundings(
            host: HostIdentity(
                hostname: "mill",
                username: "ada",
                userID: 1,
                groupID: 1,
                processID: 1 << 23 + run
            ),
            clock: FixedClock(Timestamp(seconds: 1_750_000_000)),
            cachesFolder: nil
        )
    }

    /// The quickest key that restic would accept.
    static func parameters() throws -> ScryptParameters {
        try ScryptParameters(cost: 2, blockSize: 1, parallelization: 1)
    }

    static func create(in store: any ObjectStore) async throws -> Repository {
        try await Repository.create(
            in: store,
            password: password,
            parameters: parameters(),
            surroundings: surroundings()
        )
    }

    static func open(_ store: any ObjectStore, run: Int32 = 1) async throws -> Repository {
        try await Repository.open(store, password: password, surroundings: surroundings(run: run))
    }

    /// Bytes that do not compress, and that are equal only for equal arguments.
    static func piece(_ seed: UInt64, count: Int = 700) -> [UInt8] {
        var generator = SplitMix(seed: seed)
        return [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            for offset in stride(from: 0, to: count, by: 8) {
                bytes.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
            }
            filled = count
        }
    }

    /// Bytes that compress well.
    static func text(_ seed: UInt64, count: Int = 3000) -> [UInt8] {
        let line = Array("line of the text \(seed)\n".utf8)
        return Array(repeatElement(line, count: count / line.count + 1).joined().prefix(count))
    }

    /// Stores a snapshot of `root`, blob by blob, as a backup would.
    @discardableResult
    static func backup(
        _ repository: Repository,
        _ root: [String: Entry],
        second: Int64,
        packSize: Int = packSize,
        isSaved: Bool = true
    ) async throws -> SnapshotID {
        let known = try await repository.loadIndex()
        let (tree, _) = try await BlobWriter.with(repository, known: known, packSize: packSize) { writer in
            try await store(root, BlobEncoder(repository, level: .auto), writer)
        }
        let snapshot = Snapshot(
            time: Timestamp(seconds: 1_700_000_000 + second),
            tree: tree,
            paths: ["/project"],
            hostname: "mill",
            username: "ada",
            tags: ["sample"],
            programVersion: "test"
        )
        return try await repository.save(snapshot)
    }

    private static func store(
        _ entries: [String: Entry],
        _ encoder: BlobEncoder,
        _ writer: BlobWriter
    ) async throws -> BlobID {
        var nodes: [Node] = []
        for (name, entry) in entries {
            var node = Node(name: FileName(name), kind: .file, mode: FileMode(posix: 0o100644))
            node.modified = Timestamp(seconds: 1_600_000_000)
            switch entry {
            case .file(let pieces):
                var content: [BlobID] = []
                for piece in pieces {
                    content.append(try await store(piece, .data, encoder, writer))
                    node.size += UInt64(piece.count)
                }
                node.content = content
                node.links = 1
            case .folder(let entries):
                node.kind = .directory
                node.mode = FileMode(posix: 0o040755)
                node.subtree = try await store(entries, encoder, writer)
            }
            nodes.append(node)
        }
        return try await store(
            TreeEncoding.encode(nodes.sorted { $0.name < $1.name }),
            .tree,
            encoder,
            writer
        )
    }

    static func store(
        _ bytes: [UInt8],
        _ type: BlobType,
        _ encoder: BlobEncoder,
        _ writer: BlobWriter
    ) async throws -> BlobID {
        let handle = BlobHandle(type, BlobID(BlobHasher.digest(bytes)))
        if writer.claim(handle) {
            let sealed = try bytes.withUnsafeBytes { try encoder.encode($0, type: type) }
            try await writer.append(handle, sealed, plainLength: bytes.count)
        }
        return handle.id
    }

    /// Every file of a snapshot with its bytes, by path; directories are there with a slash at the end.
    static func contents(_ repository: Repository, _ id: SnapshotID) async throws -> [String: [UInt8]] {
        let snapshot = try #require(try await repository.snapshots().readable.first { $0.id == id })
        let blobs = BlobReader(repository, index: try await repository.loadIndex())
        var files: [String: [UInt8]] = [:]
        try await read(snapshot.snapshot.tree, "", TreeReader(blobs), &files)
        return files
    }

    private static func read(
        _ tree: BlobID,
        _ path: String,
        _ reader: TreeReader,
        _ files: inout [String: [UInt8]]
    ) async throws {
        for node in try await reader.load(tree).nodes {
            let path = "\(path)/\(node.name)"
            if let subtree = node.subtree {
                files[path + "/"] = []
                try await read(subtree, path, reader, &files)
            } else {
                var bytes: [UInt8] = []
                for id in try #require(node.content) {
                    bytes += try await reader.blobs.load(BlobHandle(.data, id))
                }
                #expect(UInt64(bytes.count) == node.size)
                files[path] = bytes
            }
        }
    }

    /// What a snapshot of `root` should give back.
    static func expected(_ root: [String: Entry], below path: String = "") -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for (name, entry) in root {
            switch entry {
            case .file(let pieces): files["\(path)/\(name)"] = Array(pieces.joined())
            case .folder(let entries):
                files["\(path)/\(name)/"] = []
                files.merge(expected(entries, below: "\(path)/\(name)")) { first, _ in first }
            }
        }
        return files
    }

    /// Everything in a snapshot that a later one does not have, and the other way round, all in small packs.
    static func generation(_ number: UInt64) -> [String: Entry] {
        [
            "always": .file([piece(1), piece(2), text(3)]),
            "empty": .file([]),
            "hollow": .folder([:]),
            "source": .folder([
                "half": .file((0..<8).map { piece($0 % 2 == 0 ? 100 + $0 : 1000 * number + $0) }),
                "new": .file([piece(2000 * number), text(2000 * number + 1)]),
                "deep": .folder(["leaf": .file([text(number)])]),
            ]),
        ]
    }
}

/// Takes the exclusive lock, plans and executes a cleanup.
@discardableResult
func cleanUp(
    _ repository: Repository,
    forgetting: Set<SnapshotID> = [],
    rules: CleanupRules = CleanupRules(unusedLimit: .bytes(.zero), packSize: Sample.packSize)
) async throws -> CleanupPlan {
    try await repository.withLock(.exclusive) { lock in
        let plan = try await repository.planCleanup(forgetting: forgetting, rules: rules)
        _ = try await CleanupExecutor(repository).execute(plan, lock: lock)
        return plan
    }
}

/// Checks everything, packs included.
func check(_ repository: Repository) async throws -> CheckReport {
    try await RepositoryCheck(repository).run(reading: .all)
}

/// Expects that a check of everything finds no error, and no hint but those of the given kinds.
func expectSound(
    _ repository: Repository,
    hints: Set<String> = [],
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let findings = try await check(repository).findings
    let unexpected = findings.filter { $0.severity == .error || !hints.contains($0.code) }
    #expect(unexpected.isEmpty, comment, sourceLocation: sourceLocation)
}

/// Runs `work` on the files again and again, with the power cut at every change it makes, once before and once
/// after that change; `then` looks at what is left, in a repository that was opened after the restart.
func withEveryPowerCut(
    _ files: [Handle: [UInt8]],
    _ work: @Sendable (Repository) async throws -> Void,
    then: (Repository, Comment) async throws -> Void
) async throws {
    var change = 0
    var isFinished = false
    while !isFinished {
        for isIncluded in [false, true] {
            let cut = SimulatedStore.PowerCut(atChange: change, included: isIncluded)
            let store = SimulatedStore(files, seed: UInt64(change) * 2 + (isIncluded ? 1 : 0), cut: cut)
            let comment: Comment = "power cut \(isIncluded ? "after" : "at") change \(change)"
            do {
                try await work(try await Sample.open(store))
            } catch {
                if !store.isDown { Issue.record(error, comment) }
            }
            isFinished = !store.isDown
            let restarted = try await Sample.open(store.restart(), run: 2)
            try await then(restarted, comment)
        }
        change += 1
        try #require(change < 10_000)
    }
}
