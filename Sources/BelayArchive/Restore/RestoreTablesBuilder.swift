import BelayCore

/// Joins what was found in many directories into the tables of a restore.
struct RestoreTablesBuilder {
    /// Bytes of extended attributes that are held for all of them.
    private static let attributeBytesMaximum = 1 << 30

    private let entriesMaximum: Int
    private var attributeBytes = 0
    private var tables = RestoreTables()
    private var names: [UInt8] = [0]
    private var refusals: [PlannedPart.Refusal] = []
    private var waiting: [PendingFolder] = []
    /// The first file of each that has several names.
    private var firstNames: [LinkKey: UInt32] = [:]
    /// Numbers of the selected paths that were met.
    private(set) var found: Set<Int> = []

    /// Tables with the root, whose tree is waiting.
    init(root: BlobID, selection: RestoreSelection, entriesMaximum: Int) {
        self.entriesMaximum = entriesMaximum
        let metadata = EntryMetadata(Node(name: "", kind: .directory), attributes: 0)
        tables.folders = [FolderRecord(metadata: metadata, parent: 0, name: 0, depth: 0)]
        waiting = [PendingFolder(number: 0, tree: root, selection: selection, depth: 0)]
    }

    /// How many directories are still to be read.
    var waitingCount: Int { waiting.count }

    /// Takes out directories to read, those that were found last: so little waits, whatever the shape of the
    /// tree.
    mutating func take(_ count: Int) -> [PendingFolder] {
        defer { waiting.removeLast(count) }
        return Array(waiting.suffix(count))
    }

    /// Takes up what was found in some directories.
    mutating func merge(_ part: consuming PlannedPart) throws {
        let entries =
            tables.folders.count + tables.files.count + tables.others.count + tables.links.count
            + refusals.count
        attributeBytes += part.attributeBytes
        guard entries + part.entryCount <= entriesMaximum, names.count + part.names.count <= UInt32.max,
            tables.chunks.count + part.chunks.count <= UInt32.max,
            attributeBytes <= Self.attributeBytesMaximum
        else {
            throw BelayError(
                .repositoryUnsupported,
                "the snapshot holds more than the limit of one restore, which is \(Count.text(entriesMaximum)) entries",
                hint: "restore it in parts, by naming paths"
            )
        }
        let base = Base(
            names: UInt32(names.count),
            chunks: UInt32(tables.chunks.count),
            attributes: UInt32(tables.attributes.count)
        )
        names.append(contentsOf: part.names)
        tables.chunks.append(contentsOf: part.chunks)
        tables.attributes.append(contentsOf: part.attributes)
        refusals.append(contentsOf: part.refusals)
        found.formUnion(part.found)
        tables.zeroBytes += part.zeroBytes
        for (var folder, var tree) in zip(part.folders, part.pending) {
            base.move(&folder.name, &folder.metadata)
            tree.number = UInt32(tables.folders.count)
            tables.folders.append(folder)
            waiting.append(tree)
        }
        for var other in part.others {
            base.move(&other.name, &other.metadata)
            if other.kind == .symlink { other.linkTarget += base.names }
            tables.others.append(other)
        }
        merge(part.files, linked: part.linked, base)
    }

    /// The tables, complete.
    consuming func finish() -> (tables: RestoreTables, failures: [RestoreFailure]) {
        dropUselessFolders()
        tables.names = NameBlock(names)
        let finished = tables
        let failures = refusals.map { refusal in
            RestoreFailure(path: finished.displayPath(refusal.folder, refusal.name), reason: refusal.reason)
        }
        return (finished, failures)
    }

    /// Takes out the directories that were kept for what might be chosen below them, where nothing was.
    private mutating func dropUselessFolders() {
        guard tables.folders.contains(where: \.isOnTheWay) else { return }
        var isNeeded = tables.folders.map { !$0.isOnTheWay }
        for file in tables.files { isNeeded[Int(file.folder)] = true }
        for other in tables.others { isNeeded[Int(other.folder)] = true }
        for link in tables.links { isNeeded[Int(link.folder)] = true }
        for refusal in refusals { isNeeded[Int(refusal.folder)] = true }
        // A directory's number is larger than that of the one it is in.
        for number in tables.folders.indices.reversed() where isNeeded[number] {
            isNeeded[Int(tables.folders[number].parent)] = true
        }
        var numbers: [UInt32] = []
        var kept: [FolderRecord] = []
        for (number, var folder) in tables.folders.enumerated() {
            numbers.append(UInt32(kept.count))
            guard isNeeded[number] else { continue }
            folder.parent = numbers[Int(folder.parent)]
            kept.append(folder)
        }
        tables.folders = kept
        for index in tables.files.indices {
            tables.files[index].folder = numbers[Int(tables.files[index].folder)]
        }
        for index in tables.others.indices {
            tables.others[index].folder = numbers[Int(tables.others[index].folder)]
        }
        for index in tables.links.indices {
            tables.links[index].folder = numbers[Int(tables.links[index].folder)]
        }
        for index in refusals.indices { refusals[index].folder = numbers[Int(refusals[index].folder)] }
    }

    /// What to add to the places in a part.
    private struct Base {
        var names: UInt32
        var chunks: UInt32
        var attributes: UInt32

        func move(_ name: inout UInt32, _ metadata: inout EntryMetadata) {
            name += names
            if metadata.attributes > 0 { metadata.attributes += attributes }
        }
    }

    private mutating func merge(_ files: [FileRecord], linked: [(file: Int, key: LinkKey)], _ base: Base) {
        var links = linked[...]
        for position in files.indices {
            var file = files[position]
            base.move(&file.name, &file.metadata)
            file.firstChunk += base.chunks
            if let link = links.first, link.file == position {
                links.removeFirst()
                if let first = firstNames[link.key], hasSameContents(file, tables.files[Int(first)]) {
                    tables.links.append(LinkRecord(folder: file.folder, name: file.name, file: first))
                    continue
                }
                firstNames[link.key] = UInt32(tables.files.count)
            }
            tables.files.append(file)
        }
    }

    /// Whether two names can be those of one file: numbers of inodes alone prove nothing, since a file may
    /// have changed while it was read, and a snapshot may hold several machines' files.
    private func hasSameContents(_ left: FileRecord, _ right: FileRecord) -> Bool {
        left.size == right.size && tables.chunks(of: left).elementsEqual(tables.chunks(of: right))
    }
}
