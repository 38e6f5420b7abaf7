package import BelayCore
package import BelayStore
package import BelaySystem
import Synchronization

/// A store on a disk that cannot read some bytes of a file, for good or for so many tries.
package final class WornStore: ObjectStore {
    private let base: any ObjectStore
    private let handle: Handle
    private let bytes: Range<UInt64>
    private let state: Mutex<State>
    package var properties: StoreProperties { base.properties }

    private struct State {
        var tries: Int
        var failures = 0
    }

    /// Whatever reads one of `bytes` in the file fails, the first `tries` times.
    package init(_ base: any ObjectStore, _ handle: Handle, _ bytes: Range<UInt64>, tries: Int = .max) {
        self.base = base
        self.handle = handle
        self.bytes = bytes
        state = Mutex(State(tries: tries))
    }

    /// How often the disk could not read so far.
    package var failures: Int { state.withLock { $0.failures } }

    package func load(_ handle: Handle) async throws(StoreError) -> [UInt8] {
        try read(handle, 0..<UInt64.max)
        return try await base.load(handle)
    }

    package func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        try read(handle, range)
        return try await base.load(handle, range: range)
    }

    private func read(_ handle: Handle, _ range: Range<UInt64>) throws(StoreError) {
        guard handle == self.handle, range.overlaps(bytes) else { return }
        let isFailing = state.withLock { state in
            guard state.failures < state.tries else { return false }
            state.failures += 1
            return true
        }
        if isFailing { throw FaultyStore.inputOutputError }
    }

    package func prepare() async throws(StoreError) { try await base.prepare() }

    package func save(_ bytes: [UInt8], as handle: Handle, durability: Durability) async throws(StoreError) {
        try await base.save(bytes, as: handle, durability: durability)
    }

    package func size(of handle: Handle) async throws(StoreError) -> UInt64? {
        try await base.size(of: handle)
    }

    package func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] { try await base.list(kind) }

    package func remove(_ handle: Handle) async throws(StoreError) { try await base.remove(handle) }
}
