import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite struct `The index of a repository` {
    @Test func `finds every blob that was stored, and no other`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        var root: [String: Sample.Entry] = [:]
        for number in 0..<200 { root["f\(number)"] = .file([Sample.piece(UInt64(number), count: 50)]) }
        try await Sample.backup(repository, root, second: 1)
        let table = try await repository.loadIndex()
        for number in 0..<200 {
            let id = BlobID(BlobHasher.digest(Sample.piece(UInt64(number), count: 50)))
            #expect(table.contains(BlobHandle(.data, id)))
            #expect(!table.contains(BlobHandle(.tree, id)))
            #expect(table.locations(of: BlobHandle(.data, id)).count == 1)
        }
        for number in 1000..<1200 {
            let id = BlobID(BlobHasher.digest(Sample.piece(UInt64(number), count: 50)))
            #expect(!table.contains(BlobHandle(.data, id)))
        }
    }

    @Test func `is the same from its cache, and made anew when that is damaged`() async throws {
        let folder = NSTemporaryDirectory() + "belay-index-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = MemoryStore()
        let plain = try await Sample.create(in: store)
        var surroundings = Sample.surroundings()
        surroundings.cachesFolder = folder
        let repository = try await Repository.open(
            store,
            password: Sample.password,
            surroundings: surroundings
        )
        for round in 0..<3 {
            try await Sample.backup(
                plain,
                ["f\(round)": .file([Sample.piece(UInt64(round))])],
                second: Int64(round)
            )
            let expected = try await plain.loadIndex()
            #expect(Self.records(try await repository.loadIndex()) == Self.records(expected))
            #expect(Self.records(try await repository.loadIndex()) == Self.records(expected))
        }
        let path = try #require(repository.cacheFolder.map { "\($0)/index" })
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for position in stride(from: 0, to: whole.count, by: 17) {
            var damaged = whole
            damaged[position] ^= 1
            try damaged.write(to: URL(fileURLWithPath: path))
            #expect(
                Self.records(try await repository.loadIndex()) == Self.records(try await plain.loadIndex())
            )
        }
        try whole.dropLast(5).write(to: URL(fileURLWithPath: path))
        #expect(Self.records(try await repository.loadIndex()) == Self.records(try await plain.loadIndex()))
    }

    @Test func `names the file that cannot be read`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        try await Sample.backup(repository, ["f": .file([Sample.piece(1)])], second: 1)
        let id = try #require(try await repository.indexIDs().first)
        var bytes = try await store.load(Handle(id))
        bytes[40] ^= 1
        store.damage(Handle(id), with: bytes)
        let error = await #expect(throws: BelayError.self) { try await repository.loadIndex() }
        #expect(error?.code == .repositoryDamaged)
        #expect(error?.subjects == [Handle(id).path])
    }

    private static func records(_ table: IndexTable) -> [String] {
        var records: [String] = []
        table.visitRecords { handle, location in
            records.append(
                "\(handle.type.name) \(handle.id) \(location.pack) \(location.offset) \(location.length)"
            )
        }
        return records.sorted()
    }
}
