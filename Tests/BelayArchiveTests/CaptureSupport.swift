import BelayArchive
import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import Foundation

/// A directory for one test, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("belay-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        // A folder that cannot be removed does no harm to other tests.
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: url)
    }
}

/// A repository in memory and a project on disk, captured as a backup captures it.
struct CaptureFixture {
    let repository: Repository
    let project: TemporaryFolder
    let cache: TemporaryFolder

    /// Another project for a repository.
    init(repository: Repository, project: TemporaryFolder, cache: TemporaryFolder) {
        self.repository = repository
        self.project = project
        self.cache = cache
    }

    init(store: any ObjectStore = MemoryStore()) async throws {
        project = try TemporaryFolder()
        cache = try TemporaryFolder()
        let host = HostIdentity(hostname: "test", username: "ada", userID: 0, groupID: 0, processID: 1)
        repository = try await Repository.create(
            in: store,
            password: Array("secret".utf8),
            parameters: .randomKey,
            surroundings: Repository.Surroundings(host: host, clock: SystemClock(), cachesFolder: nil)
        )
    }

    /// Stores the project, with the cache or as if there were none; makes a snapshot so that the cache counts.
    @discardableResult
    func capture(
        usingCache: Bool = true,
        started: Timestamp? = nil,
        _ change: (inout ArchiveSettings) -> Void = { _ in }
    ) async throws -> CaptureResult {
        var settings = ArchiveSettings(root: project.path, started: started ?? SystemClock().now())
        settings.respectsGitIgnore = false
        change(&settings)
        let archiver = Archiver(
            repository: repository,
            settings: settings,
            cacheFolder: usingCache ? cache.path : nil
        )
        let snapshots = Set(try await repository.snapshots().readable.map(\.id))
        let opened = archiver.openCache(snapshots: snapshots)
        let known = try await repository.loadKnownBlobs()
        let progress = CaptureProgress()
        let result = try await BlobWriter.with(repository, known: known, packSize: 4 << 20) { writer in
            try await archiver.store(
                through: writer,
                cache: opened,
                verifyingAgainst: nil,
                progress: progress
            )
        }.result
        let snapshot = Snapshot(time: SystemClock().now(), tree: result.tree, paths: [project.path])
        let id = try await repository.save(snapshot)
        archiver.remember(result, as: id, indexes: try await repository.indexIDs())
        return result
    }

    /// The root tree's nodes by name.
    func nodes(_ result: CaptureResult) -> [String: Node] {
        Dictionary(uniqueKeysWithValues: result.rootNodes.map { ("\($0.name)", $0) })
    }

    /// The contents of a file node.
    func content(of node: Node) async throws -> [UInt8] {
        let reader = BlobReader(repository, index: try await repository.loadIndex())
        var bytes: [UInt8] = []
        for id in node.content ?? [] { bytes += try await reader.load(BlobHandle(.data, id)) }
        return bytes
    }
}

/// A generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}
