package import BelayCore
package import BelaySystem

/// Where a repository's files live: a flat map from handle to immutable bytes.
///
/// Every conformer passes the object store contract, and callers rely on what it checks: a file is absent or
/// whole, a successful durable `save` survives a power cut, a `save` under a name that is taken leaves what is
/// there (names are hashes of contents), and what `save` acknowledged `list` and `load` see at once.
package protocol ObjectStore: Sendable {
    /// What callers must know of this kind of storage.
    var properties: StoreProperties { get }

    /// Prepares the place for a new repository, such as making its folders; harmless if that was done.
    func prepare() async throws(StoreError)

    /// Stores `bytes` under `handle` and returns once they are as durable as asked for.
    ///
    /// If a file of that name is there already, it is left or replaced by the same bytes: the name is the hash.
    func save(_ bytes: [UInt8], as handle: Handle, durability: Durability) async throws(StoreError)

    /// The whole file.
    ///
    /// - Throws: ``StoreError/missing(_:)`` if there is none.
    func load(_ handle: Handle) async throws(StoreError) -> [UInt8]

    /// Exactly the bytes in `range`; a file that ends before is ``StoreError/short(_:)``.
    func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8]

    /// The same in the memory of `buffer`, if its capacity allows that: who reads many packs spares the system the
    /// finding of new pages for each.
    func load(
        _ handle: Handle,
        range: Range<UInt64>,
        reusing buffer: consuming [UInt8]
    ) async throws(StoreError) -> [UInt8]

    /// The length of a file in bytes; `nil` if there is none.
    func size(of handle: Handle) async throws(StoreError) -> UInt64?

    /// All files of a kind, in no order; names that are not 64 lower case hexadecimal digits are left out.
    func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile]

    /// What lies where files of a kind do, but has no name of one, as a file whose name was changed.
    ///
    /// Not what is hidden, what writes left that were cut off, or what is larger than a file of that kind can be.
    func strays(_ kind: FileKind) async throws(StoreError) -> [StrayFile]

    /// Removes a file; one that is not there is fine.
    ///
    /// A power cut may bring it back until ``settleRemovals(of:)`` has returned.
    func remove(_ handle: Handle) async throws(StoreError)

    /// Returns once no power cut can bring back files of a kind that were removed before.
    ///
    /// Called before something is removed that those files refer to.
    func settleRemovals(of kind: FileKind) async throws(StoreError)

    /// Removes what writes that were cut off before `time` left behind; gives how many files those were.
    ///
    /// Called under an exclusive lock.
    func removeUnfinished(before time: Timestamp) async throws(StoreError) -> Int
}

extension ObjectStore {
    /// Where names are given by nobody else there is nothing else.
    package func strays(_ kind: FileKind) async throws(StoreError) -> [StrayFile] { [] }

    /// Where a removal that was acknowledged is final there is nothing to wait for.
    package func settleRemovals(of kind: FileKind) async throws(StoreError) {}

    /// Where nothing can be seen that is not whole there is nothing to remove.
    package func removeUnfinished(before time: Timestamp) async throws(StoreError) -> Int { 0 }

    /// A store may always give new memory.
    package func load(
        _ handle: Handle,
        range: Range<UInt64>,
        reusing buffer: consuming [UInt8]
    ) async throws(StoreError) -> [UInt8] {
        try await load(handle, range: range)
    }
}

/// A file in a listing.
package struct StoredFile: Hashable, Sendable {
    package var handle: Handle
    /// Bytes.
    package var size: UInt64
    /// When it was written, if the storage tells.
    package var modified: Timestamp?

    package init(handle: Handle, size: UInt64, modified: Timestamp? = nil) {
        self.handle = handle
        self.size = size
        self.modified = modified
    }
}

/// A file that has no name of one of a repository's.
package struct StrayFile: Hashable, Sendable {
    /// From the repository's root.
    package var path: String
    package var bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// What callers must know of a kind of storage.
package struct StoreProperties: Hashable, Sendable {
    /// Where it is, for people; never with a secret in it.
    package var location: String
    /// Saves and loads worth having under way at once.
    package var connections: Int
    /// Whether a listing shows every acknowledged change of every client at once.
    ///
    /// A local file system does; a network one, or an object store, may lag. Locks wait for the slow ones.
    package var listsImmediately: Bool

    package init(location: String, connections: Int, listsImmediately: Bool) {
        self.location = location
        self.connections = connections
        self.listsImmediately = listsImmediately
    }
}
