import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Testing

/// What a disk cannot read costs no more than what lies there, and nothing if it can be read again.
@Suite struct `A pack that the disk cannot read` {
    private struct Case {
        var store: MemoryStore
        var ids: [SnapshotID]
        /// The largest pack, and the blobs in it as they lie.
        var pack: PackID
        var blobs: [IndexedBlob]

        var handle: Handle { Handle(pack) }

        /// All files, for one try of many.
        func copy() async throws -> SimulatedStore {
            var files: [Handle: [UInt8]] = [:]
            for kind in FileKind.allCases {
                for file in try await store.list(kind) {
                    files[file.handle] = try await store.load(file.handle)
                }
            }
            return SimulatedStore(files)
        }

        /// The middle of a blob.
        func sector(_ number: Int) -> Range<UInt64> {
            let middle = UInt64(blobs[number].offset + blobs[number].length / 2)
            return middle..<(middle + 1)
        }
    }

    private func makeCase() async throws -> Case {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let ids = [
            try await Sample.backup(repository, Sample.generation(1), second: 1),
            try await Sample.backup(repository, Sample.generation(2), second: 2),
        ]
        let pack = try #require(try await store.list(.pack).max { $0.size < $1.size }).handle
        let bytes = try await store.load(pack)
        let blobs = try bytes.withUnsafeBytes {
            try PackHeader.open(tail: $0, packLength: bytes.count, with: repository.makeEnvelope())
        }
        #expect(blobs.count > 3)
        return Case(store: store, ids: ids, pack: PackID(pack.digest), blobs: blobs)
    }

    private func repairPacks(_ repository: Repository, _ ids: Set<PackID>) async throws -> PackRepairPlan {
        try await repository.withLock(.exclusive) { lock in
            let repair = PackRepair(repository)
            let plan = try await repair.plan(ids)
            try await repair.execute(plan, lock: lock)
            return plan
        }
    }

    private func expectWhole(_ store: any ObjectStore, _ ids: [SnapshotID], _ comment: Comment) async throws {
        let repository = try await Sample.open(store, run: 2)
        try await expectSound(repository, comment)
        for (id, number) in zip(ids, 1...2 as ClosedRange<UInt64>) {
            let contents = try await Sample.contents(repository, id)
            #expect(contents == Sample.expected(Sample.generation(number)), comment)
        }
    }

    @Test func `loses only the blob with the bad sector, in a check and in a repair`() async throws {
        let sample = try await makeCase()
        for number in sample.blobs.indices {
            let left = try await sample.copy()
            let worn = WornStore(left, sample.handle, sample.sector(number))
            let repository = try await Sample.open(worn)
            let lost = sample.blobs[number].handle
            let report = try await check(repository)
            #expect(report.damagedPacks == [sample.pack], "blob \(number)")
            #expect(report.lostBlobs == [lost], "blob \(number)")
            let plan = try await repairPacks(repository, report.damagedPacks)
            #expect(plan.packs.first?.lost == [lost], "blob \(number)")
            #expect(plan.packs.first?.saved.count == sample.blobs.count - 1, "blob \(number)")
            #expect(try await left.size(of: sample.handle) == nil)
            let after = try await check(repository)
            #expect(after.lostBlobs == [lost], "blob \(number)")
            #expect(after.damagedPacks.isEmpty, "blob \(number)")
        }
    }

    @Test func `is saved whole if only its header cannot be read`() async throws {
        let sample = try await makeCase()
        let left = try await sample.copy()
        let size = try #require(try await left.size(of: sample.handle))
        let worn = WornStore(left, sample.handle, (size - 1)..<size)
        let plan = try await repairPacks(try await Sample.open(worn), [sample.pack])
        #expect(plan.packs.first?.saved.count == sample.blobs.count)
        #expect(plan.packs.first?.lost.isEmpty == true)
        #expect(try await left.size(of: sample.handle) == nil)
        try await expectWhole(left, sample.ids, "after the repair")
    }

    @Test func `costs nothing if it can be read again before it would go`() async throws {
        let sample = try await makeCase()
        let everything = 0..<UInt64.max
        let forGood = WornStore(try await sample.copy(), sample.handle, everything)
        let plan = try await repairPacks(try await Sample.open(forGood), [sample.pack])
        #expect(plan.packs.first?.lost.isEmpty == false)
        #expect(forGood.failures > sample.blobs.count)
        for tries in 0..<forGood.failures {
            let left = try await sample.copy()
            let worn = WornStore(left, sample.handle, everything, tries: tries)
            do {
                _ = try await repairPacks(try await Sample.open(worn), [sample.pack])
            } catch let error as BelayError {
                #expect(error.code == .repositoryUnavailable, "\(tries) tries")
            }
            try await expectWhole(left, sample.ids, "\(tries) tries")
        }
    }

    @Test func `is told of by a check, though nothing is lost if it can be read again`() async throws {
        let sample = try await makeCase()
        let worn = WornStore(sample.store, sample.handle, 0..<UInt64.max, tries: 1)
        let repository = try await Sample.open(worn)
        let report = try await RepositoryCheck(repository).run(reading: .all)
        #expect(worn.failures == 1)
        #expect(report.hasErrors)
        #expect(report.findings.map(\.code) == ["pack.unreadable"])
        #expect(report.findings.allSatisfy { $0.affected.count == 0 })
        #expect(report.lostBlobs.isEmpty)
    }
}

/// A store that tells another length of one file than it has, as one with a hole at its end has.
private struct SwollenStore: ObjectStore {
    var base: MemoryStore
    var handle: Handle
    var length: UInt64
    var properties: StoreProperties { base.properties }

    func list(_ kind: FileKind) async throws(StoreError) -> [StoredFile] {
        try await base.list(kind).map { file in
            var file = file
            if file.handle == handle { file.size = length }
            return file
        }
    }

    func load(_ handle: Handle) async throws(StoreError) -> [UInt8] {
        if handle == self.handle { Issue.record("it was read whole") }
        return try await base.load(handle)
    }

    func load(_ handle: Handle, range: Range<UInt64>) async throws(StoreError) -> [UInt8] {
        if handle == self.handle, range.upperBound - range.lowerBound > 1 << 24 {
            Issue.record("\(range) of it was read")
        }
        return try await base.load(handle, range: range)
    }

    func prepare() async throws(StoreError) {}
    func save(_ bytes: [UInt8], as handle: Handle, durability: Durability) async throws(StoreError) {
        try await base.save(bytes, as: handle, durability: durability)
    }
    func size(of handle: Handle) async throws(StoreError) -> UInt64? { try await base.size(of: handle) }
    func remove(_ handle: Handle) async throws(StoreError) { try await base.remove(handle) }
}

@Suite struct `A pack whose length is not what its blobs need` {
    @Test(arguments: [1 << 43, 1 << 63] as [UInt64])
    func `is not read whole, and what is good in it is saved`(length: UInt64) async throws {
        let store = MemoryStore()
        let id = try await Sample.backup(
            try await Sample.create(in: store),
            Sample.generation(1),
            second: 1
        )
        let pack = try #require(try await store.list(.pack).max { $0.size < $1.size }).handle
        let swollen = SwollenStore(base: store, handle: pack, length: length)
        let repository = try await Sample.open(swollen)
        let report = try await check(repository)
        #expect(report.findings.map(\.code) == ["pack.length"])
        #expect(report.lostBlobs.isEmpty)
        #expect(report.damagedPacks == [PackID(pack.digest)])
        let plan = try await repository.withLock(.exclusive) { lock in
            let repair = PackRepair(repository)
            let plan = try await repair.plan(report.damagedPacks)
            try await repair.execute(plan, lock: lock)
            return plan
        }
        #expect(plan.packs.first?.lost.isEmpty == true)
        try await expectSound(try await Sample.open(store))
        let contents = try await Sample.contents(repository, id)
        #expect(contents == Sample.expected(Sample.generation(1)))
    }
}
