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
            var outline = Outline(id: id)
            var last: (pack: PackID, position: Int)?
            var positions: [Int: Int] = [:]
            let note: (PackID, IndexedBlob) throws(FormatError) -> Void = { (pack, _) throws(FormatError) in
                outline.blobs += 1
                if let last, last.pack == pack {
                    outline.packs[last.position].blobs += 1
                    return
                }
                guard let number = numbers[pack] else {
                    throw .malformed(what: "index", detail: "it has changed while it was read")
                }
                let position = positions[number] ?? outline.packs.count
                if position == outline.packs.count {
                    positions[number] = position
                    outline.packs.append((number, 0))
                }
                outline.packs[position].blobs += 1
                last = (pack, position)
            }
            try json.withBytes { (bytes) throws(FormatError) in try IndexFile.decode(bytes, visit: note) }
            outlines.append(outline)
        }
        return outlines
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
        try lock.requireHeld()
        for id in obsolete + unreadable { try await repository.remove(Handle(id)) }
    }
}
