/// A moment, to the nanosecond, with the zone offset it was written in.
///
/// Two timestamps are equal when they are the same instant; the offset only matters for text and for the
/// calendar fields that retention looks at. No floating point is involved, so no nanosecond is ever lost.
@frozen
package struct Timestamp: Sendable {
    /// Seconds since 1970-01-01T00:00:00Z; negative before.
    package var seconds: Int64
    /// 0 to 999,999,999, always counted forwards.
    package var nanoseconds: UInt32
    /// Minutes east of UTC.
    package var offsetMinutes: Int16

    @inlinable
    package init(seconds: Int64, nanoseconds: UInt32 = 0, offsetMinutes: Int16 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.offsetMinutes = offsetMinutes
    }

    /// 0001-01-01T00:00:00Z, what restic takes a missing time for.
    package static let missing = Timestamp(seconds: -62_135_596_800)
}

extension Timestamp: Hashable, Comparable {
    @inlinable
    package static func == (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds == right.seconds && left.nanoseconds == right.nanoseconds
    }

    @inlinable
    package func hash(into hasher: inout Hasher) {
        hasher.combine(seconds)
        hasher.combine(nanoseconds)
    }

    @inlinable
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.seconds == right.seconds ? left.nanoseconds < right.nanoseconds : left.seconds < right.seconds
    }
}
