import Synchronization

/// Which database or capture is being worked on, and how far, for whoever shows it.
package final class PartProgress: Sendable {
    /// What is being done.
    package enum Phase: Hashable, Sendable {
        case storing, loading, comparing, exchanging
    }

    package struct State: Hashable, Sendable {
        package var phase: Phase
        /// The part's name.
        package var name: String
        /// Bytes that were handed over.
        package var bytesDone: UInt64 = 0
        /// How many there are, as far as that is known; by the state before.
        package var bytesTotal: UInt64?
    }

    private let state = Mutex<State?>(nil)

    package init() {}

    /// `nil` while no part is worked on.
    package var current: State? { state.withLock { $0 } }

    func begin(_ phase: Phase, _ name: String, total: UInt64? = nil) {
        state.withLock { $0 = State(phase: phase, name: name, bytesTotal: total) }
    }

    func add(_ count: Int) {
        state.withLock { $0?.bytesDone += UInt64(count) }
    }

    func end() {
        state.withLock { $0 = nil }
    }
}
