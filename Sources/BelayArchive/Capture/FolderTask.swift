import BelayCore
import BelaySystem
import Synchronization

/// One directory on its way into the repository.
///
/// A worker scans it, which makes its entries and a task for each directory below; whoever finishes the last of
/// what it waits for (a file's contents, a directory below) finishes the directory itself, and so on upwards.
final class FolderTask: @unchecked Sendable {
    // `@unchecked Sendable`: everything but `waitingFor` is written by the worker that scans the task, or by
    // the one that finishes it; the counter's release and acquire order the two, and a node's box is written
    // only by the worker that has its file.

    /// One entry of the directory.
    enum Entry {
        /// Not a directory, and what the cache says of it still holds.
        case same(Int)
        /// Not a directory, new or changed; a file's contents are filled in later.
        case fresh(NodeBox)
        case folder(FolderTask)
    }

    let parent: FolderTask?
    /// Path below the root with a slash behind it; empty for the root.
    let rules: ScanRules
    /// The entry that stands for this directory in its parent; `nil` for the root.
    var box: NodeBox?
    /// Position of this directory in the parent's cached block.
    var cachedPosition: Int?
    let cached: CachedFolder?
    let cachedOffset: UInt64?
    /// Whether another file system begins here that is to be left out: the directory stays, without contents.
    var isMountPoint = false
    /// Open from the scan on until nothing below it needs it.
    var folder: Folder?
    var entries: [Entry] = []
    /// Whether its own list of entries, or one of them, is not what it was.
    var isChanged: Bool
    var result: Result?
    /// The nodes of the finished tree; kept for the root alone.
    var nodes: [Node] = []
    /// Fingerprint of the rules that the scan went by.
    var scannedFingerprint: UInt64 = 0
    /// The scan itself, files being read, and directories below.
    private let waitingFor = Atomic<Int>(1)

    /// What a finished directory tells its parent.
    struct Result {
        var tree: BlobID
        var totals: FolderTotals
        /// Whether the tree is another than the cached one.
        var isChanged: Bool
        /// Where its block lies: in the new cache if changed, else in the old one.
        var place: UInt64
    }

    init(
        parent: FolderTask?,
        rules: ScanRules,
        box: NodeBox?,
        cachedPosition: Int?,
        cached: CachedFolder?,
        cachedOffset: UInt64?
    ) {
        self.parent = parent
        self.rules = rules
        self.box = box
        self.cachedPosition = cachedPosition
        self.cached = cached
        self.cachedOffset = cachedOffset
        isChanged = cached == nil
    }

    /// The path for people, without a slash at the end.
    var displayPath: String {
        rules.path.isEmpty ? "." : String(decoding: rules.path.dropLast(), as: UTF8.self)
    }

    func displayPath(of name: FileName) -> String {
        String(decoding: rules.path + name.bytes, as: UTF8.self)
    }

    /// Adds to what must be done before the directory is finished.
    func expect(_ count: Int) {
        waitingFor.add(count, ordering: .relaxed)
    }

    /// Says that one thing is done; `true` if it was the last.
    func complete() -> Bool {
        waitingFor.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }
}

/// A node that is still being filled in.
final class NodeBox: @unchecked Sendable {
    // `@unchecked Sendable`: see `FolderTask`.
    var node: Node
    /// `st_mode`, as the cache compares it.
    let posixMode: UInt32
    /// Whether a later run must read the file again whatever its times say.
    var mustRead: Bool
    /// Left out of the tree: it could not be read.
    var isDropped = false

    init(node: Node, posixMode: UInt32, mustRead: Bool) {
        self.node = node
        self.posixMode = posixMode
        self.mustRead = mustRead
    }
}
