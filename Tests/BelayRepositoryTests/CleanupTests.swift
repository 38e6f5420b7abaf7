import BelayCore
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Synchronization
import Testing

@Suite struct `A cleanup` {
    @Test func `does nothing in a repository without waste`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        try await Sample.backup(repository, Sample.generation(1), second: 1)
        // The first run joins what was small, and compresses the tree of the empty directory.
        try await cleanUp(repository)
        let plan = try await cleanUp(repository)
        #expect(plan.isEmpty)
        #expect(plan.freed == .zero)
        try await expectSound(repository)
    }

    @Test func `removes what only forgotten snapshots need, and keeps the rest readable`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        var ids: [SnapshotID] = []
        for number in 1...4 as ClosedRange<UInt64> {
            ids.append(try await Sample.backup(repository, Sample.generation(number), second: Int64(number)))
        }
        let before = try await store.list(.pack).reduce(0) { $0 + $1.size }
        let plan = try await cleanUp(repository, forgetting: Set(ids.prefix(2)))
        let after = try await store.list(.pack).reduce(0) { $0 + $1.size }

        #expect(plan.forgotten == ids.prefix(2).sorted())
        #expect(plan.remaining == 2)
        #expect(plan.repacked.packs > 0)
        #expect(plan.removed.packs > 0)
        #expect(after < before)
        // New packs have headers, and trees that were not compressed are now.
        let freed = ByteCount(before - after)
        #expect(freed - ByteCount.kibibytes(1) < plan.freed && plan.freed < freed + .kibibytes(1))
        #expect(try await repository.snapshots().readable.map(\.id) == Array(ids.suffix(2)))
        for (id, number) in zip(ids.suffix(2), 3...4 as ClosedRange<UInt64>) {
            #expect(try await Sample.contents(repository, id) == Sample.expected(Sample.generation(number)))
        }
        try await expectSound(repository)
        let again = try await cleanUp(repository)
        #expect(again.isEmpty)
    }

    @Test func `empties a repository of which every snapshot is forgotten`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let id = try await Sample.backup(repository, Sample.generation(1), second: 1)
        try await cleanUp(repository, forgetting: [id])
        #expect(try await store.list(.pack).isEmpty)
        #expect(try await store.list(.index).isEmpty)
        #expect(try await store.list(.snapshot).isEmpty)
        try await expectSound(repository)
    }

    @Test func `leaves as much waste as the rules allow`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        var ids: [SnapshotID] = []
        for number in 1...3 as ClosedRange<UInt64> {
            ids.append(try await Sample.backup(repository, Sample.generation(number), second: Int64(number)))
        }
        let rules = CleanupRules(unusedLimit: .unlimited, packSize: Sample.packSize)
        let plan = try await repository.planCleanup(forgetting: [ids[0]], rules: rules)
        let strict = try await repository.planCleanup(
            forgetting: [ids[0]],
            rules: CleanupRules(unusedLimit: .bytes(.zero), packSize: Sample.packSize)
        )
        #expect(plan.repacked.packs < strict.repacked.packs)
        #expect(plan.remainingUnused > strict.remainingUnused)
        #expect(strict.remainingUnused == .zero)
        let limit = ByteCount(2000)
        let some = try await repository.planCleanup(
            forgetting: [ids[0]],
            rules: CleanupRules(unusedLimit: .bytes(limit), packSize: Sample.packSize)
        )
        #expect(some.remainingUnused <= limit)
    }

    @Test func `writes no more anew than the rules allow`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        try await Sample.backup(repository, Sample.generation(2), second: 2)
        let maximum = ByteCount(6000)
        let plan = try await repository.planCleanup(
            forgetting: [first],
            rules: CleanupRules(unusedLimit: .bytes(.zero), repackMaximum: maximum, packSize: Sample.packSize)
        )
        #expect(plan.repacked.packs > 0)
        #expect(plan.repacked.size <= maximum)
    }

    @Test func `takes packs that no index describes`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        try await Sample.backup(repository, Sample.generation(1), second: 1)
        try await cleanUp(repository)
        let packs = try await store.list(.pack).count
        let stray = Handle(PackID(Digest(1, 2, 3, 4)))
        try await store.save(Sample.piece(5), as: stray, durability: .stable)
        #expect(try await check(repository).findings.map(\.code) == ["pack.unknown"])
        let plan = try await cleanUp(repository)
        #expect(plan.unreferenced.packs == 1)
        #expect(try await store.list(.pack).count == packs)
    }

    @Test func `keeps one copy of what is there twice`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let id = try await Sample.backup(repository, Sample.generation(1), second: 1)
        // The same blobs once more, as after a copy that was cut off before the old packs went.
        let indexes = try await store.list(.index)
        var kept: [Handle: [UInt8]] = [:]
        for file in indexes {
            kept[file.handle] = try await store.load(file.handle)
            try await store.remove(file.handle)
        }
        try await Sample.backup(repository, Sample.generation(1), second: 1)
        for (handle, bytes) in kept { try await store.save(bytes, as: handle, durability: .stable) }
        let doubled = try await store.list(.pack).count
        let plan = try await cleanUp(repository)
        #expect(plan.unused.blobs > 0)
        #expect(try await store.list(.pack).count <= doubled / 2 + 1)
        #expect(try await Sample.contents(repository, id) == Sample.expected(Sample.generation(1)))
        try await expectSound(repository)
    }

    @Test func `joins small packs once there are many`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        var ids: [SnapshotID] = []
        for number in 1...12 as ClosedRange<UInt64> {
            let root: [String: Sample.Entry] = ["file": .file([Sample.piece(number, count: 50)])]
            ids.append(try await Sample.backup(repository, root, second: Int64(number), packSize: 1 << 20))
        }
        #expect(try await store.list(.pack).count == 24)
        #expect(try await store.list(.index).count == 12)
        let plan = try await cleanUp(repository, rules: CleanupRules())
        #expect(plan.repacked.packs == 24)
        #expect(try await store.list(.pack).count == 2)
        // One for the new packs, and none is left of the old ones.
        #expect(try await store.list(.index).count == 1)
        for (number, id) in ids.enumerated() {
            #expect(
                try await Sample.contents(repository, id)["/file"]
                    == Sample.piece(UInt64(number + 1), count: 50)
            )
        }
        try await expectSound(repository)
    }

    @Test func `refuses when a snapshot cannot be read, unless that is the one to go`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        try await Sample.backup(repository, Sample.generation(2), second: 2)
        store.damage(Handle(first), with: Sample.piece(1))
        let error = await #expect(throws: BelayError.self) { try await repository.planCleanup() }
        #expect(error?.code == .repositoryDamaged)
        #expect(error?.subjects == [Handle(first).path])
        try await cleanUp(repository, forgetting: [first])
        try await expectSound(repository)
    }

    @Test func `refuses when a needed pack is gone, and touches nothing`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let id = try await Sample.backup(repository, Sample.generation(1), second: 1)
        try await Sample.backup(repository, Sample.generation(2), second: 2)
        let report = try await check(repository)
        #expect(!report.hasErrors)
        let packs = try await store.list(.pack)
        let files = try await store.list(.index)
        for pack in packs {
            let bytes = try await store.load(pack.handle)
            try await store.remove(pack.handle)
            let error = await #expect(throws: BelayError.self) { try await cleanUp(repository) }
            #expect(error?.code == .repositoryDamaged)
            try await store.save(bytes, as: pack.handle, durability: .stable)
        }
        #expect(try await store.list(.pack).count == packs.count)
        #expect(Set(try await store.list(.index)) == Set(files))
        #expect(try await repository.snapshots().readable.contains { $0.id == id })
    }

    @Test func `finds a damaged blob while copying, before anything that holds it is removed`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        let second = try await Sample.backup(repository, Sample.generation(2), second: 2)
        var sound: [Handle: [UInt8]] = [:]
        for pack in try await store.list(.pack) {
            let bytes = try await store.load(pack.handle)
            var damaged = bytes
            for position in stride(from: 20, to: damaged.count - 200, by: 100) { damaged[position] ^= 1 }
            store.damage(pack.handle, with: damaged)
            do {
                _ = try await repository.planCleanup(forgetting: [first])
                sound[pack.handle] = bytes
            } catch is BelayError {
                // It holds trees, without which there is no plan.
                store.damage(pack.handle, with: bytes)
            }
        }
        let packs = Set(try await store.list(.pack).map(\.handle))
        let error = await #expect(throws: BelayError.self) {
            try await cleanUp(repository, forgetting: [first])
        }
        #expect(error?.code == .repositoryDamaged)
        #expect(Set(try await store.list(.pack).map(\.handle)).isSuperset(of: packs))
        for (handle, bytes) in sound { store.damage(handle, with: bytes) }
        try await cleanUp(repository)
        #expect(try await Sample.contents(repository, second) == Sample.expected(Sample.generation(2)))
        try await expectSound(repository)
    }

    @Test func `refuses a plan for a repository that has changed since`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        let plan = try await repository.planCleanup(forgetting: [first])
        let second = try await Sample.backup(repository, Sample.generation(1), second: 2)
        let error = await #expect(throws: BelayError.self) {
            try await repository.withLock(.exclusive) { lock in
                _ = try await CleanupExecutor(repository).execute(plan, lock: lock)
            }
        }
        #expect(error?.code == .repositoryLocked)
        #expect(try await Sample.contents(repository, second) == Sample.expected(Sample.generation(1)))
        #expect(try await repository.snapshots().readable.count == 2)
    }

    @Test func `tells which packs could not be removed, and takes them the next time`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        try await Sample.backup(repository, Sample.generation(2), second: 2)
        let faulty = FaultyStore(
            store,
            [.init(.fail(FaultyStore.denied), on: .remove, of: .pack, turns: 0..<3)]
        )
        let reopened = try await Sample.open(faulty)
        let result = try await reopened.withLock(.exclusive) { lock in
            let rules = CleanupRules(unusedLimit: .bytes(.zero), packSize: Sample.packSize)
            let plan = try await reopened.planCleanup(forgetting: [first], rules: rules)
            return try await CleanupExecutor(reopened).execute(plan, lock: lock)
        }
        #expect(result.leftPacks.count == 3)
        try await expectSound(repository, hints: ["pack.unknown"])
        #expect(try await cleanUp(repository).unreferenced.packs == 3)
        try await expectSound(repository)
    }

    @Test func `stops between packs when cancelled, and goes on from there`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        var ids: [SnapshotID] = []
        for number in 1...3 as ClosedRange<UInt64> {
            ids.append(try await Sample.backup(repository, Sample.generation(number), second: Int64(number)))
        }
        let forgotten = ids[0]
        let work = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await cleanUp(repository, forgetting: [forgotten])
        }
        await #expect(throws: (any Error).self) { try await work.value }
        try await expectSound(repository, hints: ["pack.unknown", "pack.described-twice"])
        try await cleanUp(repository, forgetting: [forgotten])
        try await expectSound(repository)
        #expect(try await Sample.contents(repository, ids[2]) == Sample.expected(Sample.generation(3)))
    }

    @Test func `can be cancelled at every call of the store`() async throws {
        let store = SimulatedStore()
        let repository = try await Sample.create(in: store)
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        let second = try await Sample.backup(repository, Sample.generation(2), second: 2)
        var turn = 0
        var isFinished = false
        while !isFinished {
            let base = SimulatedStore(store.files)
            let canceller = Canceller()
            let faulty = FaultyStore(
                base,
                [.init(.call { canceller.cancel() }, turns: turn..<(turn + 1))]
            )
            let work = Task { try await cleanUp(try await Sample.open(faulty), forgetting: [first]) }
            canceller.set(work)
            // Cancelled or done before: what is left is what counts.
            _ = try? await work.value
            isFinished = faulty.operations <= turn
            let reopened = try await Sample.open(base, run: 2)
            let comment: Comment = "cancelled at call \(turn)"
            try await expectSound(reopened, hints: ["pack.unknown", "pack.described-twice"], comment)
            let present = try await reopened.snapshots().readable.map(\.id)
            try await cleanUp(reopened, forgetting: Set(present).intersection([first]))
            try await expectSound(reopened, comment)
            #expect(
                try await Sample.contents(reopened, second) == Sample.expected(Sample.generation(2)),
                comment
            )
            turn += 1
            try #require(turn < 10_000)
        }
    }

    @Test func `keeps every snapshot whole wherever the power is cut`() async throws {
        let store = SimulatedStore()
        let repository = try await Sample.create(in: store)
        var roots: [SnapshotID: [String: [UInt8]]] = [:]
        var ids: [SnapshotID] = []
        for number in 1...4 as ClosedRange<UInt64> {
            let id = try await Sample.backup(repository, Sample.generation(number), second: Int64(number))
            roots[id] = Sample.expected(Sample.generation(number))
            ids.append(id)
        }
        let forgotten = Set(ids.prefix(2))
        let expected = roots
        try await withEveryPowerCut(store.files) { repository in
            try await cleanUp(repository, forgetting: forgotten)
        } then: { repository, comment in
            try await expectSound(repository, hints: ["pack.unknown", "pack.described-twice"], comment)
            let present = try await repository.snapshots().readable.map(\.id)
            #expect(Set(present).isSuperset(of: Set(expected.keys).subtracting(forgotten)), comment)
            for id in present {
                #expect(try await Sample.contents(repository, id) == expected[id], comment)
            }
            try await cleanUp(repository, forgetting: forgotten.intersection(present))
            try await expectSound(repository, comment)
            #expect(
                try await repository.planCleanup(rules: .init(unusedLimit: .bytes(.zero))).isEmpty,
                comment
            )
        }
    }

    @Test(arguments: [FaultyStore.inputOutputError, FaultyStore.full, FaultyStore.denied])
    func `keeps every snapshot whole whichever call of the store fails`(error: StoreError) async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        let second = try await Sample.backup(repository, Sample.generation(2), second: 2)
        var files: [Handle: [UInt8]] = [:]
        for kind in FileKind.allCases {
            for file in try await store.list(kind) { files[file.handle] = try await store.load(file.handle) }
        }
        var turn = 0
        var isFinished = false
        while !isFinished {
            for fault in [FaultyStore.Fault.fail(error), .loseAnswer(error)] {
                let base = SimulatedStore(files)
                let faulty = FaultyStore(base, [.init(fault, turns: turn..<(turn + 1))])
                do {
                    try await cleanUp(try await Sample.open(faulty), forgetting: [first])
                } catch is BelayError {
                    // Which error it is does not matter here, only what is left.
                }
                isFinished = faulty.operations <= turn
                let repository = try await Sample.open(base, run: 2)
                let comment: Comment = "call \(turn) fails: \(fault)"
                try await expectSound(repository, hints: ["pack.unknown", "pack.described-twice"], comment)
                #expect(
                    try await Sample.contents(repository, second) == Sample.expected(Sample.generation(2)),
                    comment
                )
            }
            turn += 1
            try #require(turn < 10_000)
        }
    }
}

/// Cancels a task, also if told to before there is one.
private final class Canceller: Sendable {
    private struct State {
        var task: Task<CleanupPlan, any Error>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    func set(_ task: Task<CleanupPlan, any Error>) {
        state.withLock { state in
            state.task = task
            if state.isCancelled { task.cancel() }
        }
    }

    func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.task?.cancel()
        }
    }
}

@Suite struct `The rules of a cleanup` {
    @Test func `understand what restic understands`() {
        #expect(CleanupRules.UnusedLimit("5%") == .share(hundredths: 500))
        #expect(CleanupRules.UnusedLimit("0.5%") == .share(hundredths: 50))
        #expect(CleanupRules.UnusedLimit("12.345%") == .share(hundredths: 1234))
        #expect(CleanupRules.UnusedLimit("100%") == .share(hundredths: 10_000))
        #expect(CleanupRules.UnusedLimit("200M") == .bytes(.mebibytes(200)))
        #expect(CleanupRules.UnusedLimit("0") == .bytes(.zero))
        #expect(CleanupRules.UnusedLimit("unlimited") == .unlimited)
    }

    @Test(arguments: ["", "%", "-1%", "100.01%", "101%", "5 %", "x", "5.%", "5.x%", "1e3"])
    func `refuse what makes no sense`(text: String) {
        #expect(CleanupRules.UnusedLimit(text) == nil)
    }
}
