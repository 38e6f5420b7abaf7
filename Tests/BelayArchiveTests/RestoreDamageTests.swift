import BelayArchive
import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import Glibc
import Synchronization
import Testing

/// What is damaged costs what it belongs to, and nothing else.
@Suite(.serialized) struct `A restore from a damaged repository` {
    private static func store(in store: MemoryStore) async throws -> Stored {
        try await Stored.make(in: store, packSize: 1024) { writer in
            var nodes: [Node] = []
            for number in 0..<30 {
                let first = try await writer.data(randomBytes(500, seed: UInt64(number) + 1))
                let second = try await writer.data(randomBytes(300, seed: UInt64(number) + 100))
                nodes.append(.file("small\(number)", [first], size: 500))
                nodes.append(.file("large\(number)", [first, second], size: 800))
            }
            return try await writer.tree(nodes)
        }
    }

    private func packs(_ stored: Stored, of node: Node) -> [Handle] {
        (node.content ?? []).compactMap {
            stored.index.location(of: BlobHandle(.data, $0)).map { Handle($0.pack) }
        }
    }

    @Test(arguments: ["a flipped bit", "a short pack", "no pack"])
    func `loses only the files whose data is gone`(fault: String) async throws {
        let store = MemoryStore()
        let stored = try await Self.store(in: store)
        let nodes = try await stored.trees.load(stored.tree).nodes
        let victim = try #require(packs(stored, of: nodes[0]).first)
        let lost = nodes.filter { node in
            (node.content ?? []).contains { id in
                stored.index.location(of: BlobHandle(.data, id)).map { Handle($0.pack) } == victim
            }
        }
        var bytes = try await store.load(victim)
        switch fault {
        case "a flipped bit": for position in bytes.indices { bytes[position] ^= 1 }
        case "a short pack": bytes = Array(bytes.prefix(20))
        default: bytes = []
        }
        if fault == "no pack" { try await store.remove(victim) } else { store.damage(victim, with: bytes) }
        let target = try Scratch()
        let report = try await stored.restore(into: target.path) { $0.verifies = true }
        #expect(Set(report.failures.map(\.path)) == Set(lost.map { "\($0.name)" }))
        #expect(report.counts.files == UInt64(nodes.count - lost.count))
        let present = Set(try Paths.names(in: target.path))
        #expect(present == Set(nodes.map { "\($0.name)" }).subtracting(lost.map { "\($0.name)" }))
    }

    @Test func `finds another copy in another pack`() async throws {
        let store = MemoryStore()
        let stored = try await Self.store(in: store)
        let empty = try await BlobWriter.with(
            stored.repository,
            known: KnownBlobs(stored.index),
            packSize: 1 << 20
        ) {
            _ in 0
        }
        #expect(empty.result == 0)
        // Everything once more, in packs of its own.
        let nodes = try await stored.trees.load(stored.tree).nodes
        let fresh = try await Stored.makeRepository()
        let nothing = try await fresh.loadIndex()
        let reader = BlobReader(stored.repository, index: stored.index)
        _ = try await BlobWriter.with(stored.repository, known: nothing, packSize: 1 << 20) { writer in
            let hand = HandWriter(repository: stored.repository, writer: writer)
            for id in Set(nodes.flatMap { $0.content ?? [] }) {
                _ = try await hand.data(try await reader.load(BlobHandle(.data, id)))
            }
            return 0
        }
        let both = try await stored.repository.loadIndex()
        for node in nodes {
            for id in node.content ?? [] {
                let locations = both.locations(of: BlobHandle(.data, id))
                #expect(locations.count == 2)
                // The copy that is read first.
                let first = Handle(locations[0].pack)
                var bytes = try await store.load(first)
                for position in Int(locations[0].offset)..<Int(locations[0].offset + locations[0].length) {
                    bytes[position] ^= 0x55
                }
                if locations[1].pack != locations[0].pack { store.damage(first, with: bytes) }
            }
        }
        let target = try Scratch()
        let again = Stored(repository: stored.repository, index: both, tree: stored.tree)
        let report = try await again.restore(into: target.path) { $0.verifies = true }
        #expect(report.failures.isEmpty)
        #expect(report.counts.files == 60)
    }

    @Test func `checks each of two chunks that the index names at one place`() async throws {
        let store = MemoryStore()
        let bytes = randomBytes(500, seed: 1)
        let absent = BlobID(BlobHasher.digest(randomBytes(500, seed: 2)))
        let stored = try await Stored.make(in: store) { writer in
            let chunk = try await writer.data(bytes)
            return try await writer.tree([
                .file("first", [chunk], size: 500), .file("second", [absent], size: 500),
                .file("third", [chunk], size: 500),
            ])
        }
        for file in try await store.list(.index) {
            let json = try UnpackedFile.decode(
                await store.load(file.handle),
                version: .two,
                envelope: stored.repository.makeEnvelope(),
                decompressor: ZstdDecompressor()
            )
            var packs = try IndexFile.decode(json).packs
            for number in packs.indices {
                guard var blob = packs[number].blobs.first(where: { $0.type == .data }) else { continue }
                blob.id = absent
                packs[number].blobs.append(blob)
            }
            let changed = try UnpackedFile.encode(
                IndexFile(packs: packs).encode(),
                version: .two,
                envelope: stored.repository.makeEnvelope(),
                compressor: ZstdCompressor(level: .auto)
            )
            let handle = Handle(kind: .index, digest: changed.digest)
            try await store.save(changed.bytes, as: handle, durability: .stable)
            try await store.remove(file.handle)
        }
        let index = try await stored.repository.loadIndex()
        #expect(index.location(of: BlobHandle(.data, absent)) != nil)
        let target = try Scratch()
        let both = Stored(repository: stored.repository, index: index, tree: stored.tree)
        let report = try await both.restore(into: target.path)
        #expect(report.failures.map(\.path) == ["second"])
        #expect(Set(try Paths.names(in: target.path)) == ["first", "third"])
        #expect(try readFile(path: "\(target.path)/third", limit: 1000) == bytes)
    }

    @Test func `stops when the store is gone`() async throws {
        let memory = MemoryStore()
        let store = InterruptedStore(memory)
        let stored = try await Stored.make(in: store, packSize: 1024) { writer in
            var nodes: [Node] = []
            for number in 0..<100 {
                nodes.append(
                    .file(
                        "f\(number)",
                        [try await writer.data(randomBytes(900, seed: UInt64(number) + 1))],
                        size: 900
                    )
                )
            }
            return try await writer.tree(nodes)
        }
        let target = try Scratch()
        let plan = try await stored.restorer.plan(RestoreRequest(tree: stored.tree, target: target.path))
        store.interrupt(after: 10) { () throws(StoreError) in
            throw .failed(SystemError(call: "read", subject: "", number: EIO))
        }
        await #expect { _ = try await stored.restorer.restore(plan, progress: RestoreProgress()) } throws: {
            error in
            (error as? BelayError)?.code == .repositoryUnavailable
        }
    }

    @Test func `leaves only whole files when it is cancelled`() async throws {
        let memory = MemoryStore()
        let store = InterruptedStore(memory)
        let stored = try await Stored.make(in: store, packSize: 1024) { writer in
            var nodes: [Node] = []
            var contents = [[BlobID]](repeating: [], count: 40)
            for part in 0..<3 {
                for number in 0..<40 {
                    let seed = UInt64(number * 3 + part + 1)
                    contents[number].append(try await writer.data(randomBytes(400, seed: seed)))
                }
            }
            for number in 0..<40 { nodes.append(.file("large\(number)", contents[number], size: 1200)) }
            return try await writer.tree(nodes)
        }
        for count in [1, 10, 25, 35] {
            let target = try Scratch()
            let plan = try await stored.restorer.plan(RestoreRequest(tree: stored.tree, target: target.path))
            let task = Mutex<Task<RestoreReport, any Error>?>(nil)
            store.interrupt(after: count) { task.withLock { $0?.cancel() } }
            task.withLock {
                $0 = Task { try await stored.restorer.restore(plan, progress: RestoreProgress()) }
            }
            let result = await task.withLock { $0 }?.result
            store.interrupt(after: .max) {}
            #expect(throws: CancellationError.self) { try result?.get() }
            let entries = try TreeSnapshotter.entries(target.path)
            #expect(entries.values.allSatisfy { $0.size == 1200 && $0.mode == 0o100644 })
            #expect(!entries.keys.contains { $0.starts(with: Array(".belay-".utf8)) })
            // Run again, it completes.
            let report = try await stored.restore(into: target.path) { $0.overwrite = .ifChanged }
            #expect(report.counts.files + report.counts.unchanged == 40)
            #expect(report.counts.unchanged == UInt64(entries.count))
        }
    }
}

/// A store that does something after some reads.
final class InterruptedStore: ObjectStore {
    private struct State {
        var left = Int.max
        var action: @Sendable () throws(StoreError) -> Void = {}
    }

    private let base: MemoryStore
    private let state = Mutex(State())
    var properties: StoreProperties { base.properties }

    init(_ base: MemoryStore) {
        self.base = base
    }

    /// After `count` more reads of a range, each further one does this first.
    func interrupt(after count: Int, _ action: @Sendable @escaping () throws(StoreError) -> Void) {
        state.withLock { $0 = State(left: count, action: action) }
    }

    func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        let action = state.withLock { state in
            state.left -= state.left == .max ? 0 : 1
            return state.left < 0 ? state.action : nil
        }
        if let action { try action() }
        return try await base.load(handle, range: range)
    }

    func prepare() async throws(StoreError) { try await base.prepare() }
    func save(_ bytes: [UInt8], as handle: Handle, durability: Durability) async throws(StoreError) {
        try await base.save(bytes, as: handle, durability: durability)
    }
    func load(_ handle: Handle) async throws(StoreError) -> [UInt8] { try await base.load(handle) }
    func size(of handle: Handle) async throws(StoreError) -> UInt64? { try await base.size(of: handle) }
    func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] { try await base.list(kind) }
    func remove(_ handle: Handle) async throws(StoreError) { try await base.remove(handle) }
}
