import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelayTestKit
import Testing

@discardableResult
private func repairIndex(_ repository: Repository, readingAll: Bool = false) async throws -> IndexRepairPlan {
    try await repository.withLock(.exclusive) { lock in
        let repair = IndexRepair(repository)
        let plan = try await repair.plan(readingAll: readingAll)
        try await repair.execute(plan, lock: lock)
        return plan
    }
}

@discardableResult
private func repairPacks(_ repository: Repository, _ ids: Set<PackID>) async throws -> PackRepairPlan {
    try await repository.withLock(.exclusive) { lock in
        let repair = PackRepair(repository)
        let plan = try await repair.plan(ids)
        try await repair.execute(plan, lock: lock)
        return plan
    }
}

@discardableResult
private func repairSnapshots(
    _ repository: Repository,
    lost: Set<BlobHandle> = [],
    forgetting: Bool = true
) async throws -> (plan: SnapshotRepairPlan, ids: [SnapshotID]) {
    try await repository.withLock(.exclusive) { lock in
        let repair = SnapshotRepair(repository)
        let plan = try await repair.plan(lost: lost)
        return (plan, try await repair.execute(plan, forgetting: forgetting, lock: lock))
    }
}

/// A repository of two snapshots in small packs.
private func makeRepository() async throws -> (MemoryStore, Repository, [SnapshotID]) {
    let store = MemoryStore()
    let repository = try await Sample.create(in: store)
    let ids = [
        try await Sample.backup(repository, Sample.generation(1), second: 1),
        try await Sample.backup(repository, Sample.generation(2), second: 2),
    ]
    return (store, repository, ids)
}

private func files(of store: MemoryStore) async throws -> [Handle: [UInt8]] {
    var files: [Handle: [UInt8]] = [:]
    for kind in FileKind.allCases {
        for file in try await store.list(kind) { files[file.handle] = try await store.load(file.handle) }
    }
    return files
}

@Suite struct `A repair of the index` {
    @Test func `has nothing to do in a sound repository`() async throws {
        let (_, repository, _) = try await makeRepository()
        #expect(try await repairIndex(repository).isEmpty)
        #expect(try await repairIndex(repository, readingAll: true).isEmpty)
        try await expectSound(repository)
    }

    @Test func `makes a whole index when there is none left`() async throws {
        let (store, repository, ids) = try await makeRepository()
        let before = try await repository.loadIndex()
        for index in try await store.list(.index) { try await store.remove(index.handle) }
        let plan = try await repairIndex(repository)
        #expect(plan.recoveredPacks.count == before.packCount)
        #expect(plan.recoveredBlobs == before.count(of: .data) + before.count(of: .tree))
        try await expectSound(repository)
        #expect(try await Sample.contents(repository, ids[1]) == Sample.expected(Sample.generation(2)))
    }

    @Test func `replaces a damaged index file`() async throws {
        let (store, repository, ids) = try await makeRepository()
        let index = try #require(try await store.list(.index).first)
        store.damage(index.handle, with: Sample.piece(1))
        let plan = try await repairIndex(repository)
        #expect(plan.unreadableIndexes == [IndexID(index.handle.digest)])
        #expect(try await store.size(of: index.handle) == nil)
        try await expectSound(repository)
        #expect(try await Sample.contents(repository, ids[0]) == Sample.expected(Sample.generation(1)))
    }

    @Test func `drops packs that are gone, and packs that are described twice once`() async throws {
        let (store, repository, _) = try await makeRepository()
        let pack = try #require(try await store.list(.pack).first)
        try await store.remove(pack.handle)
        let plan = try await repairIndex(repository)
        #expect(plan.missingPacks == [PackID(pack.handle.digest)])
        let report = try await check(repository)
        #expect(report.findings.allSatisfy { ["data.missing", "tree.lost"].contains($0.code) })
        #expect(try await repairIndex(repository).isEmpty)
    }

    @Test func `keeps what is known of a pack whose header is damaged`() async throws {
        let (store, repository, _) = try await makeRepository()
        let pack = try #require(try await store.list(.pack).first)
        let bytes = try await store.load(pack.handle)
        store.damage(pack.handle, with: Array(bytes.dropLast(3)))
        let plan = try await repairIndex(repository)
        #expect(plan.isEmpty)
        #expect(plan.unreadablePacks.map(\.id) == [PackID(pack.handle.digest)])
        #expect(plan.unreadablePacks.first?.isDescribed == true)
        // With no index that describes it, it is only told of.
        for index in try await store.list(.index) { try await store.remove(index.handle) }
        let second = try await repairIndex(repository)
        #expect(second.unreadablePacks.first?.isDescribed == false)
        #expect(try await check(repository).findings.contains { $0.code == "pack.unknown" })
        store.damage(pack.handle, with: bytes)
        try await repairIndex(repository)
        try await expectSound(repository)
    }

    @Test func `can be cut off anywhere`() async throws {
        let (store, _, ids) = try await makeRepository()
        let index = try #require(try await store.list(.index).first)
        store.damage(index.handle, with: Sample.piece(1))
        try await withEveryPowerCut(files(of: store)) { repository in
            try await repairIndex(repository)
        } then: { repository, comment in
            try await repairIndex(repository)
            try await expectSound(repository, comment)
            for (id, number) in zip(ids, 1...2 as ClosedRange<UInt64>) {
                #expect(
                    try await Sample.contents(repository, id) == Sample.expected(Sample.generation(number)),
                    comment
                )
            }
        }
    }
}

@Suite struct `A repair of packs` {
    @Test func `saves what is good and tells what is lost`() async throws {
        let (store, repository, _) = try await makeRepository()
        let pack = try #require(try await store.list(.pack).max { $0.size < $1.size })
        var bytes = try await store.load(pack.handle)
        bytes[40] ^= 1
        store.damage(pack.handle, with: bytes)
        let id = PackID(pack.handle.digest)
        let before = try await check(repository)
        #expect(before.damagedPacks == [id])

        let plan = try await repairPacks(repository, before.damagedPacks)
        #expect(plan.packs.map(\.id) == [id])
        #expect(plan.packs.first?.lost.count == 1)
        #expect(plan.packs.first?.saved.isEmpty == false)
        #expect(try await store.size(of: pack.handle) == nil)
        let after = try await check(repository)
        let lost = try #require(plan.packs.first?.lost.first)
        #expect(after.findings.map(\.subject) == ["\(lost.type.name) \(lost.id)"])
        #expect(after.lostBlobs == [lost])

        let (repair, ids) = try await repairSnapshots(repository)
        #expect(!repair.isEmpty)
        #expect(ids.count == repair.repairs.count)
        try await expectSound(repository)
    }

    @Test func `saves all blobs of a pack whose header is damaged`() async throws {
        let (store, repository, ids) = try await makeRepository()
        let pack = try #require(try await store.list(.pack).first)
        var bytes = try await store.load(pack.handle)
        bytes[bytes.count - 6] ^= 1
        store.damage(pack.handle, with: bytes)
        let plan = try await repairPacks(repository, [PackID(pack.handle.digest)])
        #expect(plan.packs.first?.lost.isEmpty == true)
        try await expectSound(repository)
        #expect(try await Sample.contents(repository, ids[0]) == Sample.expected(Sample.generation(1)))
    }

    @Test func `leaves sound packs alone`() async throws {
        let (store, repository, _) = try await makeRepository()
        let packs = try await store.list(.pack)
        let plan = try await repairPacks(repository, Set(packs.map { PackID($0.handle.digest) }))
        #expect(plan.isEmpty)
        #expect(plan.sound.count == packs.count)
        #expect(Set(try await store.list(.pack)) == Set(packs))
    }

    @Test func `can be cut off anywhere`() async throws {
        let (store, repository, ids) = try await makeRepository()
        // A header, so that nothing is lost and every snapshot must come through.
        let pack = try #require(try await store.list(.pack).max { $0.size < $1.size })
        var bytes = try await store.load(pack.handle)
        bytes[bytes.count - 6] ^= 1
        store.damage(pack.handle, with: bytes)
        let id = PackID(pack.handle.digest)
        #expect(try await check(repository).damagedPacks == [id])
        try await withEveryPowerCut(files(of: store)) { repository in
            try await repairPacks(repository, [id])
        } then: { repository, comment in
            for (id, number) in zip(ids, 1...2 as ClosedRange<UInt64>) {
                #expect(
                    try await Sample.contents(repository, id) == Sample.expected(Sample.generation(number)),
                    comment
                )
            }
            let damaged = try await check(repository).damagedPacks
            try await repairPacks(repository, damaged)
            try await cleanUp(repository)
            try await expectSound(repository, comment)
        }
    }
}

@Suite struct `A repair of snapshots` {
    /// The pack that holds the blob with those plain bytes.
    private func pack(of bytes: [UInt8], _ type: BlobType, in repository: Repository) async throws -> Handle {
        let handle = BlobHandle(type, BlobID(BlobHasher.digest(bytes)))
        return Handle(try #require(try await repository.loadIndex().location(of: handle)).pack)
    }

    @Test func `has nothing to do for sound snapshots`() async throws {
        let (_, repository, _) = try await makeRepository()
        let (plan, ids) = try await repairSnapshots(repository)
        #expect(plan.isEmpty)
        #expect(ids.isEmpty)
    }

    @Test func `keeps the readable pieces of a file under another name, and everything else`() async throws {
        let (store, repository, originals) = try await makeRepository()
        try await store.remove(pack(of: Sample.piece(100), .data, in: repository))
        try await repairIndex(repository)
        let (plan, ids) = try await repairSnapshots(repository, forgetting: false)
        #expect(plan.repairs.map(\.snapshot.id) == originals)
        for repair in plan.repairs {
            #expect(repair.changes.contains { $0.path == "/source/half" && $0.kind != .directoryLost })
            #expect(repair.changeCount == repair.changes.count)
        }
        let present = try await repository.snapshots().readable
        #expect(Set(present.map(\.id)) == Set(originals + ids))
        for (id, original) in zip(ids, originals) {
            let snapshot = try #require(present.first { $0.id == id }).snapshot
            #expect(snapshot.tags == ["sample", "repaired"])
            #expect(snapshot.original == original)
        }
        let left = try await Sample.contents(repository, ids[1])
        let expected = Sample.expected(Sample.generation(2))
        #expect(left["/source/half"] == nil)
        // Of nothing no rest is kept.
        for change in plan.repairs[1].changes {
            let rest = try #require(left["\(change.path).repaired"], "\(change)")
            #expect(rest.isEmpty == (change.kind == .fileLost), "\(change)")
        }
        let half = try #require(left["/source/half.repaired"])
        #expect(half.count < 8 * 700 && half.count.isMultiple(of: 700))
        for (path, bytes) in left where !path.hasSuffix(".repaired") { #expect(expected[path] == bytes) }
        #expect(left.count == expected.count)
    }

    @Test func `does not store the same repaired snapshot twice`() async throws {
        let (store, repository, originals) = try await makeRepository()
        try await store.remove(pack(of: Sample.piece(100), .data, in: repository))
        try await repairIndex(repository)
        let (_, first) = try await repairSnapshots(repository, forgetting: false)
        let (_, second) = try await repairSnapshots(repository, forgetting: false)
        #expect(first == second)
        #expect(Set(try await repository.snapshots().readable.map(\.id)) == Set(originals + first))
        let (_, third) = try await repairSnapshots(repository, forgetting: true)
        #expect(third == first)
        #expect(Set(try await repository.snapshots().readable.map(\.id)) == Set(first))
    }

    @Test(arguments: [true, false])
    func `makes a damaged snapshot that was repaired before whole again, and keeps it`(
        isRoot: Bool
    ) async throws {
        let (store, repository, _) = try await makeRepository()
        try await store.remove(pack(of: Sample.piece(100), .data, in: repository))
        try await repairIndex(repository)
        let (_, repaired) = try await repairSnapshots(repository, forgetting: false)
        let contents = try await Sample.contents(repository, repaired[0])
        // A tree that the first repair has made.
        let snapshot = try #require(try await repository.snapshots().readable.first { $0.id == repaired[0] })
        let reader = TreeReader(BlobReader(repository, index: try await repository.loadIndex()))
        let root = snapshot.snapshot.tree
        let tree = isRoot ? root : try #require(try await reader.load(root).node(named: "source")?.subtree)
        let location = try #require(reader.blobs.index.location(of: BlobHandle(.tree, tree)))
        var bytes = try await store.load(Handle(location.pack))
        bytes[Int(location.offset) + 20] ^= 1
        store.damage(Handle(location.pack), with: bytes)

        let lost = try await check(repository).lostBlobs
        #expect(lost.contains(BlobHandle(.tree, tree)))
        let (_, ids) = try await repairSnapshots(repository, lost: lost, forgetting: true)
        #expect(Set(ids) == Set(repaired))
        #expect(Set(try await repository.snapshots().readable.map(\.id)) == Set(repaired))
        #expect(try await Sample.contents(repository, repaired[0]) == contents)
        #expect(try await check(repository).lostBlobs.isEmpty)
    }

    @Test func `puts an empty directory in the place of a lost one`() async throws {
        let (store, repository, originals) = try await makeRepository()
        let snapshot = try #require(try await repository.snapshots().readable.first { $0.id == originals[1] })
        let reader = TreeReader(BlobReader(repository, index: try await repository.loadIndex()))
        let root = try await reader.load(snapshot.snapshot.tree)
        let source = try #require(root.node(named: "source")?.subtree)
        let text = try await reader.loadBytes(source)
        let handle = BlobHandle(.tree, source)
        // The tree alone is damaged: its sealed bytes in the pack.
        let location = try #require(reader.blobs.index.location(of: handle))
        var bytes = try await store.load(Handle(location.pack))
        bytes[Int(location.offset) + 20] ^= 1
        store.damage(Handle(location.pack), with: bytes)
        #expect(!text.isEmpty)
        let report = try await check(repository)
        #expect(report.lostBlobs == [handle])
        let (plan, ids) = try await repairSnapshots(repository, lost: report.lostBlobs)
        #expect(plan.repairs.map(\.snapshot.id) == [originals[1]])
        #expect(plan.repairs.first?.changes.map { "\($0.path): \($0.kind)" } == ["/source: directoryLost"])
        let left = try await Sample.contents(repository, try #require(ids.first))
        #expect(Set(left.keys) == ["/always", "/empty", "/hollow/", "/source.repaired/"])
        #expect(Set(try await repository.snapshots().readable.map(\.id)) == [originals[0], ids[0]])
    }

    @Test func `forgets what nothing is left of only when told to`() async throws {
        let (store, repository, originals) = try await makeRepository()
        let snapshot = try #require(try await repository.snapshots().readable.first { $0.id == originals[0] })
        let location = try #require(
            try await repository.loadIndex().location(of: BlobHandle(.tree, snapshot.snapshot.tree))
        )
        var bytes = try await store.load(Handle(location.pack))
        bytes[Int(location.offset) + 20] ^= 1
        store.damage(Handle(location.pack), with: bytes)
        let (plan, ids) = try await repairSnapshots(repository, forgetting: false)
        #expect(plan.repairs.map(\.tree) == [nil])
        #expect(plan.repairs.first?.changes.map { "\($0.path): \($0.kind)" } == ["/: directoryLost"])
        #expect(ids.isEmpty)
        #expect(try await repository.snapshots().readable.count == 2)
        try await repairSnapshots(repository, forgetting: true)
        #expect(try await repository.snapshots().readable.map(\.id) == [originals[1]])
    }

    @Test func `corrects sizes and names that cannot be restored`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        let piece = Sample.piece(1)
        let id = BlobID(BlobHasher.digest(piece))
        let nodes = [("..", 700), ("a", 699), ("a", 700), ("b/c", 700)].map { name, size in
            Node(name: FileName(name), kind: .file, size: UInt64(size), content: [id])
        }
        let text = TreeEncoding.encode(nodes)
        let known = try await repository.loadIndex()
        let (root, _) = try await BlobWriter.with(repository, known: known, packSize: 4096) { writer in
            let encoder = BlobEncoder(repository, level: .auto)
            _ = try await Sample.store(piece, .data, encoder, writer)
            return try await Sample.store(text, .tree, encoder, writer)
        }
        _ = try await repository.save(Snapshot(time: Timestamp(seconds: 1), tree: root, paths: ["/a"]))
        let (_, ids) = try await repairSnapshots(repository)
        let left = try await Sample.contents(repository, try #require(ids.first))
        #expect(Set(left.keys) == ["/unnamed.repaired", "/a", "/a.repaired", "/b_c.repaired"])
        #expect(left.values.allSatisfy { $0 == piece })
        #expect(try await !check(repository).hasErrors)
    }

    @Test func `can be cut off anywhere`() async throws {
        let (store, repository, _) = try await makeRepository()
        try await store.remove(pack(of: Sample.piece(100), .data, in: repository))
        try await repairIndex(repository)
        try await withEveryPowerCut(files(of: store)) { repository in
            try await repairSnapshots(repository)
        } then: { repository, comment in
            let present = try await repository.snapshots().readable
            #expect(Set(present.map(\.snapshot.time)).count == 2, comment)
            try await repairSnapshots(repository)
            try await cleanUp(repository)
            try await expectSound(repository, comment)
            #expect(Set(try await repository.snapshots().readable.map(\.snapshot.time)).count == 2, comment)
        }
    }
}

@Suite struct `A plan of a repair` {
    @Test func `is refused once the repository is another`() async throws {
        let (store, repository, _) = try await makeRepository()
        let pack = try #require(try await store.list(.pack).max { $0.size < $1.size }).handle
        try await store.remove(pack)
        let index = try await IndexRepair(repository).plan()
        let packs = try await PackRepair(repository).plan([PackID(pack.digest)])
        let snapshots = try await SnapshotRepair(repository).plan(
            lost: Set(packs.packs.flatMap(\.lost))
        )
        try await Sample.backup(repository, Sample.generation(3), second: 3)
        try await repository.withLock(.exclusive) { lock in
            let works: [() async throws -> Void] = [
                { try await IndexRepair(repository).execute(index, lock: lock) },
                { try await PackRepair(repository).execute(packs, lock: lock) },
                { try await SnapshotRepair(repository).execute(snapshots, forgetting: true, lock: lock) },
            ]
            for work in works {
                let error = await #expect(throws: BelayError.self) { try await work() }
                #expect(error?.code == .repositoryLocked)
            }
        }
    }
}

@Suite struct `Work that is cut off` {
    @Test func `leaves a repository in which a backup can be made again`() async throws {
        let (store, _, ids) = try await makeRepository()
        try await withEveryPowerCut(files(of: store)) { repository in
            try await Sample.backup(repository, Sample.generation(3), second: 3)
        } then: { repository, comment in
            try await expectSound(repository, hints: ["pack.unknown"], comment)
            for (id, number) in zip(ids, 1...2 as ClosedRange<UInt64>) {
                #expect(
                    try await Sample.contents(repository, id) == Sample.expected(Sample.generation(number)),
                    comment
                )
            }
            let id = try await Sample.backup(repository, Sample.generation(3), second: 3)
            #expect(
                try await Sample.contents(repository, id) == Sample.expected(Sample.generation(3)),
                comment
            )
            try await expectSound(repository, hints: ["pack.unknown"], comment)
        }
    }

    @Test func `leaves a key that opens the repository while the password is changed`() async throws {
        let (store, _, ids) = try await makeRepository()
        let new = Array("another".utf8)
        let files = try await files(of: store)
        for change in 0..<20 {
            for isIncluded in [false, true] {
                let store = SimulatedStore(
                    files,
                    seed: UInt64(change),
                    cut: .init(atChange: change, included: isIncluded)
                )
                let repository = try await Sample.open(store)
                // Cut off or not: what is left is what counts.
                _ = try? await repository.changeKey(password: new, parameters: Sample.parameters())
                let left = store.restart()
                var opened: [Repository] = []
                for password in [Sample.password, new] {
                    do {
                        opened.append(
                            try await Repository.open(
                                left,
                                password: password,
                                surroundings: Sample.surroundings(run: 2)
                            )
                        )
                    } catch let error as BelayError {
                        #expect(error.code == .passwordWrong)
                    }
                }
                #expect(!opened.isEmpty, "change \(change)")
                for repository in opened {
                    #expect(
                        try await Sample.contents(repository, ids[0]) == Sample.expected(Sample.generation(1))
                    )
                }
            }
        }
    }
}
