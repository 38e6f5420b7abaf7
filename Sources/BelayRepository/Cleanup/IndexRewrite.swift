import BelayCore
import BelayFormat
import BelayStore

/// Replaces index files so that they describe other packs than before.
///
/// New files are durable before the first old one goes, so at every moment the files together describe all
/// packs that are needed, some of them perhaps twice.
struct IndexRewrite {
    /// What an index file has, without the blobs themselves.
    struct Outline: Sendable {
        var id: IndexID
        /// Packs by their numbers in the contents, and how many blobs of each are described here.
        var packs: [(number: Int, blobs: Int)] = []
        var blobs = 0

        var isSmall: Bool { blobs < IndexRewrite.smallBlobs }
    }

    /// Index files are cut when they describe so many blobs.
    static let blobsMaximum = 50_000
    /// A file with fewer blobs is small; it is joined with others when files are written anyway.
    static let smallBlobs = 10_000
    /// So many small files are joined although nothing else is to be done.
    static let smallFilesMinimum = 10

    private let repository: Repository
    private let contents: PackContents
    private let progress: UpkeepProgress?

    init(_ repository: Repository, _ contents: PackContents, progress: UpkeepProgress? = nil) {
        self.repository = repository
        self.contents = contents
        self.progress = progress
    }

    /// Which packs each of the files describes; all files must have gone into the contents.
    func outlines(of ids: some Collection<IndexID>) async throws -> [Outline] {
        let numbers = contents.numbers()
        var outlines: [Outline] = []
        for id in ids.sorted() {
            let json = try await repository.loadUnpacked(Handle(id))
            do throws(FormatError) {
                outlines.append(try outline(of: id, json, numbers))
            } catch {
                throw BelayError(
                    .repositoryDamaged,
                    "\(Handle(id)) cannot be read",
                    hint: "run `belay repair index`",
                    subjects: [Handle(id).path],
                    cause: error
                )
            }
        }
        return outlines
    }

    private func outline(
        of id: IndexID,
        _ json: [UInt8],
        _ numbers: [PackID: Int]
    ) throws(FormatError) -> Outline {
        var outline = Outline(id: id)
        var blobs: [Int: Int] = [:]
        try json.withBytes { (bytes) throws(FormatError) in
            try IndexFile.decode(bytes) { (pack, _) throws(FormatError) in
                guard let number = numbers[pack] else {
                    throw .malformed(what: "index", detail: "it has changed while it was read")
                }
                blobs[number, default: 0] += 1
                outline.blobs += 1
            }
        }
        outline.packs = blobs.map { ($0.key, $0.value) }.sorted { $0.number < $1.number }
        return outline
    }

    /// Which files must be replaced so that the packs in `dropped` are described nowhere and every other
    /// pack completely and once, and what the new files must then describe.
    func split(
        _ outlines: [Outline],
        dropping dropped: Set<Int>
    ) -> (obsolete: [IndexID], packs: [Int]) {
        var claimed: Set<Int> = []
        var obsolete: [Outline] = []
        // Large files first: of two that describe the same pack the smaller is written anew.
        for outline in outlines.sorted(by: { ($0.blobs, $1.id) > ($1.blobs, $0.id) }) {
            let isRight = outline.packs.allSatisfy { pack in
                !dropped.contains(pack.number) && !claimed.contains(pack.number)
                    && pack.blobs == contents.count(ofPack: pack.number)
            }
            if isRight {
                claimed.formUnion(outline.packs.map(\.number))
            } else {
                obsolete.append(outline)
            }
        }
        let small = outlines.filter { outline in outline.isSmall && !obsolete.contains { $0.id == outline.id }
        }
        if !obsolete.isEmpty || small.count >= Self.smallFilesMinimum {
            obsolete += small
            for outline in small { claimed.subtract(outline.packs.map(\.number)) }
        }
        var packs: [Int] = []
        for pack in obsolete.flatMap(\.packs) where !dropped.contains(pack.number) {
            if claimed.insert(pack.number).inserted { packs.append(pack.number) }
        }
        return (obsolete.map(\.id), packs)
    }

    /// Writes new files for packs of the contents and for `added` ones; when it returns they are durable.
    @discardableResult
    func write(packs: [Int], added: [PackEntry] = []) async throws -> [IndexID] {
        var ids: [IndexID] = []
        var writer = IndexWriter()
        var blobs = 0
        func finish() async throws {
            let json = writer.finish()
            writer = IndexWriter()
            blobs = 0
            ids.append(IndexID(try await repository.saveUnpacked(json, as: .index)))
            progress?.add(1)
        }
        for position in 0..<(packs.count + added.count) {
            let entry =
                position < packs.count
                ? contents.entry(ofPack: packs[position]) : added[position - packs.count]
            if blobs > 0, blobs + entry.blobs.count > Self.blobsMaximum { try await finish() }
            writer.append(entry)
            blobs += entry.blobs.count
        }
        if blobs > 0 { try await finish() }
        return ids
    }

    /// Does it all: new files, then the old ones go.
    func run(
        replacing outlines: [Outline],
        dropping dropped: Set<Int>,
        added: [PackEntry] = [],
        unreadable: [IndexID] = [],
        lock: RepositoryLock
    ) async throws {
        let (obsolete, packs) = split(outlines, dropping: dropped)
        progress?.begin(.writingIndex)
        try await write(packs: packs, added: added)
        // Here the old files and the new ones describe the same packs: stopping is safe.
        try Task.checkCancellation()
        for id in obsolete + unreadable {
            try await lock.requireHeld()
            try await repository.remove(Handle(id))
        }
        // Packs that only those files described may go next: none of the files must come back.
        try await repository.settleRemovals(of: .index)
    }
}
