import BelayCore
import BelayRepository
import BelayStore
import Testing

@Suite(.enabled(if: ResticRepository.isWanted)) struct `A cleanup of what restic wrote` {
    @Test func `leaves what restic takes for sound and restores`() async throws {
        let restic = try ResticRepository()
        for generation in 1...4 as ClosedRange<UInt64> {
            try restic.write(generation: generation)
            try restic.backUp()
        }
        let repository = try await restic.open()
        let ids = try await repository.snapshots().readable.map(\.id)
        #expect(ids.count == 4)
        let plan = try await cleanUp(
            repository,
            forgetting: Set(ids.prefix(2)),
            rules: CleanupRules(unusedLimit: .bytes(.zero), packSize: 4 << 20)
        )
        #expect(plan.repacked.packs > 0)
        #expect(plan.freed > .zero)
        try await expectSound(repository)
        try restic.expectSound()
        try restic.expectRestorable()
        // restic sees nothing left to do either.
        let text = try restic.run("prune", "--dry-run", "--max-unused", "0")
        #expect(
            text.contains("to delete:             0 blobs")
                || text.contains("total prune:           0 blobs"),
            "\(text)"
        )
    }

    @Test func `takes over where restic forgot, and restic where belay did`() async throws {
        let restic = try ResticRepository()
        for generation in 1...3 as ClosedRange<UInt64> {
            try restic.write(generation: generation)
            try restic.backUp()
        }
        try restic.run("forget", "--keep-last", "2")
        let repository = try await restic.open()
        #expect(try await cleanUp(repository).freed > .zero)
        try restic.expectSound()
        let first = try #require(try await repository.snapshots().readable.first)
        try await repository.withLock(.exclusive) { lock in
            try await repository.removeSnapshots([first.id], lock: lock)
        }
        try restic.run("prune", "--max-unused", "0")
        try await expectSound(repository)
        try restic.expectSound()
        try restic.expectRestorable()
        try restic.write(generation: 9)
        try restic.backUp()
        try await expectSound(repository)
    }
}
