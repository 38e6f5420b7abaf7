import BelayCore
import BelayRepository
import BelayStore
import Testing

@Suite struct `Packs that have changed names with each other` {
    /// A repository in which two packs lie under each other's names, and which those are.
    private func exchanged(
        where fits: (StoredFile, StoredFile) -> Bool
    ) async throws -> (store: MemoryStore, packs: [Handle]) {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        for number in 1...4 as ClosedRange<UInt64> {
            let pieces = [Sample.piece(number, count: number < 3 ? 4000 : 5000)]
            try await Sample.backup(repository, ["file \(number)": .file(pieces)], second: Int64(number))
        }
        // The trees are much smaller than the data.
        let packs = try await store.list(.pack).filter { $0.size > 3000 }
        let pairs = packs.flatMap { left in packs.map { (left, $0) } }
        let (left, right) = try #require(pairs.first { $0.handle != $1.handle && fits($0, $1) })
        let bytes = (try await store.load(left.handle), try await store.load(right.handle))
        store.damage(left.handle, with: bytes.1)
        store.damage(right.handle, with: bytes.0)
        return (store, [left.handle, right.handle])
    }

    private func expectAllNamed(_ report: CheckReport, _ packs: [Handle]) {
        for (pack, other) in zip(packs, packs.reversed()) {
            let finding = report.findings.first {
                $0.problem == .packIsAnother(PackID(pack.digest), PackID(other.digest))
            }
            #expect(
                report.findings.allSatisfy { report.advice(on: $0).hasPrefix("give it its name back") },
                "\(report.findings)"
            )
            #expect(finding?.advice == "give it its name back: `\(other.path)`", "\(report.findings)")
        }
        let affected = Set(report.findings.flatMap(\.affected.paths).map(\.path))
        #expect(affected.count == 2, "\(affected)")
        #expect(report.damagedPacks == Set(packs.map { PackID($0.digest) }))
    }

    @Test func `are told with all that is affected, also where no data is to be read`() async throws {
        let (store, packs) = try await exchanged { $0.size != $1.size }
        let repository = try await Sample.open(store)
        expectAllNamed(try await RepositoryCheck(repository).run(), packs)
        let snapshots = Set(try await repository.snapshots().readable.map(\.id))
        let subset = try await RepositoryCheck(repository).run(reading: .snapshots(snapshots))
        expectAllNamed(subset, packs)
    }

    @Test func `of one length are found by reading`() async throws {
        let (store, packs) = try await exchanged { $0.size == $1.size }
        expectAllNamed(try await check(try await Sample.open(store)), packs)
    }

    @Test func `lose nothing when they are repaired`() async throws {
        let (store, packs) = try await exchanged { $0.size != $1.size }
        let repository = try await Sample.open(store)
        try await repository.withLock(.exclusive) { lock in
            let repair = PackRepair(repository)
            let plan = try await repair.plan(Set(packs.map { PackID($0.digest) }))
            #expect(
                plan.packs.count == 2 && plan.packs.allSatisfy { $0.lost.isEmpty && !$0.elsewhere.isEmpty }
            )
            try await repair.execute(plan, lock: lock)
        }
        try await expectSound(try await Sample.open(store))
    }
}
