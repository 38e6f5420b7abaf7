import BelayCore
import BelayStore
import BelaySystem
import BelayTestKit
import Testing

@Suite struct `A simulated store` {
    private let first = Handle(PackID(Digest(1, 0, 0, 0)))
    private let second = Handle(PackID(Digest(2, 0, 0, 0)))
    private let lock = Handle(LockID(Digest(3, 0, 0, 0)))

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `keeps what was acknowledged as stable, and all before it`(seed: UInt64) async throws {
        let store = SimulatedStore(seed: seed)
        try await store.save([1], as: first, durability: .stable)
        try await store.remove(first)
        try await store.save([2], as: second, durability: .stable)
        #expect(store.restart().files == [second: [2]])
    }

    @Test func `may undo what came after the last stable save, the later first`() async throws {
        var outcomes: Set<[Handle: [UInt8]]> = []
        for seed in 0..<100 as Range<UInt64> {
            let store = SimulatedStore(seed: seed)
            try await store.save([1], as: first, durability: .stable)
            try await store.save([3, 3], as: lock, durability: .volatile)
            try await store.remove(first)
            outcomes.insert(store.restart().files)
        }
        #expect(
            outcomes == [
                [first: [1]], [first: [1], lock: [3, 3]], [first: [1], lock: []], [lock: [3, 3]], [lock: []],
            ]
        )
    }

    @Test(arguments: [false, true])
    func `fails from the cut on`(isIncluded: Bool) async throws {
        let store = SimulatedStore(cut: .init(atChange: 1, included: isIncluded))
        try await store.save([1], as: first, durability: .stable)
        await #expect(throws: StoreError.self) { try await store.save([2], as: second, durability: .stable) }
        #expect(store.isDown)
        await #expect(throws: StoreError.self) { try await store.load(first) }
        let after = store.restart()
        #expect(after.files == (isIncluded ? [first: [1], second: [2]] : [first: [1]]))
        #expect(try await after.load(first) == [1])
    }
}

@Suite struct `A faulty store` {
    private let pack = Handle(PackID(Digest(1, 0, 0, 0)))

    @Test func `fails the calls that a rule names, and no others`() async throws {
        let store = FaultyStore(
            MemoryStore(),
            [.init(.fail(FaultyStore.full), on: .save, of: .pack, turns: 1..<2)]
        )
        try await store.save([1], as: pack, durability: .stable)
        await #expect(throws: FaultyStore.full) {
            try await store.save([1, 2], as: pack, durability: .stable)
        }
        try await store.save([1, 2, 3], as: pack, durability: .stable)
        #expect(try await store.load(pack) == [1, 2, 3])
        #expect(store.operations == 4)
    }

    @Test func `can do its work and lose the answer`() async throws {
        let store = FaultyStore(MemoryStore(), [.init(.loseAnswer(FaultyStore.connectionLost), on: .save)])
        await #expect(throws: FaultyStore.connectionLost) {
            try await store.save([1], as: pack, durability: .stable)
        }
        #expect(try await store.load(pack) == [1])
    }

    @Test func `flips one bit of what is read`() async throws {
        let store = FaultyStore(MemoryStore(), [.init(.flipBit(9), on: .load, turns: 0..<1)])
        try await store.save([0, 0], as: pack, durability: .stable)
        #expect(try await store.load(pack) == [0, 2])
        #expect(try await store.load(pack) == [0, 0])
    }

    @Test func `answers nothing once it is disconnected`() async throws {
        let store = FaultyStore(MemoryStore(), [.init(.disconnect, turns: 1..<2)])
        try await store.save([0], as: pack, durability: .stable)
        for _ in 0..<3 {
            await #expect(throws: FaultyStore.connectionLost) { try await store.size(of: pack) }
        }
    }
}
