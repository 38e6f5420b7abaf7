import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Testing

@Suite struct `A lock on a repository` {
    /// A process of another machine, so that nobody can tell whether it lives.
    private func lock(
        exclusive: Bool,
        at seconds: Int64,
        in repository: Repository,
        host: String = "elsewhere"
    ) async throws {
        let file = LockFile(
            time: Timestamp(seconds: seconds),
            isExclusive: exclusive,
            hostname: host,
            username: "eve",
            processID: 4711
        )
        let bytes = try UnpackedFile.encode(
            file.encode(),
            version: .two,
            envelope: repository.makeEnvelope(),
            compressor: ZstdCompressor(level: .auto)
        )
        try await repository.save(bytes.bytes, as: Handle(kind: .lock, digest: bytes.digest))
    }

    private let now: Int64 = 1_750_000_000

    @Test(arguments: [
        (false, LockMode.shared, true), (false, .exclusive, false), (true, .shared, false),
        (true, .exclusive, false),
    ])
    func `stands beside another only if both are shared`(
        other: Bool,
        mode: LockMode,
        isFine: Bool
    ) async throws {
        let repository = try await Sample.create(in: MemoryStore())
        try await lock(exclusive: other, at: now - 60, in: repository)
        do {
            try await repository.withLock(mode) { _ in }
            #expect(isFine)
        } catch let error as BelayError {
            #expect(!isFine)
            #expect(error.code == .repositoryLocked)
            #expect(error.message.contains("eve@elsewhere"))
        }
        // Ours is gone in either case; theirs stays.
        #expect(try await repository.locks().count == 1)
    }

    @Test func `that nobody has refreshed for half an hour is in nobody's way`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        try await lock(exclusive: true, at: now - 31 * 60, in: repository)
        try await repository.withLock(.exclusive) { _ in }
        #expect(try await repository.locks().isEmpty)
    }

    @Test func `with a time in the future still holds`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        try await lock(exclusive: true, at: now + 3600, in: repository)
        await #expect(throws: BelayError.self) { try await repository.withLock(.shared) { _ in } }
    }

    @Test func `is released when the work fails`() async throws {
        struct Failure: Error {}
        let repository = try await Sample.create(in: MemoryStore())
        await #expect(throws: Failure.self) {
            try await repository.withLock(.shared) { _ in
                #expect(try await repository.locks().count == 1)
                throw Failure()
            }
        }
        #expect(try await repository.locks().isEmpty)
    }

    @Test func `is there only once for two who want it alone`() async throws {
        let store = MemoryStore()
        _ = try await Sample.create(in: store)
        // This process lives, so its locks count.
        var surroundings = Sample.surroundings()
        surroundings.host = HostIdentity.current()
        let first = try await Repository.open(store, password: Sample.password, surroundings: surroundings)
        let second = try await Repository.open(store, password: Sample.password, surroundings: surroundings)
        try await first.withLock(.exclusive) { _ in
            await #expect(throws: BelayError.self) { try await second.withLock(.exclusive) { _ in } }
            await #expect(throws: BelayError.self) { try await second.withLock(.shared) { _ in } }
        }
        try await second.withLock(.exclusive) { _ in }
    }

    @Test func `is removed by unlock only if it is left over, unless all go`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        try await lock(exclusive: false, at: now - 60, in: repository)
        try await lock(exclusive: false, at: now - 3600, in: repository)
        #expect(try await repository.unlock(all: false) == UnlockResult(removed: 1))
        #expect(try await repository.locks().count == 1)
        #expect(try await repository.unlock(all: true) == UnlockResult(removed: 1))
        #expect(try await repository.locks().isEmpty)
    }

    /// Locks of a machine whose host name another one, or a container, may share.
    @Test(arguments: [
        ("m/boot/1", "m/boot/1", true), ("m/boot/1", "m/boot/2", false), ("m/boot/1", "m/later/1", true),
        ("m/boot/1", "other/boot/1", false), ("/boot/1", "/later/1", false), ("", "m/boot/1", true),
    ])
    func `of a process that does not live goes only if that can be told`(
        theirs: String,
        ours: String,
        goes: Bool
    ) throws {
        let file = LockFile(
            time: Timestamp(seconds: now - 60),
            isExclusive: true,
            hostname: "mill",
            username: "eve",
            processID: 4711,
            processSpace: theirs
        )
        #expect(try LockFile.decode(file.encode()) == file)
        let host = HostIdentity(
            hostname: "mill",
            username: "ada",
            userID: 0,
            groupID: 0,
            processID: 1,
            processSpace: ours
        )
        let isStale = LockRules.isStale(file, now: Timestamp(seconds: now), host: host) { _ in false }
        #expect(isStale == goes)
    }

    @Test func `that somebody has removed makes whoever relied on it stop`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        let error = await #expect(throws: BelayError.self) {
            try await repository.withLock(.shared) { lock in
                try await lock.requireHeld()
                #expect(try await repository.unlock(all: true) == UnlockResult(removed: 1))
                try await lock.requireHeld()
            }
        }
        #expect(error?.code == .repositoryLocked)
    }

    @Test(arguments: ["no lock", "{\"time\":7}", "[]"])
    func `that is none, though it is sealed, stands in the way until all locks go`(text: String) async throws
    {
        let repository = try await Sample.create(in: MemoryStore())
        let bytes = try UnpackedFile.encode(
            Array(text.utf8),
            version: .two,
            envelope: repository.makeEnvelope(),
            compressor: ZstdCompressor(level: .auto)
        )
        let handle = Handle(kind: .lock, digest: bytes.digest)
        try await repository.save(bytes.bytes, as: handle)
        let error = await #expect(throws: BelayError.self) { try await repository.withLock(.shared) { _ in } }
        #expect(error?.code == .repositoryLocked)
        #expect(error?.hint?.contains("--remove-all") == true)
        #expect(try await repository.unlock(all: false) == UnlockResult(removed: 0, unreadable: [handle]))
        #expect(try await repository.unlock(all: true) == UnlockResult(removed: 1))
        try await repository.withLock(.exclusive) { _ in }
    }
}
