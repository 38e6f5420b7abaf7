import BelaySystem
import Synchronization
import Testing

/// A number that several tasks count with.
private final class Counter: Sendable {
    private let number = Atomic<Int>(0)

    var value: Int { number.load(ordering: .sequentiallyConsistent) }

    /// Adds to it; gives the new value.
    @discardableResult
    func add(_ count: Int) -> Int { number.add(count, ordering: .sequentiallyConsistent).newValue }

    func raise(to value: Int) { number.max(value, ordering: .sequentiallyConsistent) }
}

@Suite struct `A bounded queue` {
    @Test(arguments: [0, 1, 4])
    func `keeps the order and ends when it is closed`(capacity: Int) async throws {
        let queue = BoundedQueue<Int>(capacity: capacity)
        async let produced: Void = {
            for number in 0..<1000 { try await queue.push(number) }
            queue.close()
        }()
        var received: [Int] = []
        while let number = try await queue.next() { received.append(number) }
        try await produced
        #expect(received == Array(0..<1000))
    }

    @Test(arguments: [0, 3])
    func `never holds more than its capacity`(capacity: Int) async throws {
        let queue = BoundedQueue<Int>(capacity: capacity)
        let pushed = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 0..<100 {
                    try await queue.push(number)
                    pushed.add(1)
                }
                queue.close()
            }
            var taken = 0
            while try await queue.next() != nil {
                taken += 1
                // One more may have been handed over and not counted here yet.
                #expect(pushed.value <= taken + capacity + 1)
            }
            try await group.waitForAll()
        }
    }

    @Test func `gives its failure to everybody`() async throws {
        struct Failure: Error {}
        let queue = BoundedQueue<Int>(capacity: 0)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    do {
                        try await queue.push(2)
                        return false
                    } catch {
                        return error is Failure
                    }
                }
            }
            queue.fail(Failure())
            for await sawFailure in group { #expect(sawFailure) }
        }
        await #expect(throws: Failure.self) { try await queue.next() }
        await #expect(throws: Failure.self) { try await queue.push(3) }
    }
}

@Suite struct `A blocking pool` {
    @Test func `runs as many jobs at once as it is wide, and no more`() async {
        let pool = BlockingPool(width: 3)
        let running = Counter()
        let most = Counter()
        let gate = Condition(0)
        await withTaskExecutorPreference(pool) {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<9 {
                    group.addTask {
                        let now = running.add(1)
                        most.raise(to: now)
                        // Three must be here together before any may go on.
                        let isReached: Bool = gate.wait { count in
                            count = max(count, now)
                            return count >= 3 ? true : nil
                        }
                        gate.broadcast()
                        #expect(isReached)
                        running.add(-1)
                    }
                }
                // Wakes those that came before the third had raised the count.
                gate.broadcast()
            }
        }
        #expect(most.value <= 3)
    }
}
