package import BelayCore
import BelayFormat
import BelayStore

/// What a repair of damaged packs is going to do.
package struct PackRepairPlan: Sendable {
    /// A damaged pack.
    package struct Pack: Sendable {
        package var id: PackID
        /// Whether the file is not there, or cannot be read whole.
        package var isUnreadable = false
        /// Blobs that are still good and are saved into new packs.
        package var saved: [BlobHandle] { good.map(\.handle) }
        /// Blobs that are lost for good: no other pack has them.
        package var lost: [BlobHandle] = []
        /// Blobs that are damaged here while another pack has them too.
        package var elsewhere: [BlobHandle] = []

        var good: [IndexedBlob] = []
        /// What was read piece by piece; `nil` if the pack was read whole, or is not there.
        var pieces: PackPieces?
    }

    /// The packs that are replaced.
    package var packs: [Pack] = []
    /// Packs that were named but have nothing wrong with them; they stay.
    package var sound: [PackID] = []

    package var isEmpty: Bool { packs.isEmpty }

    var contents: PackContents
    var basis: Set<IndexID> = []
}

/// Saves what is still good in damaged packs into new ones, and removes the damaged.
///
/// What cannot be read for a moment is not damaged: a pack goes only when, after all else was saved, it is read
/// once more and still does not give more than it did.
package struct PackRepair: Sendable {
    private let repository: Repository
    private let progress: UpkeepProgress?

    package init(_ repository: Repository, progress: UpkeepProgress? = nil) {
        self.repository = repository
        self.progress = progress
    }

    /// Reads the packs and finds out which of their blobs are good.
    ///
    /// Both what the index and what the header tell is tried. One pack is in memory at a time; of one that cannot
    /// be read whole each blob is tried by itself.
    ///
    /// - Throws: `repository.damaged` if the index cannot be read: repair it first.
    package func plan(_ ids: Set<PackID>) async throws -> PackRepairPlan {
        let table = try await repository.loadIndex()
        let contents = PackContents(table)
        let numbers = contents.numbers()
        var plan = PackRepairPlan(contents: contents)
        plan.basis = Set(table.indexIDs)
        let lengths = try await repository.list(.pack).filter { ids.contains(PackID($0.handle.digest)) }
            .reduce(into: [PackID: UInt64]()) { $0[PackID($1.handle.digest)] = $1.size }
        progress?.begin(.readingPacks, total: lengths.values.reduce(0, &+))
        for id in ids.sorted() {
            try Task.checkCancellation()
            guard lengths[id] != nil || numbers[id] != nil else {
                throw BelayError(
                    .repositoryDamaged,
                    "there is no pack \(id.short), and no index describes it",
                    hint: "run `belay verify` to see what is damaged"
                )
            }
            let indexed = numbers[id].map { contents.blobs(ofPack: $0) } ?? []
            let (pack, isSound) = try await examine(id, length: lengths[id], indexed, table)
            if isSound { plan.sound.append(id) } else { plan.packs.append(pack) }
            progress?.add(lengths[id] ?? 0)
        }
        // Packs may have changed names with each other: then each holds what the other seems to have lost.
        let saved = Set(plan.packs.flatMap(\.saved))
        for number in plan.packs.indices {
            let found = plan.packs[number].lost.filter(saved.contains)
            plan.packs[number].elsewhere += found
            plan.packs[number].lost.removeAll(where: found.contains)
        }
        return plan
    }

    /// Executes a plan under an exclusive lock: new packs and their index first, then the index without the
    /// damaged packs, then these go.
    ///
    /// Afterwards snapshots that need a lost blob can be repaired.
    ///
    /// - Throws: `repository.unavailable`, before anything is removed, if a pack that could not be read now
    ///   can be.
    package func execute(_ plan: PackRepairPlan, lock: RepositoryLock) async throws {
        try repository.requireWritable()
        if plan.isEmpty { return }
        try await repository.requireUnchanged(since: "the repair", indexes: plan.basis)
        let sources = plan.packs.flatMap(Self.sources)
        progress?.begin(.copyingBlobs)
        let copier = BlobCopier(repository, index: plan.contents.table, progress: progress)
        let outcome = try await copier.copy(sources.count, packSize: CleanupRules().packSize, lock: lock) {
            sources[$0]
        }
        if outcome == .cancelled { throw CancellationError() }
        let numbers = plan.contents.numbers()
        for pack in plan.packs {
            let indexed = numbers[pack.id].map { plan.contents.blobs(ofPack: $0) } ?? []
            try await requireStillDamaged(pack, indexed)
        }
        let dropped = Set(plan.packs.compactMap { numbers[$0.id] })
        if !dropped.isEmpty {
            let rewrite = IndexRewrite(repository, plan.contents, progress: progress)
            let outlines = try await rewrite.outlines(of: plan.basis)
            try await rewrite.run(replacing: outlines, dropping: dropped, lock: lock)
        }
        for pack in plan.packs {
            try await lock.requireHeld()
            try await repository.remove(Handle(pack.id))
        }
    }

    /// The good blobs in runs that lie without a gap: a gap is perhaps what cannot be read.
    private static func sources(_ pack: PackRepairPlan.Pack) -> [BlobCopier.Source] {
        var sources: [BlobCopier.Source] = []
        for blob in pack.good {
            if let last = sources.last?.blobs.last,
                UInt64(last.offset) + UInt64(last.length) == UInt64(blob.offset)
            {
                sources[sources.count - 1].blobs.append(blob)
            } else {
                sources.append(BlobCopier.Source(pack: pack.id, blobs: [blob]))
            }
        }
        return sources
    }

    private func requireStillDamaged(_ pack: PackRepairPlan.Pack, _ indexed: [IndexedBlob]) async throws {
        guard let pieces = pack.pieces else { return }
        let (good, _) = try await examine(pieces, indexed)
        guard Set(good).isSubset(of: pack.good) else {
            throw BelayError(
                .repositoryUnavailable,
                "pack \(pack.id.short) could not be read, but now it can: nothing was removed",
                hint: "check the disk, then run the same command again",
                subjects: [Handle(pack.id).path]
            )
        }
    }

    // MARK: - Reading

    private func examine(
        _ id: PackID,
        length: UInt64?,
        _ indexed: [IndexedBlob],
        _ table: IndexTable
    ) async throws -> (PackRepairPlan.Pack, isSound: Bool) {
        var pack = PackRepairPlan.Pack(id: id)
        var failed = Set(indexed.map(\.handle))
        var isSound = false
        if let length {
            let hasRightLength = length == UInt64(PackLayout.packLength(indexed))
            if hasRightLength, let bytes = try await load(id) {
                (pack.good, failed, isSound) = examine(bytes, of: id, indexed)
            } else {
                let pieces = PackPieces(repository: repository, id: id, length: length)
                (pack.good, failed) = try await examine(pieces, indexed)
                pack.pieces = pieces
                pack.isUnreadable = hasRightLength
            }
        } else {
            pack.isUnreadable = true
        }
        for handle in failed.subtracting(pack.saved).sorted(by: { $0.id < $1.id }) {
            let isElsewhere = table.locations(of: handle).contains { $0.pack != id }
            if isElsewhere { pack.elsewhere.append(handle) } else { pack.lost.append(handle) }
        }
        return (pack, isSound)
    }

    /// A whole pack; `nil` if it cannot be read, which is tried twice.
    private func load(_ id: PackID) async throws -> [UInt8]? {
        for _ in 0..<2 {
            do {
                return try await repository.load(Handle(id))
            } catch let error as BelayError where error.isDamageOfOneFile {
                continue
            }
        }
        return nil
    }

    /// Which blobs of a whole pack are good and which are not, and whether nothing at all is wrong with it.
    private func examine(
        _ bytes: [UInt8],
        of id: PackID,
        _ indexed: [IndexedBlob]
    ) -> (good: [IndexedBlob], failed: Set<BlobHandle>, isSound: Bool) {
        bytes.withUnsafeBytes { bytes in
            let header = header(of: bytes)
            let candidates = Self.candidates(indexed, header)
            let failures = BlobVerifier(repository).failures(among: candidates, in: bytes)
            let (good, failed) = Self.split(candidates, failed: failures.map(\.position))
            let isSound = failed.isEmpty && header == indexed && LaneHasher.digest(bytes) == id.digest
            return (good, failed, isSound)
        }
    }

    /// The same for a pack that is read piece by piece, which is never sound.
    private func examine(
        _ pieces: PackPieces,
        _ indexed: [IndexedBlob]
    ) async throws -> (good: [IndexedBlob], failed: Set<BlobHandle>) {
        let candidates = Self.candidates(indexed, try await pieces.readableHeader())
        let failures = try await pieces.failures(among: candidates, with: BlobVerifier(repository))
        return Self.split(candidates, failed: failures.map(\.position))
    }

    /// The blobs of the index, and those that only the header knows of or tells differently.
    private static func candidates(_ indexed: [IndexedBlob], _ header: [IndexedBlob]?) -> [IndexedBlob] {
        let known = Set(indexed)
        return indexed + (header ?? []).filter { !known.contains($0) }
    }

    /// The good blobs as they lie, and what the others are.
    private static func split(
        _ candidates: [IndexedBlob],
        failed positions: [Int]
    ) -> (good: [IndexedBlob], failed: Set<BlobHandle>) {
        let positions = Set(positions)
        let good = candidates.indices.filter { !positions.contains($0) }.map { candidates[$0] }
        return (
            good.sorted { ($0.offset, $0.length) < ($1.offset, $1.length) },
            Set(positions.map { candidates[$0].handle })
        )
    }

    private func header(of bytes: UnsafeRawBufferPointer) -> [IndexedBlob]? {
        do throws(FormatError) {
            return try PackHeader.open(tail: bytes, packLength: bytes.count, with: repository.makeEnvelope())
        } catch {
            // The index may still tell what is in it.
            return nil
        }
    }
}
