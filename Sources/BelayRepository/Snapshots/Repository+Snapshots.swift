package import BelayCore
import BelayFormat
import BelayStore
import BelaySystem

/// A snapshot file that cannot be read.
package struct UnreadableSnapshot: Sendable {
    package var id: SnapshotID
    package var error: any Error
}

extension Repository {
    /// Every snapshot, oldest first, and those that cannot be read.
    ///
    /// Collect snapshots before loading the index: one that appears in between could refer to blobs that the
    /// loaded index does not know.
    package func snapshots() async throws -> (readable: [StoredSnapshot], unreadable: [UnreadableSnapshot]) {
        // One file of ours instead of hundreds of sealed ones.
        var cache = DigestTextCache(folder: cacheFolder, name: "snapshots")
        var readable: [StoredSnapshot] = []
        var unreadable: [UnreadableSnapshot] = []
        for file in try await list(.snapshot) {
            let id = SnapshotID(file.handle.digest)
            do {
                let json: [UInt8]
                if let known = cache.text(of: id.digest) {
                    json = known
                } else {
                    json = try await loadUnpacked(file.handle)
                    cache.add(id.digest, json)
                }
                readable.append(StoredSnapshot(id: id, snapshot: try SnapshotCoding.decode(json)))
            } catch let error as BelayError where error.code != .repositoryDamaged {
                throw error
            } catch {
                unreadable.append(UnreadableSnapshot(id: id, error: error))
            }
        }
        noteGone(cache, readable, unreadable)
        do throws(SystemError) {
            try cache.save(keeping: Set(readable.map(\.id.digest)))
        } catch {
            note("the snapshot cache could not be written: \(error)")
        }
        return (readable.oldestFirst(), unreadable)
    }

    /// Tells once of snapshots that were here and that this machine has not removed: whoever did may not have meant to.
    private func noteGone(
        _ cache: DigestTextCache,
        _ readable: [StoredSnapshot],
        _ unreadable: [UnreadableSnapshot]
    ) {
        var present = Set(readable.map(\.id.digest)).union(unreadable.map(\.id.digest))
        // A snapshot whose tags another program changed has another id.
        present.formUnion(readable.compactMap(\.snapshot.original?.digest))
        let gone = cache.digests.filter { !present.contains($0) }.map { SnapshotID($0) }.sorted()
        guard let first = gone.first else { return }
        let words = gone.count == 1 ? "snapshot \(first.short) is" : "\(gone.count) snapshots are"
        let names = gone.count == 1 ? "" : ": \(gone.prefix(10).map(\.short).joined(separator: ", "))"
        note(
            "\(words) gone, removed by another program or from another machine\(names)\(gone.count > 10 ? ", …" : "")"
        )
    }

    /// Forgets that snapshots were here, before they are removed here, so that nobody is told of it later.
    func forgetRemoved(_ ids: some Sequence<SnapshotID>) {
        var cache = DigestTextCache(folder: cacheFolder, name: "snapshots")
        let removed = Set(ids.map(\.digest))
        do throws(SystemError) {
            try cache.save(keeping: Set(cache.digests).subtracting(removed))
        } catch {
            note("the snapshot cache could not be written: \(error)")
        }
    }

    /// Stores a snapshot: the moment at which what was backed up begins to exist.
    package func save(_ snapshot: Snapshot) async throws -> SnapshotID {
        SnapshotID(try await saveUnpacked(SnapshotCoding.encode(snapshot), as: .snapshot))
    }

    /// Replaces a snapshot by a changed one: the new file first, then the old one goes.
    package func replace(_ old: StoredSnapshot, with snapshot: Snapshot) async throws -> SnapshotID {
        var snapshot = snapshot
        if snapshot.original == nil { snapshot.original = old.id }
        let id = try await save(snapshot)
        if id != old.id {
            forgetRemoved([old.id])
            try await remove(Handle(old.id))
            try await settleRemovals(of: .snapshot)
        }
        return id
    }
}
