import Synchronization

/// A clock on which sleeping takes no time: it goes on by itself to whatever is waited for.
package final class VirtualClock: Clock {
    package struct Instant: InstantProtocol {
        /// Since the clock was made.
        package var elapsed: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(elapsed: elapsed + duration) }
        package func duration(to other: Instant) -> Duration { other.elapsed - elapsed }
        package static func < (left: Instant, right: Instant) -> Bool { left.elapsed < right.elapsed }
    }

    private let moment = Mutex(Instant(elapsed: .zero))

    package init() {}

    package var now: Instant { moment.withLock { $0 } }
    package var minimumResolution: Duration { .nanoseconds(1) }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        moment.withLock { $0 = max($0, deadline) }
    }

    /// Lets time pass in which nobody does anything.
    package func pass(_ duration: Duration) {
        moment.withLock { $0 = $0.advanced(by: duration) }
    }
}
