package import BelayCore
import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The time of day, as an argument for what must be testable.
package protocol WallClock: Sendable {
    /// The present moment, in UTC.
    func now() -> Timestamp
}

/// The machine's own clock.
package struct SystemClock: WallClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }
}

/// A clock that stands still, for reproducible runs.
package struct FixedClock: WallClock {
    private let moment: Timestamp

    package init(_ moment: Timestamp) {
        self.moment = moment
    }

    package func now() -> Timestamp { moment }
}
