import BelayCore
import BelayFormat
import BelayRepository

/// A directory whose tree is still to be read.
struct PendingFolder: Sendable {
    /// Its number in the table.
    var number: UInt32
    var tree: BlobID
    var selection: RestoreSelection
    var depth: UInt32
}

/// What was found in a few directories, not yet in the tables: places count from the start of the part.
struct PlannedPart: Sendable {
    /// More levels than this are refused; file systems do not nest so deep by themselves.
    static let depthMaximum: UInt32 = 16_384

    /// What every long run of zeros is made of: the shortest chunk there is.
    private static let zeroChunk = BlobID(
        BlobHasher.digest([UInt8](repeating: 0, count: ChunkerParameters.restic.minimum))
    )

    /// An entry that cannot be restored.
    struct Refusal: Sendable {
        var folder: UInt32
        /// `nil` if it is about the directory itself.
        var name: [UInt8]?
        var reason: String
    }

    var names: [UInt8] = []
    var folders: [FolderRecord] = []
    /// The trees of `folders`, without numbers.
    var pending: [PendingFolder] = []
    var files: [FileRecord] = []
    var others: [OtherRecord] = []
    var chunks: [UInt32] = []
    var attributes: [[Node.ExtendedAttribute]] = []
    /// Files that have other names besides.
    var linked: [(file: Int, key: LinkKey)] = []
    var refusals: [Refusal] = []
    var zeroBytes: UInt64 = 0
    /// Numbers of the selected paths that are there.
    var found: [Int] = []

    var attributeBytes = 0

    var entryCount: Int { folders.count + files.count + others.count + refusals.count }

    mutating func refuse(_ folder: UInt32, _ name: [UInt8]?, _ reason: String) {
        refusals.append(Refusal(folder: folder, name: name, reason: reason))
    }

    /// Takes up the entries of a directory.
    mutating func add(
        _ entries: TreeEntries,
        of folder: PendingFolder,
        index: IndexTable,
        leavesOut generated: [UInt8]?
    ) {
        for refusal in entries.refusals
        where folder.selection.inside(refusal.node, found: &found) != nil {
            refuse(folder.number, refusal.node.name.bytes, refusal.reason)
        }
        for node in entries.nodes {
            guard let selection = folder.selection.inside(node, found: &found) else { continue }
            if let generated, node.name.bytes == generated, node.kind == .directory { continue }
            switch node.kind {
            case .directory: addFolder(node, folder, selection)
            case .file: addFile(node, folder, index)
            case .symlink, .blockDevice, .characterDevice, .fifo, .socket: addOther(node, folder)
            }
        }
    }

    private mutating func addFolder(_ node: Node, _ folder: PendingFolder, _ selection: RestoreSelection) {
        guard let tree = node.subtree else {
            return refuse(
                folder.number,
                node.name.bytes,
                "the snapshot does not tell what is in this directory"
            )
        }
        guard folder.depth < Self.depthMaximum else {
            return refuse(
                folder.number,
                node.name.bytes,
                "more than \(Self.depthMaximum) directories in each other"
            )
        }
        folders.append(
            FolderRecord(
                metadata: metadata(node),
                parent: folder.number,
                name: append(node.name.bytes),
                depth: folder.depth + 1,
                isOnTheWay: selection.isOnTheWay
            )
        )
        pending.append(PendingFolder(number: 0, tree: tree, selection: selection, depth: folder.depth + 1))
    }

    private mutating func addFile(_ node: Node, _ folder: PendingFolder, _ index: IndexTable) {
        guard let content = node.content else {
            return refuse(folder.number, node.name.bytes, "the snapshot does not tell what is in this file")
        }
        let first = chunks.count
        if let reason = appendChunks(content, size: node.size, index) {
            chunks.removeLast(chunks.count - first)
            return refuse(folder.number, node.name.bytes, reason)
        }
        if node.links > 1 {
            linked.append((files.count, LinkKey(deviceID: node.deviceID, inode: node.inode)))
        }
        files.append(
            FileRecord(
                metadata: metadata(node),
                action: .write,
                folder: folder.number,
                name: append(node.name.bytes),
                firstChunk: UInt32(truncatingIfNeeded: first),
                chunkCount: UInt32(truncatingIfNeeded: content.count),
                size: node.size
            )
        )
    }

    /// Looks the chunks up; gives the reason if the file cannot be made of them.
    private mutating func appendChunks(_ content: [BlobID], size: UInt64, _ index: IndexTable) -> String? {
        var sum: UInt64 = 0
        for id in content {
            guard let position = index.firstPosition(of: BlobHandle(.data, id)) else {
                return "its data \(id.short) is not in the repository"
            }
            let location = index.location(of: .data, at: position)
            if location.isTooLong(.data) { return "its data \(id.short) is larger than belay reads" }
            // Fewer than 2^32 chunks of at most 2^30 bytes each: no overflow.
            sum += UInt64(location.plainLength)
            if id == Self.zeroChunk { zeroBytes += UInt64(location.plainLength) }
            chunks.append(UInt32(truncatingIfNeeded: position))
        }
        if content.count > UInt32.max { return "it consists of more pieces than belay handles" }
        if sum != size { return "its data has \(sum) bytes, but its size is recorded as \(size)" }
        return nil
    }

    private mutating func addOther(_ node: Node, _ folder: PendingFolder) {
        var linkTarget: UInt32 = 0
        if node.kind == .symlink {
            guard !node.linkTarget.isEmpty, !node.linkTarget.contains(0) else {
                return refuse(folder.number, node.name.bytes, "no symlink can have this target")
            }
            linkTarget = append(node.linkTarget)
        }
        others.append(
            OtherRecord(
                metadata: metadata(node),
                kind: node.kind,
                folder: folder.number,
                name: append(node.name.bytes),
                linkTarget: linkTarget,
                device: node.device
            )
        )
    }

    private mutating func metadata(_ node: Node) -> EntryMetadata {
        // What cannot be the name of an attribute is no attribute; the system would take a part of it for
        // one.
        let known = node.extendedAttributes.filter { !$0.name.isEmpty && !$0.name.utf8.contains(0) }
        if known.isEmpty { return EntryMetadata(node, attributes: 0) }
        attributes.append(known)
        attributeBytes += known.reduce(0) { $0 + $1.name.utf8.count + $1.value.count }
        return EntryMetadata(node, attributes: UInt32(truncatingIfNeeded: attributes.count))
    }

    private mutating func append(_ name: [UInt8]) -> UInt32 {
        let offset = UInt32(truncatingIfNeeded: names.count)
        names.append(contentsOf: name)
        names.append(0)
        return offset
    }
}
