import BelayCore
import BelayStore
import BelaySystem
import BelayTestKit
import Testing

@Suite struct `A store with limits` {
    private let clock = VirtualClock()
    private let base = MemoryStore()
    private let handle = Handle(kind: .pack, digest: Digest(1, 2, 3, 4))

    private func makeStore(upload: UInt64? = nil, download: UInt64? = nil) -> any ObjectStore {
        RateLimitedStore(base, RateLimits(upload: upload, download: download), clock: clock)
    }

    @Test func `takes as long for a save as the bytes need`() async throws {
        let store = makeStore(upload: 100)
        try await store.save([UInt8](repeating: 1, count: 250), as: handle, durability: .stable)
        #expect(clock.now.elapsed == .milliseconds(2500))
        #expect(try await store.load(handle).count == 250)
        #expect(clock.now.elapsed == .milliseconds(2500), "nothing limits what comes from it")
    }

    @Test func `takes as long for a load, of a part too`() async throws {
        try await base.save([UInt8](repeating: 1, count: 250), as: handle, durability: .stable)
        let store = makeStore(download: 100)
        #expect(try await store.load(handle, range: 100..<150).count == 50)
        #expect(clock.now.elapsed == .milliseconds(500))
        #expect(try await store.load(handle).count == 250)
        #expect(clock.now.elapsed == .seconds(3))
    }

    @Test func `shares the limit among all who use it, and saves up nothing while nobody does`() async throws
    {
        let store = makeStore(upload: 100)
        clock.pass(.seconds(60))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                group.addTask {
                    let handle = Handle(kind: .pack, digest: Digest(UInt64(number), 0, 0, 0))
                    // A memory always takes it; if it did not, the time would tell.
                    try? await store.save([UInt8](repeating: 1, count: 30), as: handle, durability: .volatile)
                }
            }
        }
        #expect(clock.now.elapsed == .seconds(63))
    }

    @Test func `stops waiting when the work is cancelled`() async throws {
        let store = makeStore(upload: 1)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.save([1, 2, 3], as: handle, durability: .stable)
        }
        await #expect(throws: StoreError.cancelled) { try await task.value }
        #expect(try await base.list(.pack).isEmpty)
    }
}
