import BelayStore
package import BelayCore
import BelayFormat
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
        var cache = SnapshotCache(folder: cacheFolder)
        var readable: [StoredSnapshot] = []
        var unreadable: [UnreadableSnapshot] = []
        for file in try await list(.snapshot) {
            let id = SnapshotID(file.handle.digest)
            do {
                let json: [UInt8]
                if let known = cache.text(of: id) {
                    json = known
                } else {
                    json = try await loadUnpacked(file.handle)
                    cache.add(id, json)
                }
                readable.append(StoredSnapshot(id: id, snapshot: try SnapshotCoding.decode(json)))
            } catch let error as BelayError where error.code != .repositoryDamaged {
                throw error
            } catch {
                unreadable.append(UnreadableSnapshot(id: id, error: error))
            }
        }
        cache.save(keeping: Set(readable.map(\.id))) { note($0) }
        readable.sort { ($0.snapshot.time, $0.id) < ($1.snapshot.time, $1.id) }
        return (readable, unreadable)
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
        if id != old.id { try await remove(Handle(old.id)) }
        return id
    }
}

/// The texts of snapshots seen before, in one file, so that listing them opens one file and not hundreds.
struct SnapshotCache {
    private let path: String?
    private let folder: String?
    private var texts: [SnapshotID: [UInt8]] = [:]
    private var isChanged = false

    init(folder: String?) {
        self.folder = folder
        path = folder.map { "\($0)/snapshots" }
        guard let path, Paths.exists(path), let bytes = try? readFile(path: path, limit: 256 << 20) else {
            // No cache, or one that cannot be read: the snapshots are read themselves.
            return
        }
        guard bytes.count > 16, let end = bytes.dropLast().lastIndex(of: 0x0A) else { return }
        let sum = bytes[...end].withUnsafeBytes { Checksum.of($0) }
        guard String(decoding: bytes[(end + 1)...], as: UTF8.self) == "\(sum)\n" else { return }
        for line in bytes[...end].split(separator: 0x0A) where line.count > 65 {
            guard let id = SnapshotID(hexadecimal: String(decoding: line.prefix(64), as: UTF8.self)) else { return }
            texts[id] = Array(line.dropFirst(65))
        }
    }

    func text(of id: SnapshotID) -> [UInt8]? { texts[id] }

    mutating func add(_ id: SnapshotID, _ text: [UInt8]) {
        // A text of several lines has no place in a file of lines.
        guard !text.contains(0x0A) else { return }
        texts[id] = text
        isChanged = true
    }

    mutating func save(keeping present: Set<SnapshotID>, note: (String) -> Void) {
        guard let folder, isChanged || texts.keys.contains(where: { !present.contains($0) }) else { return }
        var bytes: [UInt8] = []
        for (id, text) in texts.sorted(by: { $0.key < $1.key }) where present.contains(id) {
            bytes.append(contentsOf: Array("\(id) ".utf8))
            bytes.append(contentsOf: text)
            bytes.append(0x0A)
        }
        if bytes.isEmpty { bytes.append(0x0A) }
        let sum = bytes.withUnsafeBytes { Checksum.of($0) }
        bytes.append(contentsOf: Array("\(sum)\n".utf8))
        do throws(SystemError) {
            try Paths.makeFolders(folder)
            var failure: SystemError?
            bytes.withUnsafeBytes { bytes in
                do throws(SystemError) {
                    try AtomicFile.write(
                        bytes, to: "snapshots", inFolder: folder, mode: 0o600, durability: .volatile)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        } catch {
            note("the snapshot cache could not be written: \(error)")
        }
    }
}
