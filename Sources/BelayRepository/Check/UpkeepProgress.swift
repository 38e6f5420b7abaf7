import Synchronization

/// How far a cleanup, a check or a repair is, for whoever shows it.
///
/// Workers add to it; a display looks at ``state`` now and then.
package final class UpkeepProgress: Sendable {
    /// What is being done.
    package enum Phase: Hashable, Sendable, CaseIterable {
        case reading
        case walkingTrees
        case readingPacks
        case readingHeaders
        case findingPaths
        case forgetting
        case copyingBlobs
        case writingIndex
        case removingFiles
    }

    /// One moment of the work.
    package struct State: Hashable, Sendable {
        package var phase: Phase = .reading
        /// Trees, bytes or files, as the phase has it; see ``unit``.
        package var done: UInt64 = 0
        /// How much there is to do in this phase; 0 if that is not known.
        package var total: UInt64 = 0

        /// What the phase counts.
        package var unit: Unit {
            switch phase {
            case .reading, .walkingTrees, .findingPaths: .trees
            case .readingPacks, .copyingBlobs: .bytes
            case .readingHeaders, .forgetting, .writingIndex, .removingFiles: .files
            }
        }
    }

    /// What is counted.
    package enum Unit: Hashable, Sendable {
        case trees
        case bytes
        case files
    }

    private let current = Mutex(State())

    package init() {}

    package var state: State { current.withLock { $0 } }

    func begin(_ phase: Phase, total: UInt64 = 0) {
        current.withLock { $0 = State(phase: phase, total: total) }
    }

    func add(_ count: UInt64) {
        current.withLock { $0.done &+= count }
    }
}
