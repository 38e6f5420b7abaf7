package import BelayCore
package import BelaySystem

/// A store on which nothing is changed: saves and removals only seem to happen.
package struct RehearsalStore: ObjectStore {
    private let base: any ObjectStore

    package init(_ base: any ObjectStore) {
        self.base = base
    }

    package var properties: StoreProperties { base.properties }

    package func prepare() async throws(StoreError) {}

    package func save(
        _ bytes: [UInt8],
        as handle: Handle,
        durability: Durability
    ) async throws(StoreError) {}

    package func load(_ handle: Handle) async throws(StoreError) -> [UInt8] { try await base.load(handle) }

    package func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        try await base.load(handle, range: range)
    }

    package func size(of handle: Handle) async throws(StoreError) -> UInt64? {
        try await base.size(of: handle)
    }

    package func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] { try await base.list(kind) }

    package func strays(_ kind: FileKind) async throws(StoreError) -> [StrayFile] {
        try await base.strays(kind)
    }

    package func remove(_ handle: Handle) async throws(StoreError) {}
}
