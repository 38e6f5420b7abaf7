package import BelayCore

/// What a cleanup is going to do: which snapshots go, and which packs are kept, written anew or removed.
///
/// Holds for the state of the repository from which it was made, and is refused for any other.
package struct CleanupPlan: Sendable {
    /// A number of packs, with what they hold.
    package struct Amount: Hashable, Sendable {
        package var packs = 0
        package var blobs = 0
        package var size = ByteCount.zero

        package init() {}

        mutating func add(blobs: Int, size: UInt64) {
            packs += 1
            self.blobs += blobs
            self.size += ByteCount(size)
        }
    }

    /// The snapshots that go.
    package var forgotten: [SnapshotID] = []
    /// How many snapshots stay.
    package var remaining = 0
    /// All packs that an index describes.
    package var total = Amount()
    /// What the snapshots that stay need; `packs` are those with something used in them.
    package var used = Amount()
    /// What nobody needs, copies of needed blobs included; `packs` are those with something unused in them.
    package var unused = Amount()
    /// Packs that no index describes, as a run that was cut off leaves them; they are removed at once.
    package var unreferenced = Amount()
    /// Packs with nothing used in them, which are removed.
    package var removed = Amount()
    /// Packs of which the used blobs are copied to new packs before they are removed.
    package var repacked = Amount()
    /// What is copied out of those.
    package var copied = Amount()
    /// Packs that an index describes, that nobody needs and that are gone: their descriptions are removed.
    package var missing = Amount()

    /// Index files that are written anew: they describe packs that go, or packs that others describe too, or
    /// there are too many small ones.
    package var rewrittenIndexes = 0

    /// The bytes that the repository gets smaller by, headers of new packs and index files aside.
    package var freed: ByteCount { unreferenced.size + removed.size + (repacked.size - copied.size) }
    /// The unused bytes that stay.
    package var remainingUnused: ByteCount { unused.size - removed.size - (repacked.size - copied.size) }
    /// Whether there is nothing to do.
    package var isEmpty: Bool {
        forgotten.isEmpty && unreferenced.packs + removed.packs + repacked.packs + missing.packs == 0
            && rewrittenIndexes == 0
    }

    // What the executor needs.

    /// The snapshots and index files that were there.
    var basis = Basis()
    var contents: PackContents
    /// Records of blobs that stay: one for each used blob.
    var kept: KeptRecords
    var unreferencedPacks: [PackID] = []
    /// Numbers of packs, as `contents` counts them.
    var removedPacks: [Int] = []
    var repackedPacks: [Int] = []
    var missingPacks: [Int] = []
    /// Packs that no index describes afterwards.
    var droppedPacks: Set<Int> { Set(removedPacks + repackedPacks + missingPacks) }
    /// The length from which on a new pack is closed, in bytes.
    var packSize = 16 << 20
    var outlines: [IndexRewrite.Outline] = []

    /// What the plan was made from.
    struct Basis: Hashable, Sendable {
        var snapshots: Set<SnapshotID> = []
        var indexes: Set<IndexID> = []
    }

    init(contents: PackContents) {
        self.contents = contents
        kept = KeptRecords(of: contents.table)
    }
}

/// One bit for each record of an index table: the copies of blobs that stay.
struct KeptRecords: Sendable {
    private var data: [UInt64]
    private var trees: [UInt64]

    init(of table: IndexTable) {
        data = [UInt64](repeating: 0, count: (table.count(of: .data) + 63) / 64)
        trees = [UInt64](repeating: 0, count: (table.count(of: .tree) + 63) / 64)
    }

    mutating func insert(_ type: BlobType, at position: Int) {
        let bit: UInt64 = 1 << UInt64(position & 63)
        if type == .data { data[position >> 6] |= bit } else { trees[position >> 6] |= bit }
    }

    func contains(_ record: PackContents.Record) -> Bool {
        let words = record.type == .data ? data : trees
        return words[record.position >> 6] & (1 << UInt64(record.position & 63)) != 0
    }
}
