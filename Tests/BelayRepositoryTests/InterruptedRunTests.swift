import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Foundation
import Synchronization
import Testing

@Suite struct `A run that does not come to its end` {
    private struct Stopped: Error {}

    /// A clock that somebody moves.
    private final class MovableClock: WallClock {
        private let time = Mutex(Timestamp(seconds: 1_750_000_000))

        func now() -> Timestamp { time.withLock { $0 } }
        func move(seconds: Int64) { time.withLock { $0.seconds += seconds } }
    }

    private func create(
        _ clock: MovableClock,
        in store: any ObjectStore = MemoryStore()
    ) async throws -> Repository {
        var surroundings = Sample.surroundings()
        surroundings.clock = clock
        return try await Repository.create(
            in: store,
            password: Sample.password,
            parameters: Sample.parameters(),
            surroundings: surroundings
        )
    }

    /// Stores pieces until packs are full, and then stops.
    private func run(
        _ repository: Repository,
        lock: RepositoryLock?,
        before stop: @Sendable @escaping () throws -> Void
    ) async throws {
        let nothing = try await repository.loadIndex()
        _ = try await BlobWriter.with(repository, known: nothing, packSize: Sample.packSize, lock: lock) {
            writer in
            let encoder = BlobEncoder(repository, level: .auto)
            for seed in 0..<100 {
                _ = try await Sample.store(Sample.piece(UInt64(seed)), .data, encoder, writer)
            }
            // The packs on their way have arrived once as many are stored as could not wait.
            while try await repository.list(.pack).count < 8 { await Task.yield() }
            try stop()
        }
    }

    @Test func `leaves what it has stored to the next, in the index`() async throws {
        let repository = try await create(MovableClock())
        await #expect(throws: Stopped.self) {
            try await repository.withLock(.shared) { lock in
                try await run(repository, lock: lock) { throw Stopped() }
            }
        }
        let packs = try await repository.list(.pack)
        let index = try await repository.loadIndex()
        #expect(index.packCount > 0 && index.packCount == packs.count)
        #expect(index.count(of: .data) > 30)
    }

    @Test func `leaves it also when it is cancelled`() async throws {
        let repository = try await create(MovableClock())
        let task = Task {
            try await repository.withLock(.shared) { lock in
                try await run(repository, lock: lock) {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try Task.checkCancellation()
                }
            }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await repository.loadIndex().packCount > 0)
        #expect(try await repository.locks().isEmpty)
    }

    /// Whoever takes the lock for left over may clean up what no index names: it must not be named afterwards.
    @Test func `indexes nothing once its lock may be taken for left over`() async throws {
        let clock = MovableClock()
        // However long this takes: the lock is never refreshed.
        let store = FaultyStore(
            MemoryStore(),
            [.init(.fail(FaultyStore.denied), on: .save, of: .lock, turns: 1..<Int.max)]
        )
        let repository = try await create(clock, in: store)
        await #expect(throws: BelayError.self) {
            try await repository.withLock(.shared) { lock in
                try await run(repository, lock: lock) { clock.move(seconds: 40 * 60) }
            }
        }
        #expect(try await repository.indexIDs().isEmpty)
    }
}

@Suite struct `The making of a repository` {
    /// A directory for one test, gone with it.
    private final class TemporaryFolder: Sendable {
        let path: String

        init() throws {
            let url = FileManager.default.temporaryDirectory.appendingPathComponent(
                "belay-\(UUID().uuidString)"
            )
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            path = url.path
        }

        deinit {
            // A folder that cannot be removed does no harm to other tests.
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    private func create(_ store: any ObjectStore, at seconds: Int64 = 0) async throws -> Repository {
        var surroundings = Sample.surroundings()
        surroundings.clock = FixedClock(Timestamp(seconds: SystemClock().now().seconds + seconds))
        return try await Repository.create(
            in: store,
            password: Sample.password,
            parameters: Sample.parameters(),
            surroundings: surroundings
        )
    }

    @Test func `by two at once leaves one that opens`() async throws {
        for _ in 0..<20 {
            let folder = try TemporaryFolder()
            let store = LocalStore(path: "\(folder.path)/repository")
            async let first = create(store)
            async let second = create(store)
            var made: [Repository] = []
            do { made.append(try await first) } catch let error as BelayError {
                #expect(error.code == .repositoryExists)
            }
            do { made.append(try await second) } catch let error as BelayError {
                #expect(error.code == .repositoryExists)
            }
            // Both may have seen the other and gone; then it can be made again.
            #expect(made.count <= 1)
            guard let repository = made.first else { continue }
            let id = try await Sample.backup(repository, Sample.generation(1), second: 1)
            let opened = try await Sample.open(store)
            #expect(try await Sample.contents(opened, id) == Sample.expected(Sample.generation(1)))
        }
    }

    @Test func `that stored its config but was told otherwise leaves one that opens`() async throws {
        let store = FaultyStore(
            MemoryStore(),
            [.init(.loseAnswer(FaultyStore.inputOutputError), on: .save, of: .config)]
        )
        await #expect(throws: BelayError.self) { try await create(store) }
        _ = try await Sample.open(store)
    }

    @Test func `that could not store its config leaves no key`() async throws {
        let store = FaultyStore(
            MemoryStore(),
            [.init(.fail(FaultyStore.inputOutputError), on: .save, of: .config)]
        )
        await #expect(throws: BelayError.self) { try await create(store) }
        #expect(try await store.list(.key).isEmpty)
    }

    @Test func `can be done again after it was cut off, but not over somebody's packs`() async throws {
        let folder = try TemporaryFolder()
        let store = LocalStore(path: folder.path)
        _ = try await create(store)
        try await store.remove(.config)
        // As if under way at this moment.
        await #expect(throws: BelayError.self) { try await create(store) }
        let repository = try await create(store, at: 3600)
        #expect(try await repository.list(.key).count == 1)
        try await Sample.backup(repository, Sample.generation(1), second: 1)
        for kind in [FileKind.config, .snapshot, .index] {
            for file in try await store.list(kind) { try await store.remove(file.handle) }
        }
        await #expect(throws: BelayError.self) { try await create(store, at: 3600) }
        #expect(try await store.list(.key).count == 1)
    }
}
