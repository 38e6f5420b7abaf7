import BelayArchive
import BelayCore
import BelayFormat
import BelaySystem
import Foundation
import Testing

@Suite struct `A file with holes` {
    /// Whether temporary files lie where holes are believed.
    private static var isBelieved: Bool {
        guard let folder = try? TemporaryFolder(),
            let file = try? OpenFile.creating(path: "\(folder.path)/file")
        else { return false }
        return file.tellsHoles
    }

    private func blobs(
        of name: String,
        in fixture: CaptureFixture
    ) async throws -> (size: UInt64, ids: [BlobID]) {
        let result = try await fixture.capture()
        #expect(result.failures.isEmpty)
        let node = try #require(fixture.nodes(result)[name])
        return (node.size, node.content ?? [])
    }

    /// Stretches of data and of nothing in turn; the same file without holes is the judge.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `is cut as if its holes were written out`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let sparse = try await CaptureFixture()
        let path = "\(sparse.project.path)/file"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: path))
        var position: UInt64 = 0
        while position < 90_000_000 {
            position += UInt64.random(in: 0...40_000_000, using: &generator)
            let isShort = Bool.random(using: &generator)
            let count = Int.random(in: 1...(isShort ? 10 : 900_000), using: &generator)
            try file.seek(toOffset: position)
            try file.write(
                contentsOf: Data((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
            )
            position += UInt64(count)
        }
        try file.truncate(atOffset: position + UInt64.random(in: 0...20_000_000, using: &generator))
        try file.close()
        let dense = try await CaptureFixture()
        // Written anew byte by byte, the copy has no hole.
        try Data(contentsOf: URL(fileURLWithPath: path)).write(
            to: URL(fileURLWithPath: "\(dense.project.path)/file")
        )
        // Both repositories must cut by the same polynomial.
        let twin = CaptureFixture(repository: sparse.repository, project: dense.project, cache: dense.cache)
        let expected = try await blobs(of: "file", in: twin)
        let found = try await blobs(of: "file", in: sparse)
        #expect(found.size == expected.size)
        #expect(found.ids == expected.ids)
    }

    @Test(.enabled(if: isBelieved, "needs a file system that tells holes"))
    func `of a terabyte that is all hole is not read`() async throws {
        let fixture = try await CaptureFixture()
        do {
            let file = try OpenFile.creating(path: "\(fixture.project.path)/file")
            try file.resize(to: 1 << 40)
        }
        let found = try await blobs(of: "file", in: fixture)
        #expect(found.size == 1 << 40)
        #expect(found.ids.count == 1 << 21)
        #expect(Set(found.ids).count == 1)
    }
}
