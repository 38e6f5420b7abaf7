import BelayCore
import BelayStore
import BelaySystem
import BelayTestKit
import Foundation
import Testing

/// A store to try, and what must live as long as it does.
struct StoreCase: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let make: @Sendable (String) -> any ObjectStore

    static let all: [StoreCase] = [
        StoreCase(testDescription: "local directory") { LocalStore(path: "\($0)/repository") },
        StoreCase(testDescription: "memory") { _ in MemoryStore() },
        StoreCase(testDescription: "simulation") { _ in SimulatedStore() },
        StoreCase(testDescription: "local directory with limits") {
            RateLimitedStore(
                LocalStore(path: "\($0)/repository"),
                RateLimits(upload: 1000, download: 1000),
                clock: VirtualClock()
            )
        },
        StoreCase(testDescription: "faulty without faults") { _ in FaultyStore(MemoryStore(), []) },
    ]
}

/// What every object store guarantees.
@Suite struct `Every object store` {
    private let folder = NSTemporaryDirectory() + "belay-store-\(UUID().uuidString)"

    private func withStore(
        _ kind: StoreCase,
        _ body: (any ObjectStore) async throws -> Void
    ) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = kind.make(folder)
        try await store.prepare()
        try await body(store)
    }

    private static func handle(_ kind: FileKind, _ number: UInt64) -> Handle {
        Handle(kind: kind, digest: Digest(number &* 0x9E37_79B9_7F4A_7C15, 1, 2, number))
    }

    @Test(arguments: StoreCase.all)
    func `gives back what was saved`(kind: StoreCase) async throws {
        try await withStore(kind) { store in
            for (number, file) in FileKind.allCases.enumerated() {
                let handle = file == .config ? Handle.config : Self.handle(file, UInt64(number))
                let bytes = (0..<(1 << number)).map { UInt8(truncatingIfNeeded: $0) }
                try await store.save(bytes, as: handle, durability: .stable)
                #expect(try await store.load(handle) == bytes)
                #expect(try await store.size(of: handle) == UInt64(bytes.count))
            }
        }
    }

    @Test(arguments: StoreCase.all)
    func `gives exactly the range asked for, or says that the file is short`(kind: StoreCase) async throws {
        try await withStore(kind) { store in
            let handle = Self.handle(.pack, 1)
            try await store.save(Array(0..<100), as: handle, durability: .stable)
            #expect(try await store.load(handle, range: 10..<20) == Array(10..<20))
            #expect(try await store.load(handle, range: 0..<100) == Array(0..<100))
            #expect(try await store.load(handle, range: 100..<100).isEmpty)
            await #expect(throws: StoreError.short(handle)) { try await store.load(handle, range: 90..<101) }
        }
    }

    @Test(arguments: StoreCase.all)
    func `says that a missing file is missing`(kind: StoreCase) async throws {
        try await withStore(kind) { store in
            let handle = Self.handle(.index, 1)
            await #expect(throws: StoreError.missing(handle)) { try await store.load(handle) }
            await #expect(throws: StoreError.missing(handle)) { try await store.load(handle, range: 0..<1) }
            #expect(try await store.size(of: handle) == nil)
            try await store.remove(handle)
        }
    }

    @Test(arguments: StoreCase.all)
    func `lists each kind by itself, with sizes, at once`(kind: StoreCase) async throws {
        try await withStore(kind) { store in
            for file in FileKind.allCases where file != .config {
                #expect(try await store.list(file).isEmpty)
            }
            for number in 0..<20 {
                try await store.save(
                    [UInt8](repeating: 1, count: number),
                    as: Self.handle(.pack, UInt64(number)),
                    durability: .stable
                )
            }
            try await store.save([9], as: Self.handle(.lock, 1), durability: .volatile)
            let packs = try await store.list(.pack)
            #expect(packs.count == 20)
            #expect(Set(packs.map(\.size)) == Set(0..<20))
            #expect(try await store.list(.lock).map(\.handle) == [Self.handle(.lock, 1)])
            try await store.remove(Self.handle(.lock, 1))
            #expect(try await store.list(.lock).isEmpty)
        }
    }

    @Test(arguments: StoreCase.all)
    func `saves the same file twice without harm`(kind: StoreCase) async throws {
        try await withStore(kind) { store in
            let handle = Self.handle(.snapshot, 1)
            try await store.save([1, 2, 3], as: handle, durability: .stable)
            try await store.save([1, 2, 3], as: handle, durability: .stable)
            #expect(try await store.load(handle) == [1, 2, 3])
        }
    }

    @Test(arguments: StoreCase.all)
    func `takes saves of many at once`(kind: StoreCase) async throws {
        try await withStore(kind) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        try await store.save(
                            [UInt8](repeating: UInt8(number), count: 1000),
                            as: Self.handle(.pack, UInt64(number)),
                            durability: .volatile
                        )
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.list(.pack).count == 64)
        }
    }
}

@Suite struct `A local store` {
    private let folder = NSTemporaryDirectory() + "belay-local-\(UUID().uuidString)"

    @Test func `is laid out as restic lays it out`() async throws {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(names == ["data", "index", "keys", "locks", "snapshots"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/data").count == 256)
        let handle = Handle(kind: .pack, digest: Digest(0xAB00_0000_0000_0000, 0, 0, 1))
        try await store.save([1], as: handle, durability: .stable)
        let path = "\(folder)/data/ab/\(handle.digest.hexadecimal)"
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o400)
    }

    @Test func `does not see what is not named like a file of a repository`() async throws {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        let digest = Digest(1, 2, 3, 4).hexadecimal
        for name in [
            "README", "\(digest)-tmp-1", String(digest.dropLast()),
            digest.uppercased().replacing("0", with: "A"),
        ] {
            try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/index/\(name)"))
        }
        // A pack in a folder that its name does not belong to.
        try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/data/ff/\(digest)"))
        #expect(try await store.list(.index).isEmpty)
        #expect(try await store.list(.pack).isEmpty)
        // But for what a write leaves it tells that it is there.
        let strays = try await store.strays(.index)
        #expect(strays.count == 3 && strays.contains(StrayFile(path: "index/README", bytes: [1])))
        for kind in [FileKind.snapshot, .config] { #expect(try await store.strays(kind).isEmpty) }
    }

    @Test func `takes away what was never finished, if it is old, and nothing else`() async throws {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        let handle = Handle(kind: .index, digest: Digest(1, 2, 3, 4))
        try await store.save([1], as: handle, durability: .stable)
        let digest = handle.digest.hexadecimal
        let (left, kept) = (
            ["index/\(digest)-tmp-17", "data/00/\(digest)-tmp-3", "config-tmp-99"],
            ["index/\(digest)-tmp-", "index/notes-tmp-1", "snapshots/\(digest)-tmp-1x", "README-tmp-1"]
        )
        for name in left + kept { try Data([1]).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        let now = SystemClock().now().seconds
        #expect(try await store.removeUnfinished(before: Timestamp(seconds: now - 3600)) == 0)
        #expect(try await store.removeUnfinished(before: Timestamp(seconds: now + 3600)) == left.count)
        for name in left { #expect(!FileManager.default.fileExists(atPath: "\(folder)/\(name)")) }
        for name in kept { #expect(FileManager.default.fileExists(atPath: "\(folder)/\(name)")) }
        #expect(try await store.load(handle) == [1])
    }

    @Test func `makes folders that are missing`() async throws {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        try await store.save([0], as: .config, durability: .stable)
        try FileManager.default.removeItem(atPath: "\(folder)/data")
        try FileManager.default.removeItem(atPath: "\(folder)/locks")
        #expect(try await store.list(.pack).isEmpty)
        #expect(try await store.list(.lock).isEmpty)
        let handle = Handle(kind: .pack, digest: Digest(7, 0, 0, 1))
        try await store.save([1], as: handle, durability: .stable)
        #expect(try await store.load(handle) == [1])
    }

    @Test func `makes nothing where its repository is gone`() async throws {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        try await store.save([0], as: .config, durability: .stable)
        try FileManager.default.removeItem(atPath: folder)
        let handle = Handle(kind: .pack, digest: Digest(7, 0, 0, 1))
        await #expect(throws: StoreError.self) { try await store.save([1], as: handle, durability: .stable) }
        #expect(!FileManager.default.fileExists(atPath: folder))
        // As a disk that is no longer mounted leaves it.
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        await #expect(throws: StoreError.self) { try await store.save([1], as: handle, durability: .stable) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test(
        arguments: [
            (FileKind.config, 1 << 20), (.key, 1 << 20), (.lock, 1 << 20), (.snapshot, 64 << 20),
            (.index, 4 << 30), (.pack, 4 << 30),
        ]
    )
    func `does not read a file that is larger than one of its kind can be`(
        kind: FileKind,
        length: UInt64
    ) async throws {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        let handle = kind == .config ? .config : Handle(kind: kind, digest: Digest(7, 0, 0, 1))
        // Only a hole.
        let path = "\(folder)/\(handle.path)"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: length + 1)
        try file.close()
        await #expect(throws: StoreError.tooLarge(handle)) { try await store.load(handle) }
        #expect(try await store.load(handle, range: 0..<2) == [0, 0])
    }

    @Test(arguments: [FileKind.config, .key, .lock, .snapshot, .index, .pack])
    func `does not wait for whoever would write to a FIFO in the place of a file`(kind: FileKind) async throws
    {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        let handle = kind == .config ? .config : Handle(kind: kind, digest: Digest(7, 0, 0, 1))
        #expect(mkfifo("\(folder)/\(handle.path)", 0o600) == 0)
        let path = "\(folder)/\(handle.path)"
        let failure = StoreError.failed(
            SystemError(call: "open", subject: path, number: SystemError.notRegular)
        )
        await #expect(throws: failure) { try await store.load(handle) }
        await #expect(throws: failure) { try await store.load(handle, range: 0..<1) }
    }

    @Test func `leaves no temporary file behind`() async throws {
        let store = LocalStore(path: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await store.prepare()
        for number in 0..<10 {
            try await store.save(
                [1],
                as: Handle(kind: .index, digest: Digest(UInt64(number), 0, 0, 1)),
                durability: .stable
            )
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/index")
        #expect(names.count == 10)
        #expect(names.allSatisfy { $0.count == 64 })
    }
}
