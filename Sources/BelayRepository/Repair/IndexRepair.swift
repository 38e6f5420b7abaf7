package import BelayCore
import BelayFormat
import BelayStore
import BelaySystem

/// What a repair of the index is going to do.
package struct IndexRepairPlan: Sendable {
    /// A pack whose header cannot be read.
    package struct UnreadablePack: Sendable {
        package var id: PackID
        /// Bytes.
        package var length: UInt64
        package var reason: String
        /// Whether the index tells what is in it.
        ///
        /// If so it keeps doing so, and what is still good can be saved
        /// by a repair of packs; if not, whatever it held is lost.
        package var isDescribed: Bool
    }

    /// Index files that cannot be read and go.
    package var unreadableIndexes: [IndexID] = []
    /// Packs that no index described, or not rightly; their headers tell what they hold.
    package var recoveredPacks: [PackID] { recovered.map(\.id) }
    /// How many blobs those hold.
    package var recoveredBlobs: Int { recovered.reduce(0) { $0 + $1.blobs.count } }
    /// Packs that are described but not there: their descriptions go.
    package var missingPacks: [PackID] = []
    package var unreadablePacks: [UnreadablePack] = []
    /// Readable index files that are written anew.
    package var rewrittenIndexes: [IndexID] = []

    /// Whether there is nothing to do.
    package var isEmpty: Bool { unreadableIndexes.isEmpty && recovered.isEmpty && rewrittenIndexes.isEmpty }

    var recovered: [PackEntry] = []
    var contents: PackContents
    var outlines: [IndexRewrite.Outline] = []
    var dropped: Set<Int> = []
    var basis: Set<IndexID> = []
}

/// Makes the index tell again what the packs hold, from their headers; it works without any index left.
package struct IndexRepair: Sendable {
    private let repository: Repository
    private let progress: UpkeepProgress?

    package init(_ repository: Repository, progress: UpkeepProgress? = nil) {
        self.repository = repository
        self.progress = progress
    }

    /// Looks at what is described and what is there.
    ///
    /// Only packs that no index describes, or with another length, are read: their last bytes. With
    /// `readingAll` the header of every pack is.
    package func plan(readingAll: Bool = false) async throws -> IndexRepairPlan {
        progress?.begin(.reading)
        let basis = Set(try await repository.indexIDs())
        let (table, unreadable) = try await repository.loadReadableIndexes()
        let contents = PackContents(table)
        var plan = IndexRepairPlan(contents: contents)
        plan.basis = basis
        plan.unreadableIndexes = unreadable.map(\.0).sorted()
        let rewrite = IndexRewrite(repository, contents)
        plan.outlines = try await rewrite.outlines(of: basis.subtracting(plan.unreadableIndexes))
        try await compare(with: try await repository.list(.pack), readingAll: readingAll, &plan)
        plan.rewrittenIndexes = rewrite.split(plan.outlines, dropping: plan.dropped).obsolete
        return plan
    }

    /// Executes a plan under an exclusive lock: the new index files first, then the old ones go.
    package func execute(_ plan: IndexRepairPlan, lock: RepositoryLock) async throws {
        try repository.requireWritable()
        if plan.isEmpty { return }
        try await repository.requireUnchanged(since: "the repair", indexes: plan.basis)
        try await IndexRewrite(repository, plan.contents, progress: progress).run(
            replacing: plan.outlines,
            dropping: plan.dropped,
            added: plan.recovered,
            unreadable: plan.unreadableIndexes,
            lock: lock
        )
    }

    // MARK: - Comparing

    private func compare(
        with listed: [StoredFile],
        readingAll: Bool,
        _ plan: inout IndexRepairPlan
    ) async throws {
        let contents = plan.contents
        let numbers = contents.numbers()
        var present: Set<PackID> = []
        var doubtful: [StoredFile] = []
        for file in listed.sorted(by: { $0.handle.digest < $1.handle.digest }) {
            let id = PackID(file.handle.digest)
            present.insert(id)
            let isRight =
                numbers[id].map { Self.isRight(contents.blobs(ofPack: $0), length: file.size) } ?? false
            if readingAll || !isRight { doubtful.append(file) }
        }
        for (id, number) in numbers.sorted(by: { $0.key < $1.key }) where !present.contains(id) {
            plan.missingPacks.append(id)
            plan.dropped.insert(number)
        }
        for (file, header) in try await headers(of: doubtful) {
            let id = PackID(file.handle.digest)
            switch header {
            case .success(let blobs):
                if let number = numbers[id] {
                    if contents.blobs(ofPack: number) == blobs { continue }
                    plan.dropped.insert(number)
                }
                plan.recovered.append(PackEntry(id: id, blobs: blobs))
            case .failure(let error):
                plan.unreadablePacks.append(
                    .init(
                        id: id,
                        length: file.size,
                        reason: StructureCheck.reason(error),
                        isDescribed: numbers[id].map { contents.count(ofPack: $0) > 0 } ?? false
                    )
                )
            }
        }
    }

    private static func isRight(_ blobs: [IndexedBlob], length: UInt64) -> Bool {
        guard !blobs.isEmpty, let length = Int(exactly: length) else { return false }
        do throws(FormatError) {
            try PackLayout.check(blobs, packLength: length)
            return true
        } catch {
            return false
        }
    }

    private typealias Header = (file: StoredFile, blobs: Result<[IndexedBlob], any Error>)

    /// The headers of packs, several at a time, in the order of the packs.
    private func headers(of files: [StoredFile]) async throws -> [Header] {
        progress?.begin(.readingHeaders, total: UInt64(files.count))
        let next = Counter()
        let headers = try await withThrowingTaskGroup(of: [(Int, Header)].self) { group in
            for _ in 0..<max(1, repository.store.properties.connections) {
                group.addTask {
                    var headers: [(Int, Header)] = []
                    while let position = next.take(below: files.count) {
                        try Task.checkCancellation()
                        headers.append((position, try await header(of: files[position])))
                        progress?.add(1)
                    }
                    return headers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return headers.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private func header(of file: StoredFile) async throws -> Header {
        let pieces = PackPieces(repository: repository, id: PackID(file.handle.digest), length: file.size)
        do {
            return (file, .success(try await pieces.header()))
        } catch let error as BelayError where !error.isDamageOfOneFile {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return (file, .failure(error))
        }
    }
}
