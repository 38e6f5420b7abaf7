import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import Testing

@Suite(.enabled(if: ResticRepository.isWanted)) struct `A check of what restic wrote` {
    private struct Damage {
        var name: String
        var handle: Handle
        var bytes: [UInt8]?
        var code: String
        /// Whether it is seen without reading data.
        var isStructural: Bool
    }

    @Test func `finds what restic finds`() async throws {
        let restic = try ResticRepository()
        try restic.write(generation: 1)
        try restic.backUp()
        let repository = try await restic.open()
        try await expectSound(repository)
        for damage in try await damages(restic, repository) {
            let bytes = try restic.bytes(of: damage.handle)
            try restic.damage(damage.handle, with: damage.bytes)
            let structure = try await RepositoryCheck(repository).run()
            #expect(structure.hasErrors == damage.isStructural, "\(damage.name)")
            let report = try await check(repository)
            let codes = Set(report.findings.filter { $0.severity == .error }.map(\.code))
            #expect(codes.contains(damage.code), "\(damage.name): \(codes)")
            try restic.run("check", "--read-data", status: 1)
            try restic.damage(damage.handle, with: bytes)
        }
        let stray = Handle(PackID(Digest(1, 2, 3, 4)))
        try restic.damage(stray, with: [1, 2, 3])
        #expect(try await check(repository).findings.map(\.code) == ["pack.unknown"])
        try restic.run("check", "--read-data")
    }

    private func damages(_ restic: ResticRepository, _ repository: Repository) async throws -> [Damage] {
        let table = try await repository.loadIndex()
        let data = table.location(of: .data, at: 0)
        let tree = table.location(of: .tree, at: 0)
        let (dataPack, treePack) = (Handle(data.pack), Handle(tree.pack))
        func changed(_ handle: Handle, at position: Int) throws -> [UInt8] {
            var bytes = try restic.bytes(of: handle)
            bytes[position < 0 ? bytes.count + position : position] ^= 4
            return bytes
        }
        let index = try #require(try await repository.indexIDs().first)
        let snapshot = try #require(try await repository.snapshots().readable.first)
        let dataBytes = try restic.bytes(of: dataPack)
        return [
            Damage(
                name: "data blob",
                handle: dataPack,
                bytes: try changed(dataPack, at: Int(data.offset) + 30),
                code: "pack.blobs-damaged",
                isStructural: false
            ),
            Damage(
                name: "pack header",
                handle: dataPack,
                bytes: try changed(dataPack, at: -20),
                code: "pack.header",
                isStructural: false
            ),
            Damage(
                name: "header length",
                handle: dataPack,
                bytes: try changed(dataPack, at: -4),
                code: "pack.header",
                isStructural: false
            ),
            Damage(
                name: "tree blob",
                handle: treePack,
                bytes: try changed(treePack, at: Int(tree.offset) + 30),
                code: "tree.lost",
                isStructural: true
            ),
            Damage(
                name: "truncated pack",
                handle: dataPack,
                bytes: Array(dataBytes.dropLast(9)),
                code: "pack.length",
                isStructural: true
            ),
            Damage(
                name: "missing pack",
                handle: dataPack,
                bytes: nil,
                code: "pack.missing",
                isStructural: true
            ),
            Damage(
                name: "index file",
                handle: Handle(index),
                bytes: try changed(Handle(index), at: 40),
                code: "index.unreadable",
                isStructural: true
            ),
            Damage(
                name: "snapshot",
                handle: Handle(snapshot.id),
                bytes: try changed(Handle(snapshot.id), at: 40),
                code: "snapshot.unreadable",
                isStructural: true
            ),
        ]
    }
}
