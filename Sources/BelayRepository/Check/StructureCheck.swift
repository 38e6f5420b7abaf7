import BelayCore
import BelayFormat
import BelayStore
import Synchronization

/// Checks what can be checked without reading data: index files, the list of packs, snapshots, and all trees.
struct StructureCheck {
    /// What was looked at, for the checks that follow.
    struct Survey: Sendable {
        var snapshots: [StoredSnapshot]
        var contents: PackContents
        var reader: TreeReader
        var used: UsedBlobs
        /// The lengths of the packs in the listing.
        var lengths: [PackID: UInt64]
    }

    private let repository: Repository
    private let progress: UpkeepProgress
    private var report: CheckReport

    /// Adds what it finds to the report.
    static func run(
        _ repository: Repository,
        progress: UpkeepProgress,
        into report: inout CheckReport
    ) async throws -> Survey {
        var check = StructureCheck(repository: repository, progress: progress, report: report)
        let survey = try await check.run()
        report = check.report
        return survey
    }

    private mutating func run() async throws -> Survey {
        progress.begin(.reading)
        // Snapshots before the index: one that comes in between could refer to what the index does not know.
        let snapshots = try await readSnapshots()
        try await checkKeys()
        try await checkNames()
        let contents = try await readIndexes()
        let lengths = try await checkPacks(contents)
        let reader = TreeReader(BlobReader(repository, index: contents.table))
        let used = try await walk(snapshots, reader)
        report.unusedBlobs = countUnused(contents.table, used)
        return Survey(snapshots: snapshots, contents: contents, reader: reader, used: used, lengths: lengths)
    }

    /// The snapshots themselves, not a cache of ours.
    private mutating func readSnapshots() async throws -> [StoredSnapshot] {
        var snapshots: [StoredSnapshot] = []
        for file in try await repository.list(.snapshot).sorted(by: { $0.handle.digest < $1.handle.digest }) {
            let id = SnapshotID(file.handle.digest)
            do {
                let json = try await repository.loadUnpacked(file.handle)
                snapshots.append(StoredSnapshot(id: id, snapshot: try SnapshotCoding.decode(json)))
            } catch let error as BelayError where error.code != .repositoryDamaged {
                throw error
            } catch {
                report.add(.snapshotUnreadable(id, reason: Self.reason(error)))
            }
        }
        report.snapshots = snapshots.count
        return snapshots.oldestFirst()
    }

    /// That each key file could open something; with which password is not known.
    private mutating func checkKeys() async throws {
        for file in try await repository.list(.key).sorted(by: { $0.handle.digest < $1.handle.digest }) {
            let id = KeyID(file.handle.digest)
            do {
                try await repository.checkKey(id)
            } catch let error as BelayError where error.code != .repositoryDamaged {
                throw error
            } catch {
                report.add(.keyUnreadable(id, reason: Self.reason(error)))
            }
        }
    }

    /// That no snapshot and no key lies under a name by which nobody finds it.
    ///
    /// What is neither is somebody else's, and in nobody's way.
    private mutating func checkNames() async throws {
        for kind in [FileKind.snapshot, .key] {
            let strays = try await repository.strays(kind)
            if strays.isEmpty { continue }
            let present = Set(try await repository.list(kind).map(\.handle))
            for stray in strays where isFile(stray.bytes, kind) {
                let handle = Handle(kind: kind, digest: BlobHasher.digest(stray.bytes))
                report.add(.misnamed(path: stray.path, handle, isCopy: present.contains(handle)))
            }
        }
    }

    private func isFile(_ bytes: [UInt8], _ kind: FileKind) -> Bool {
        do throws(FormatError) {
            if kind == .key {
                _ = try KeyFile.decode(bytes)
            } else {
                _ = try repository.openUnpacked(bytes)
            }
            return true
        } catch {
            return false
        }
    }

    private mutating func readIndexes() async throws -> PackContents {
        let (table, unreadable) = try await repository.loadReadableIndexes()
        for (id, error) in unreadable { report.add(.indexUnreadable(id, reason: Self.reason(error))) }
        let contents = PackContents(table)
        let files = Set(table.indexIDs).subtracting(unreadable.map(\.0))
        report.indexes = files.count
        let outlines = try await IndexRewrite(repository, contents).outlines(of: files)
        var described = [UInt8](repeating: 0, count: table.packCount)
        var isPartial = [Bool](repeating: false, count: table.packCount)
        for pack in outlines.flatMap(\.packs) {
            if described[pack.number] < .max { described[pack.number] += 1 }
            if pack.blobs != contents.count(ofPack: pack.number) { isPartial[pack.number] = true }
        }
        for number in described.indices where described[number] > 1 {
            let id = table.pack(number)
            report.add(
                isPartial[number]
                    ? .packDescription(id, reason: "several index files tell different parts")
                    : .packDescribedTwice(id)
            )
        }
        return contents
    }

    private mutating func checkPacks(_ contents: PackContents) async throws -> [PackID: UInt64] {
        var lengths: [PackID: UInt64] = [:]
        for file in try await repository.list(.pack) { lengths[PackID(file.handle.digest)] = file.size }
        report.packs = lengths.count
        report.packBytes = lengths.values.reduce(.zero) { $0 + ByteCount($1) }
        var isKnown: Set<PackID> = []
        for number in 0..<contents.table.packCount where contents.count(ofPack: number) > 0 {
            let id = contents.table.pack(number)
            isKnown.insert(id)
            checkPack(contents.entry(ofPack: number), length: lengths[id])
        }
        for (id, length) in lengths.sorted(by: { $0.key < $1.key }) where !isKnown.contains(id) {
            report.add(.packUnknown(id, length: length))
        }
        return lengths
    }

    private mutating func checkPack(_ pack: PackEntry, length: UInt64?) {
        guard let length else { return report.add(.packMissing(pack.id)) }
        let expected = PackLayout.packLength(pack.blobs)
        do throws(FormatError) {
            try PackLayout.check(pack.blobs, packLength: expected)
            if length != UInt64(expected) {
                report.add(.packLength(pack.id, expected: UInt64(expected), actual: length))
                report.damagedPacks.insert(pack.id)
            }
        } catch {
            report.add(.packDescription(pack.id, reason: Self.reason(error)))
        }
        for blob in pack.blobs where blob.isTooLong {
            report.add(.blobTooLong(pack.id, blob.handle, length: UInt64(blob.plainLength)))
        }
        if Set(pack.blobs.lazy.map(\.type)).count > 1 { report.add(.packMixed(pack.id)) }
        if repository.config.version < .two, pack.blobs.contains(where: \.isCompressed) {
            report.add(.packCompressedInVersion1(pack.id))
        }
    }

    private mutating func walk(_ snapshots: [StoredSnapshot], _ reader: TreeReader) async throws -> UsedBlobs
    {
        progress.begin(.walkingTrees, total: UInt64(reader.blobs.index.count(of: .tree)))
        let problems = ProblemList()
        let walk = TreeWalk(reader, examining: true, progress: progress)
        let result = try await walk.run(from: snapshots) { visit in
            for irregularity in visit.irregularities {
                problems.add(.treeIrregular(visit.id, irregularity))
            }
            for file in visit.wrongSizes {
                problems.add(.wrongSize(visit.id, file.name, size: file.size, contentSize: file.contentSize))
            }
        }
        for problem in problems.all { report.add(problem) }
        for lost in result.lost {
            switch lost.handle.type {
            case .tree: report.add(.treeLost(lost.handle.id, reason: lost.error.map(Self.reason)))
            case .data: report.add(.dataMissing(lost.handle.id))
            }
        }
        report.trees = result.used.count(of: .tree)
        report.dataBlobs = result.used.count(of: .data)
        return result.used
    }

    private func countUnused(_ table: IndexTable, _ used: UsedBlobs) -> Int {
        var different = 0
        for type in BlobType.allCases {
            for position in 0..<table.count(of: type) {
                if position == 0 || table.id(of: type, at: position) != table.id(of: type, at: position - 1) {
                    different += 1
                }
            }
        }
        return different - used.count(of: .data) - used.count(of: .tree)
    }

    /// The innermost reason of an error, in words.
    static func reason(_ error: any Error) -> String {
        if let error = error as? BelayError { return error.cause.map { "\($0)" } ?? error.message }
        return "\(error)"
    }
}

/// Problems that several workers find.
final class ProblemList: Sendable {
    private let problems = Mutex<[Finding.Problem]>([])

    func add(_ problem: Finding.Problem) {
        problems.withLock { $0.append(problem) }
    }

    var all: [Finding.Problem] { problems.withLock { $0 } }
}
