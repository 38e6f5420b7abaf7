import Synchronization

/// A list of things to do, shared among workers so that each begins in a part of its own.
///
/// Two that create files in one directory wait for each other; workers that are far apart do not. Who has
/// done its part helps where most is left, from the end.
final class WorkShares: Sendable {
    private let parts: Mutex<[Range<Int>]>
    private let size: Int

    /// The numbers below `count` for so many workers, to be taken up to `size` at a time.
    init(_ count: Int, workers: Int, size: Int) {
        self.size = size
        parts = Mutex(
            (0..<workers).map { worker in (count * worker / workers)..<(count * (worker + 1) / workers) }
        )
    }

    /// What to do next; `nil` if nothing is left.
    func next(for worker: Int) -> Range<Int>? {
        parts.withLock { parts in
            if !parts[worker].isEmpty {
                let taken = parts[worker].prefix(size)
                parts[worker] = taken.upperBound..<parts[worker].upperBound
                return taken
            }
            guard let fullest = parts.indices.max(by: { parts[$0].count < parts[$1].count }),
                !parts[fullest].isEmpty
            else { return nil }
            let taken = parts[fullest].suffix(size)
            parts[fullest] = parts[fullest].lowerBound..<taken.lowerBound
            return taken
        }
    }
}
