package import BelayCore
package import BelaySystem
import Synchronization

/// A repository in memory, for tests and rehearsals.
package final class MemoryStore: ObjectStore {
    private let files = Mutex<[Handle: [UInt8]]>([:])
    package let properties = StoreProperties(location: "memory", connections: 4, listsImmediately: true)

    package init() {}

    package func prepare() async throws(StoreError) {}

    package func save(
        _ bytes: [UInt8],
        as handle: Handle,
        durability: Durability
    ) async throws(StoreError) {
        files.withLock { files in
            if files[handle]?.count != bytes.count { files[handle] = bytes }
        }
    }

    package func load(_ handle: Handle) async throws(StoreError) -> [UInt8] {
        guard let bytes = files.withLock({ $0[handle] }) else { throw .missing(handle) }
        return bytes
    }

    package func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        let bytes = try await load(handle)
        guard range.upperBound <= UInt64(bytes.count) else { throw .short(handle) }
        return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    package func size(of handle: Handle) async throws(StoreError) -> UInt64? {
        files.withLock { $0[handle].map { UInt64($0.count) } }
    }

    package func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] {
        files.withLock { files in
            files.filter { $0.key.kind == kind }.map {
                StoredFile(handle: $0.key, size: UInt64($0.value.count))
            }
        }
    }

    package func remove(_ handle: Handle) async throws(StoreError) {
        files.withLock { _ = $0.removeValue(forKey: handle) }
    }

    /// Replaces a file's bytes whatever its name says, as damage does.
    package func damage(_ handle: Handle, with bytes: [UInt8]) {
        files.withLock { $0[handle] = bytes }
    }
}
