import BelayCore
import BelayFormat
import BelayRepository
import BelayStore
import BelaySystem
import BelayTestKit
import Testing

@Suite struct `A check of a repository` {
    /// A repository of two snapshots without any waste.
    private func makeRepository() async throws -> (MemoryStore, Repository, [SnapshotID]) {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let ids = [
            try await Sample.backup(repository, Sample.generation(1), second: 1),
            try await Sample.backup(repository, Sample.generation(2), second: 2),
        ]
        return (store, repository, ids)
    }

    @Test func `finds nothing in a sound repository, and counts what it looked at`() async throws {
        let (store, repository, _) = try await makeRepository()
        let report = try await check(repository)
        #expect(report.findings.isEmpty)
        #expect(report.snapshots == 2)
        #expect(report.indexes == 2)
        #expect(report.trees == 7)
        #expect(report.unusedBlobs == 0)
        let packs = try await store.list(.pack)
        #expect(report.packs == packs.count)
        #expect(report.readPacks == packs.count)
        #expect(report.readBytes == report.packBytes)
        #expect(report.packBytes == ByteCount(packs.reduce(0) { $0 + $1.size }))
    }

    @Test func `finds every changed bit of a pack, wherever it is`() async throws {
        let (store, repository, _) = try await makeRepository()
        let pack = try #require(try await store.list(.pack).min { $0.size < $1.size })
        let bytes = try await store.load(pack.handle)
        let position = BlobPosition(count: bytes.count)
        for (number, bit) in position.someBits.enumerated() {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            store.damage(pack.handle, with: damaged)
            let report = try await check(repository)
            #expect(report.hasErrors, "bit \(bit), the \(number)th")
            #expect(report.damagedPacks == [PackID(pack.handle.digest)], "bit \(bit)")
            #expect(report.findings.contains { $0.code == "pack.hash" }, "bit \(bit)")
            let isInBlobs = report.findings.contains { $0.code == "pack.blobs-damaged" }
            let isInHeader = report.findings.contains { $0.code == "pack.header" }
            #expect(isInBlobs != isInHeader, "bit \(bit)")
        }
    }

    private struct BlobPosition {
        var count: Int
        /// Bits spread over the whole file, and all of its last bytes.
        var someBits: [Int] {
            Array(stride(from: 3, to: count * 8, by: 977)) + Array((count * 8 - 48)..<(count * 8))
        }
    }

    @Test func `tells which snapshots and paths a missing pack is missing in`() async throws {
        let (store, repository, ids) = try await makeRepository()
        var affected: Set<String> = []
        for pack in try await store.list(.pack) {
            let bytes = try await store.load(pack.handle)
            try await store.remove(pack.handle)
            let report = try await check(repository)
            let finding = try #require(report.findings.first { $0.code == "pack.missing" })
            #expect(finding.subject == pack.handle.path)
            #expect(!finding.affected.paths.isEmpty)
            #expect(finding.affected.count == finding.affected.paths.count)
            #expect(finding.affected.paths.allSatisfy { ids.contains($0.snapshot) })
            #expect(!report.lostBlobs.isEmpty)
            // What is told cannot be read, and all else can.
            for id in ids {
                let paths = finding.affected.paths.filter { $0.snapshot == id }.map(\.path)
                let readable = await readablePaths(repository, id)
                for path in paths where path != "/" { #expect(!readable.contains(path), "\(path)") }
                let lost = Set(Sample.expected(Sample.generation(1)).keys).subtracting(readable)
                #expect(
                    lost.allSatisfy { path in
                        paths.contains { path == $0 || $0 == "/" || path.hasPrefix($0 + "/") }
                    }
                )
                affected.formUnion(paths)
            }
            store.damage(pack.handle, with: bytes)
        }
        #expect(affected.contains("/source/half"))
        #expect(affected.contains("/always"))
    }

    private func readablePaths(_ repository: Repository, _ id: SnapshotID) async -> Set<String> {
        guard let snapshot = try? await repository.snapshots().readable.first(where: { $0.id == id }),
            let index = try? await repository.loadIndex()
        else { return [] }
        var paths: Set<String> = []
        let reader = TreeReader(BlobReader(repository, index: index))
        var stack: [(BlobID, String)] = [(snapshot.snapshot.tree, "")]
        while let (tree, path) = stack.popLast() {
            // What cannot be read is what is looked for.
            guard let nodes = try? await reader.load(tree).nodes else { continue }
            if !path.isEmpty { paths.insert(path + "/") }
            for node in nodes {
                if let subtree = node.subtree {
                    stack.append((subtree, "\(path)/\(node.name)"))
                    continue
                }
                var isReadable = true
                for blob in node.content ?? [] where isReadable {
                    isReadable = (try? await reader.blobs.load(BlobHandle(.data, blob))) != nil
                }
                if isReadable { paths.insert("\(path)/\(node.name)") }
            }
        }
        return paths
    }

    @Test func `finds truncated packs, also without reading them`() async throws {
        let (store, repository, _) = try await makeRepository()
        let pack = try #require(try await store.list(.pack).first)
        let bytes = try await store.load(pack.handle)
        store.damage(pack.handle, with: Array(bytes.dropLast(7)))
        let report = try await RepositoryCheck(repository).run()
        let finding = try #require(report.findings.first { $0.code == "pack.length" })
        #expect(
            finding.problem
                == .packLength(
                    PackID(pack.handle.digest),
                    expected: UInt64(bytes.count),
                    actual: UInt64(bytes.count - 7)
                )
        )
        #expect(report.damagedPacks == [PackID(pack.handle.digest)])
    }

    @Test func `finds damaged and missing index files`() async throws {
        let (store, repository, _) = try await makeRepository()
        let index = try #require(try await store.list(.index).first)
        let bytes = try await store.load(index.handle)
        store.damage(index.handle, with: Array(bytes.dropLast()))
        var codes = Set(try await check(repository).findings.map(\.code))
        #expect(codes.contains("index.unreadable"))
        #expect(codes.contains("pack.unknown"))
        try await store.remove(index.handle)
        let report = try await check(repository)
        codes = Set(report.findings.map(\.code))
        #expect(!codes.contains("index.unreadable"))
        #expect(codes.contains("pack.unknown"))
        #expect(codes.contains("tree.lost") || codes.contains("data.missing"))
        #expect(report.findings.contains { $0.severity == .error && !$0.affected.paths.isEmpty })
    }

    @Test func `tells of an error, and of all there are, however many hints there are`() async throws {
        let (store, repository, _) = try await makeRepository()
        let hints = CheckReport.findingsMaximum + 5
        for number in 1...UInt64(hints) {
            store.damage(Handle(PackID(Digest(number << 40, 0, 0, number))), with: [1])
        }
        let id = try await repository.loadIndex().location(of: .data, at: 0).pack
        var bytes = try await store.load(Handle(id))
        bytes[30] ^= 1
        store.damage(Handle(id), with: bytes)
        let report = try await check(repository)
        #expect(report.hasErrors)
        #expect(report.hintCount == hints)
        #expect(report.errorCount == 2)
        #expect(report.findings.prefix(3).map(\.severity) == [.error, .error, .hint])
        #expect(report.findings.count == 2 + CheckReport.findingsMaximum)
        #expect(report.damagedPacks == [id])
        #expect(report.lostBlobs.count == 1)
    }

    @Test func `finds damaged keys`() async throws {
        let (store, repository, _) = try await makeRepository()
        let key = try await repository.addKey(
            password: Array("other".utf8),
            parameters: try Sample.parameters()
        )
        #expect(try await check(repository).findings.isEmpty)
        store.damage(Handle(key), with: Array("{}".utf8))
        let report = try await check(repository)
        #expect(report.findings.map(\.code) == ["key.unreadable"] && report.hasErrors)
    }

    @Test func `finds damaged snapshots`() async throws {
        let (store, repository, ids) = try await makeRepository()
        store.damage(Handle(ids[0]), with: Sample.piece(9))
        let report = try await check(repository)
        #expect(report.findings.filter { $0.severity == .error }.map(\.code) == ["snapshot.unreadable"])
        #expect(report.snapshots == 1)
    }

    @Test func `only hints at packs that are described twice`() async throws {
        let (store, repository, _) = try await makeRepository()
        let before = try await store.list(.index)
        // Another file that describes the same packs.
        for index in before {
            let json = try UnpackedFile.decode(
                await store.load(index.handle),
                version: .two,
                envelope: repository.makeEnvelope(),
                decompressor: ZstdDecompressor()
            )
            let file = try UnpackedFile.encode(
                json,
                version: .two,
                envelope: repository.makeEnvelope(),
                compressor: ZstdCompressor(level: .auto)
            )
            try await store.save(
                file.bytes,
                as: Handle(kind: .index, digest: file.digest),
                durability: .stable
            )
        }
        let report = try await check(repository)
        #expect(!report.hasErrors)
        #expect(Set(report.findings.map(\.code)) == ["pack.described-twice"])
        #expect(report.findings.count == report.packs)
        try await cleanUp(repository)
        try await expectSound(repository)
    }

    @Test func `tells a pack that is described in parts from one that is described twice`() async throws {
        let (store, repository, _) = try await makeRepository()
        let index = try #require(try await store.list(.index).first)
        let json = try UnpackedFile.decode(
            await store.load(index.handle),
            version: .two,
            envelope: repository.makeEnvelope(),
            decompressor: ZstdDecompressor()
        )
        var packs = try IndexFile.decode(json).packs
        let number = try #require(packs.firstIndex { $0.blobs.count > 1 })
        var other = packs[number]
        other.blobs = [packs[number].blobs.removeLast()]
        try await store.remove(index.handle)
        for file in [IndexFile(packs: packs), IndexFile(packs: [other])] {
            let file = try UnpackedFile.encode(
                file.encode(),
                version: .two,
                envelope: repository.makeEnvelope(),
                compressor: ZstdCompressor(level: .auto)
            )
            try await store.save(
                file.bytes,
                as: Handle(kind: .index, digest: file.digest),
                durability: .stable
            )
        }
        #expect(try await check(repository).findings.map(\.code) == ["pack.description"])
        try await cleanUp(repository)
        try await expectSound(repository)
    }

    @Test func `finds trees that restic's check takes for sound`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        let piece = Sample.piece(1)
        let id = BlobID(BlobHasher.digest(piece))
        func file(_ name: String, size: UInt64) -> Node {
            Node(name: FileName(name), kind: .file, size: size, content: [id])
        }
        let trees: [(nodes: [Node], code: String, isError: Bool)] = [
            ([file("a", size: 701)], "file.wrong-size", true),
            ([file("..", size: 700)], "tree.irregular", true),
            ([file("a/b", size: 700)], "tree.irregular", true),
            ([file("b", size: 700), file("a", size: 700)], "tree.irregular", false),
            ([file("a", size: 700), file("a", size: 700)], "tree.irregular", true),
            ([Node(name: "a", kind: .directory)], "tree.irregular", true),
            ([Node(name: "a", kind: .file)], "tree.irregular", true),
        ]
        for (number, tree) in trees.enumerated() {
            let texts = tree.nodes.map { TreeEncoding.encode($0) }
            let text =
                Array("{\"nodes\":[".utf8) + Array(texts.joined(separator: Array(",".utf8)))
                + Array("]}\n".utf8)
            let known = try await repository.loadIndex()
            let (root, _) = try await BlobWriter.with(repository, known: known, packSize: 4096) { writer in
                let encoder = BlobEncoder(repository, level: .auto)
                _ = try await Sample.store(piece, .data, encoder, writer)
                return try await Sample.store(text, .tree, encoder, writer)
            }
            let snapshot = try await repository.save(
                Snapshot(time: Timestamp(seconds: Int64(number)), tree: root, paths: ["/a"])
            )
            let report = try await check(repository)
            #expect(report.findings.map(\.code) == [tree.code], "tree \(number)")
            #expect(report.hasErrors == tree.isError, "tree \(number)")
            if tree.isError {
                #expect(report.findings.first?.affected.paths.map(\.snapshot) == [snapshot], "tree \(number)")
            }
            try await repository.withLock(.exclusive) { lock in
                try await repository.removeSnapshots([snapshot], lock: lock)
            }
        }
    }

    @Test func `counts a blob with a sound copy elsewhere as damaged but not as lost`() async throws {
        let store = MemoryStore()
        let repository = try await Sample.create(in: store)
        try await Sample.backup(repository, Sample.generation(1), second: 1)
        let indexes = try await store.list(.index)
        let first = try await store.list(.pack)
        var kept: [Handle: [UInt8]] = [:]
        for file in indexes {
            kept[file.handle] = try await store.load(file.handle)
            try await store.remove(file.handle)
        }
        try await Sample.backup(repository, Sample.generation(1), second: 1)
        for (handle, bytes) in kept { try await store.save(bytes, as: handle, durability: .stable) }
        for pack in first {
            var bytes = try await store.load(pack.handle)
            for position in stride(from: 20, to: bytes.count, by: 20) { bytes[position] ^= 1 }
            store.damage(pack.handle, with: bytes)
        }
        let report = try await check(repository)
        #expect(report.hasErrors)
        #expect(report.lostBlobs.isEmpty)
        #expect(report.findings.allSatisfy { $0.affected.count == 0 })
        #expect(report.damagedPacks == Set(first.map { PackID($0.handle.digest) }))
    }

    @Test func `goes on when a file cannot be read off the disk`() async throws {
        let (store, _, _) = try await makeRepository()
        var found: Set<String> = []
        for turn in 0..<20 {
            let faulty = FaultyStore(
                store,
                [.init(.fail(FaultyStore.inputOutputError), on: .load, of: .pack, turns: turn..<(turn + 1))]
            )
            let report = try await check(try await Sample.open(faulty))
            // A tree is read again from elsewhere before it is given up.
            #expect(report.findings.count <= 1)
            found.formUnion(report.findings.map(\.code))
        }
        #expect(found == ["pack.unreadable"])
    }

    @Test func `says that the store is gone instead of calling everything damaged`() async throws {
        let (store, _, _) = try await makeRepository()
        let counting = FaultyStore(store, [])
        _ = try await check(try await Sample.open(counting))
        for turn in 4..<counting.operations {
            let faulty = FaultyStore(store, [.init(.disconnect, turns: turn..<(turn + 1))])
            let error = await #expect(throws: BelayError.self, "turn \(turn)") {
                try await check(try await Sample.open(faulty))
            }
            #expect(error?.code == .repositoryUnavailable, "turn \(turn)")
        }
    }
}

@Suite struct `The choice of packs to read` {
    @Test(arguments: ["0/5", "6/5", "1/0", "1/257", "0%", "101%", "-1%", "%", "", "0", "x", "1/2/3"])
    func `refuses what makes no sense`(text: String) {
        #expect(PackSelection(text) == nil)
    }

    @Test func `understands what restic understands`() {
        #expect(PackSelection("1/5") == .part(number: 1, count: 5))
        #expect(PackSelection("2.5%") == .share(hundredths: 250))
        #expect(PackSelection("100%") == .share(hundredths: 10_000))
        #expect(PackSelection("500M") == .size(.mebibytes(500)))
    }

    @Test func `covers everything in parts, each pack once`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        try await Sample.backup(repository, Sample.generation(1), second: 1)
        let all = try await RepositoryCheck(repository).run(reading: .all)
        var count = 0
        for number in 1...3 {
            count += try await RepositoryCheck(repository).run(reading: .part(number: number, count: 3))
                .readPacks
        }
        #expect(count == all.readPacks)
        #expect(try await RepositoryCheck(repository).run().readPacks == 0)
    }

    @Test func `is the same for the same seed, and as large as asked for`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        for number in 1...4 as ClosedRange<UInt64> {
            try await Sample.backup(repository, Sample.generation(number), second: Int64(number))
        }
        let packs = try await RepositoryCheck(repository).run().packs
        let half = try await RepositoryCheck(repository).run(reading: .share(hundredths: 5000), seed: 7)
        #expect(half.readPacks == packs / 2)
        let same = try await RepositoryCheck(repository).run(reading: .share(hundredths: 5000), seed: 7)
        #expect(same.readBytes == half.readBytes)
        let one = try await RepositoryCheck(repository).run(reading: .share(hundredths: 1), seed: 7)
        #expect(one.readPacks == 1)
        let some = try await RepositoryCheck(repository).run(reading: .size(ByteCount(9000)), seed: 7)
        #expect(some.readBytes >= ByteCount(9000) && some.readBytes < ByteCount(9000 + 8000))
    }

    @Test func `can be what one snapshot needs`() async throws {
        let repository = try await Sample.create(in: MemoryStore())
        let first = try await Sample.backup(repository, Sample.generation(1), second: 1)
        let packs = try await RepositoryCheck(repository).run().packs
        try await Sample.backup(repository, Sample.generation(2), second: 2)
        let report = try await RepositoryCheck(repository).run(reading: .snapshots([first]))
        #expect(report.readPacks == packs)
        #expect(report.packs > packs)
    }
}
