package import BelayCore
import BelayFormat
import BelayStore
import BelaySystem

/// The blobs that were in the repository when a backup began.
package struct KnownBlobs: Sendable {
    private struct Part: Sendable {
        let table: IndexTable
        /// Numbers of packs in it that are gone or cut short.
        var lost: Set<Int> = []
    }

    private var parts: [Part]
    /// The index files that told of them.
    package let indexIDs: [IndexID]
    /// Packs that the index describes and that are not there, or not long enough; what they hold counts as unknown.
    package private(set) var lostPacks: Set<PackID> = []

    /// Whether some pack holds the blob.
    package func contains(_ handle: BlobHandle) -> Bool {
        parts.contains {
            $0.lost.isEmpty ? $0.table.contains(handle) : $0.table.contains(handle, outside: $0.lost)
        }
    }

    /// Blobs of a single table.
    package init(_ table: IndexTable) {
        self.init(tables: [table], indexIDs: table.indexIDs)
    }

    fileprivate init(tables: [IndexTable], indexIDs: [IndexID]) {
        parts = tables.map { Part(table: $0) }
        self.indexIDs = indexIDs
    }

    /// Compares with the packs that are there, listed after the index was read.
    fileprivate mutating func forgetPacks(missingFrom stored: [StoredFile]) {
        let lengths = Dictionary(
            stored.map { (PackID($0.handle.digest), $0.size) },
            uniquingKeysWith: { first, _ in first }
        )
        for position in parts.indices {
            let table = parts[position].table
            for number in 0..<table.packCount {
                let id = table.pack(number)
                if let length = lengths[id], length >= table.blobEnd(ofPack: number) { continue }
                parts[position].lost.insert(number)
                lostPacks.insert(id)
            }
        }
    }
}

extension Repository {
    /// The ids of all index files there are.
    package func indexIDs() async throws -> [IndexID] {
        try await list(.index).map { IndexID($0.handle.digest) }
    }

    /// The union of all index files.
    ///
    /// Those that a cache file of ours knows are not read again; the cache is then brought up to date. Costs a
    /// mapping when nothing is new, a linear merge otherwise.
    ///
    /// - Throws: `repository.damaged` naming the index file that cannot be read.
    package func loadIndex() async throws -> IndexTable {
        let present = try await indexIDs()
        let cached = cachedIndex()
        let wanted = Set(present)
        var builder = IndexTableBuilder()
        var missing = present
        if let cached, wanted.isSuperset(of: cached.indexIDs) {
            let known = Set(cached.indexIDs)
            missing.removeAll { known.contains($0) }
            if missing.isEmpty { return cached }
            builder.add(cached)
        }
        for id in missing.sorted() { try await add(id, to: &builder) }
        let table = builder.build()
        saveCache(of: table)
        return table
    }

    /// What is stored already, for a backup: the cached table and, beside it, what came since.
    ///
    /// A table of all is only made anew, and the cache with it, when much has come: otherwise each backup
    /// would pay for the size of the repository.
    ///
    /// A blob in a pack that is gone counts as not stored, so that a backup stores it again instead of calling whole
    /// what refers to nothing. Costs a listing of the packs.
    package func loadKnownBlobs() async throws -> KnownBlobs {
        var known = try await indexedBlobs()
        known.forgetPacks(missingFrom: try await list(.pack))
        return known
    }

    private func indexedBlobs() async throws -> KnownBlobs {
        let present = try await indexIDs()
        guard let cached = cachedIndex(), Set(present).isSuperset(of: cached.indexIDs) else {
            return KnownBlobs(tables: [try await loadIndex()], indexIDs: present)
        }
        let known = Set(cached.indexIDs)
        let missing = present.filter { !known.contains($0) }
        if missing.isEmpty { return KnownBlobs(tables: [cached], indexIDs: present) }
        guard missing.count <= Self.recentIndexesMaximum else {
            return KnownBlobs(tables: [try await loadIndex()], indexIDs: present)
        }
        var builder = IndexTableBuilder()
        for id in missing.sorted() { try await add(id, to: &builder) }
        let recent = builder.build()
        let recentCount = recent.count(of: .data) + recent.count(of: .tree)
        let cachedCount = cached.count(of: .data) + cached.count(of: .tree)
        if recentCount > 10_000 + cachedCount / 8 {
            return KnownBlobs(tables: [try await loadIndex()], indexIDs: present)
        }
        return KnownBlobs(tables: [cached, recent], indexIDs: present)
    }

    /// More index files than this are not read again by every backup.
    private static let recentIndexesMaximum = 24

    /// The index files as they are, without a cache, leaving out those that cannot be read.
    package func loadReadableIndexes() async throws -> (table: IndexTable, unreadable: [(IndexID, any Error)])
    {
        var builder = IndexTableBuilder()
        var unreadable: [(IndexID, any Error)] = []
        for id in try await indexIDs().sorted() {
            do {
                try await add(id, to: &builder)
            } catch let error as BelayError where error.code == .repositoryDamaged {
                unreadable.append((id, error))
            }
        }
        return (builder.build(), unreadable)
    }

    /// Adds what one index file tells; if it cannot be read, the builder stays as it was.
    private func add(_ id: IndexID, to builder: inout IndexTableBuilder) async throws {
        let json = try await loadUnpacked(Handle(id))
        let file: IndexFile
        do throws(FormatError) {
            file = try IndexFile.decode(json)
        } catch {
            throw BelayError(
                .repositoryDamaged,
                "index/\(id) cannot be read",
                hint: "run `belay repair index`",
                subjects: [Handle(id).path],
                cause: error
            )
        }
        builder.add(id)
        for pack in file.packs {
            let number = builder.number(of: pack.id)
            for blob in pack.blobs {
                builder.add(
                    blob.handle,
                    pack: number,
                    offset: blob.offset,
                    length: blob.length,
                    uncompressedLength: blob.uncompressedLength
                )
            }
        }
    }

    private var indexCachePath: String? { cacheFolder.map { "\($0)/index" } }

    private func cachedIndex() -> IndexTable? {
        guard let path = indexCachePath, Paths.exists(path) else { return nil }
        // A cache that cannot be read is made again.
        return (try? MappedFile(path: path)).flatMap { IndexTable(mapped: $0) }
    }

    private func saveCache(of table: IndexTable) {
        guard let folder = cacheFolder else { return }
        do throws(SystemError) {
            try Paths.makeFolders(folder)
            try AtomicFile.write(
                table.contents,
                to: "index",
                inFolder: folder,
                mode: 0o600,
                durability: .volatile
            )
        } catch {
            note("the index cache could not be written: \(error)")
        }
    }
}
