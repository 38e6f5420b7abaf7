import BelayCore
import BelayRepository
import BelayStore
import Testing

@Suite(.enabled(if: ResticRepository.isWanted)) struct `A repair of what restic wrote` {
    private func makeRepository() async throws -> (ResticRepository, Repository) {
        let restic = try ResticRepository()
        try restic.write(generation: 1)
        try restic.backUp()
        return (restic, try await restic.open())
    }

    @Test func `makes an index with which restic finds everything`() async throws {
        let (restic, repository) = try await makeRepository()
        for id in try await repository.indexIDs() { try restic.damage(Handle(id), with: nil) }
        try await repository.withLock(.exclusive) { lock in
            let repair = IndexRepair(repository)
            try await repair.execute(try await repair.plan(), lock: lock)
        }
        try restic.expectSound()
        try restic.expectRestorable()
    }

    @Test func `leaves packs and snapshots that restic takes for sound`() async throws {
        let (restic, repository) = try await makeRepository()
        let table = try await repository.loadIndex()
        // Of a snapshot without its root nothing is left, which is another case.
        let roots = Set(try await repository.snapshots().readable.map(\.snapshot.tree.digest))
        for type in BlobType.allCases {
            let positions = 0..<table.count(of: type)
            let position = try #require(positions.first { !roots.contains(table.id(of: type, at: $0)) })
            let location = table.location(of: type, at: position)
            var bytes = try restic.bytes(of: Handle(location.pack))
            bytes[Int(location.offset) + 30] ^= 1
            try restic.damage(Handle(location.pack), with: bytes)
        }
        let report = try await check(repository)
        #expect(report.damagedPacks.count == 2)
        try restic.run("check", "--read-data", status: 1)
        try await repository.withLock(.exclusive) { lock in
            let packs = PackRepair(repository)
            let plan = try await packs.plan(report.damagedPacks)
            #expect(plan.packs.allSatisfy { $0.lost.count == 1 })
            try await packs.execute(plan, lock: lock)
            let snapshots = SnapshotRepair(repository)
            try await snapshots.execute(try await snapshots.plan(), forgetting: true, lock: lock)
        }
        try await expectSound(repository)
        let text = try restic.run("check", "--read-data")
        #expect(text.contains("no errors were found"), "\(text)")
        #expect(try restic.run("ls", "latest").contains(".repaired"))
        #expect(try restic.run("snapshots").contains("repaired"))
    }
}
