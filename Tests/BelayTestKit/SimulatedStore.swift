package import BelayCore
package import BelayStore
package import BelaySystem
import Synchronization

/// A repository's files on a disk whose power can be cut at any change.
///
/// The fault model, which is that of a journaled file system below ``LocalStore``:
///
/// - A file is whole or absent. Nobody ever sees a part of one.
/// - A stable save that was acknowledged survives, and with it every change before it; so do settled removals.
/// - Changes after the last stable save, which are removals and volatile saves, survive up to some point: the
///   later ones are undone. A volatile save that survives may have lost its contents.
/// - The change during which the power goes has happened or has not.
/// - From then on every call fails, until ``restart()`` gives a store with what is left.
///
/// Which way chance goes follows from the seed.
package final class SimulatedStore: ObjectStore {
    /// Where the power goes.
    package struct PowerCut: Hashable, Sendable {
        /// How many saves and removals come before.
        package var change: Int
        /// Whether the change itself still happens.
        package var isIncluded: Bool

        package init(atChange change: Int, included isIncluded: Bool) {
            self.change = change
            self.isIncluded = isIncluded
        }
    }

    /// A change that a power cut may undo.
    private enum Change {
        case saved(Handle)
        case removed(Handle, [UInt8])
    }

    private struct State {
        var files: [Handle: [UInt8]]
        var unsettled: [Change] = []
        var changes = 0
        var cut: PowerCut?
        var isDown = false
    }

    private let state: Mutex<State>
    private let seed: UInt64
    package let properties = StoreProperties(location: "simulation", connections: 2, listsImmediately: true)

    package init(_ files: [Handle: [UInt8]] = [:], seed: UInt64 = 0, cut: PowerCut? = nil) {
        state = Mutex(State(files: files, cut: cut))
        self.seed = seed
    }

    /// All files as a reader sees them now.
    package var files: [Handle: [UInt8]] { state.withLock { $0.files } }
    /// Saves and removals so far.
    package var changes: Int { state.withLock { $0.changes } }
    /// Whether the power is gone.
    package var isDown: Bool { state.withLock { $0.isDown } }

    /// Puts bytes in the place of a file, whatever its name says, or takes it away.
    package func damage(_ handle: Handle, with bytes: [UInt8]?) {
        state.withLock { $0.files[handle] = bytes }
    }

    /// The store after the power is back.
    package func restart() -> SimulatedStore {
        var generator = SplitMix(seed: seed)
        let files = state.withLock { state in
            var files = state.files
            let surviving = Int.random(in: 0...state.unsettled.count, using: &generator)
            for change in state.unsettled[surviving...].reversed() {
                switch change {
                case .saved(let handle): files[handle] = nil
                case .removed(let handle, let bytes): files[handle] = bytes
                }
            }
            for case .saved(let handle) in state.unsettled[..<surviving] where files[handle] != nil {
                if Bool.random(using: &generator) { files[handle] = [] }
            }
            return files
        }
        return SimulatedStore(files, seed: generator.next())
    }

    // MARK: - ObjectStore

    package func prepare() async throws(StoreError) { try requirePower() }

    package func save(_ bytes: [UInt8], as handle: Handle, durability: Durability) async throws(StoreError) {
        try change { state in
            if state.files[handle]?.count != bytes.count { state.files[handle] = bytes }
            if durability == .stable {
                state.unsettled = []
            } else {
                state.unsettled.append(.saved(handle))
            }
        }
    }

    package func load(_ handle: Handle) async throws(StoreError) -> [UInt8] {
        try requirePower()
        guard let bytes = state.withLock({ $0.files[handle] }) else { throw .missing(handle) }
        return bytes
    }

    package func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        let bytes = try await load(handle)
        guard range.upperBound <= UInt64(bytes.count) else { throw .short(handle) }
        return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    package func size(of handle: Handle) async throws(StoreError) -> UInt64? {
        try requirePower()
        return state.withLock { $0.files[handle].map { UInt64($0.count) } }
    }

    package func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] {
        try requirePower()
        return state.withLock { state in
            state.files.filter { $0.key.kind == kind }.map {
                StoredFile(handle: $0.key, size: UInt64($0.value.count))
            }
        }
    }

    package func remove(_ handle: Handle) async throws(StoreError) {
        try change { state in
            if let bytes = state.files.removeValue(forKey: handle) {
                state.unsettled.append(.removed(handle, bytes))
            }
        }
    }

    package func settleRemovals(of kind: FileKind) async throws(StoreError) {
        try requirePower()
        state.withLock { $0.unsettled = [] }
    }

    private func requirePower() throws(StoreError) {
        if isDown { throw Self.noPower }
    }

    private func change(_ body: (inout State) -> Void) throws(StoreError) {
        let isDone = state.withLock { state in
            if state.isDown { return false }
            let isCut = state.cut?.change == state.changes
            if !isCut || state.cut?.isIncluded == true { body(&state) }
            state.changes += 1
            state.isDown = isCut
            return !isCut
        }
        if !isDone { throw Self.noPower }
    }

    private static let noPower = StoreError.failed(SystemError(call: "power", subject: "", number: 5))
}

/// Random numbers that follow from a seed.
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
