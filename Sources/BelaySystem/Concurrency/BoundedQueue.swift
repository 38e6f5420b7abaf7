import Synchronization

/// A queue between tasks that holds at most `capacity` elements; with none, a producer waits until its element is
/// taken.
///
/// A producer waits while it is full, a consumer while it is empty; nobody blocks a thread. Once it is closed,
/// consumers get what is left and then `nil`; once it has failed, everybody gets the error.
package final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var consumers: [CheckedContinuation<Element?, any Error>] = []
        var producers: [(element: Element, continuation: CheckedContinuation<Void, any Error>)] = []
        var isClosed = false
        var failure: (any Error)?
    }

    private let state = Mutex(State())
    private let capacity: Int

    package init(capacity: Int) {
        precondition(capacity >= 0, "a queue cannot hold less than nothing")
        self.capacity = capacity
    }

    /// Adds an element, waiting for room.
    ///
    /// - Throws: what ``fail(_:)`` was given.
    package func push(_ element: Element) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            state.withLock { state in
                if let failure = state.failure {
                    continuation.resume(throwing: failure)
                } else if !state.consumers.isEmpty {
                    state.consumers.removeFirst().resume(returning: element)
                    continuation.resume()
                } else if state.elements.count < capacity {
                    state.elements.append(element)
                    continuation.resume()
                } else {
                    state.producers.append((element, continuation))
                }
            }
        }
    }

    /// Takes the oldest element, waiting for one; `nil` when the queue is closed and empty.
    package func next() async throws -> Element? {
        try await withCheckedThrowingContinuation { continuation in
            state.withLock { state in
                if let failure = state.failure {
                    continuation.resume(throwing: failure)
                } else if !state.elements.isEmpty {
                    continuation.resume(returning: state.elements.removeFirst())
                    if !state.producers.isEmpty {
                        let producer = state.producers.removeFirst()
                        state.elements.append(producer.element)
                        producer.continuation.resume()
                    }
                } else if !state.producers.isEmpty {
                    let producer = state.producers.removeFirst()
                    continuation.resume(returning: producer.element)
                    producer.continuation.resume()
                } else if state.isClosed {
                    continuation.resume(returning: nil)
                } else {
                    state.consumers.append(continuation)
                }
            }
        }
    }

    /// Says that nothing more comes.
    package func close() {
        state.withLock { state in
            state.isClosed = true
            for consumer in state.consumers { consumer.resume(returning: nil) }
            state.consumers = []
        }
    }

    /// Ends the queue with an error for all who wait or come later; the first error stays.
    package func fail(_ error: any Error) {
        state.withLock { state in
            if state.failure != nil { return }
            state.failure = error
            for consumer in state.consumers { consumer.resume(throwing: error) }
            for producer in state.producers { producer.continuation.resume(throwing: error) }
            state.consumers = []
            state.producers = []
            state.elements = []
        }
    }
}
