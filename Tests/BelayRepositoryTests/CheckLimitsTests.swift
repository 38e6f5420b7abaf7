import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelayTestKit
import Testing

@Suite struct `A blob that is longer than what is read` {
    /// A repository with a file of one piece that claims to be a byte too long.
    private func makeRepository() async throws -> (Repository, BlobID) {
        let repository = try await Sample.create(in: MemoryStore())
        let piece = Sample.text(1)
        let id = BlobID(BlobHasher.digest(piece))
        let length = BlobType.data.lengthMaximum + 1
        let known = try await repository.loadIndex()
        let (tree, _) = try await BlobWriter.with(repository, known: known, packSize: Sample.packSize) {
            writer in
            let encoder = BlobEncoder(repository, level: .auto)
            let handle = BlobHandle(.data, id)
            #expect(writer.claim(handle))
            var sealed = try piece.withUnsafeBytes { try encoder.encode($0, type: .data) }
            sealed.uncompressedLength = UInt32(length)
            try await writer.append(handle, sealed, plainLength: length)
            let node = Node(name: "long", kind: .file, size: UInt64(length), links: 1, content: [id])
            return try await Sample.store(TreeEncoding.encode([node]), .tree, encoder, writer)
        }
        _ = try await repository.save(
            Snapshot(time: Timestamp(seconds: 1_700_000_000), tree: tree, paths: ["/project"])
        )
        return (repository, id)
    }

    @Test(arguments: [PackSelection.none, .all])
    func `is found by every check, with what needs it`(selection: PackSelection) async throws {
        let (repository, id) = try await makeRepository()
        let report = try await RepositoryCheck(repository).run(reading: selection)
        #expect(report.findings.map(\.code) == ["blob.too-long"])
        #expect(report.findings.first?.subject == "data \(id)")
        #expect(report.findings.first?.affected.paths.map(\.path) == ["/long"])
    }

    @Test func `is not lost, so that no repair takes it out`() async throws {
        let (repository, _) = try await makeRepository()
        let report = try await check(repository)
        #expect(report.damagedPacks.isEmpty)
        #expect(report.lostBlobs.isEmpty)
        #expect(try await SnapshotRepair(repository).plan(lost: report.lostBlobs).isEmpty)
    }

    @Test func `is not read`() async throws {
        let (repository, id) = try await makeRepository()
        let blobs = BlobReader(repository, index: try await repository.loadIndex())
        let error = await #expect(throws: BelayError.self) { try await blobs.load(BlobHandle(.data, id)) }
        #expect(error?.code == .repositoryDamaged)
        let cause = error?.cause.map { "\($0)" }
        #expect(cause?.contains("limit of 1073741824") == true)
    }
}
