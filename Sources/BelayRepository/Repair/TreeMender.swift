import BelayCore
import BelayFormat

/// Makes trees without what is lost.
final class TreeMender {
    /// What an entry that is not whole any more has behind its name.
    static let suffix = Array(".repaired".utf8)
    /// The longest name that file systems take.
    private static let nameLengthMaximum = 255

    /// The texts of the new trees.
    private(set) var trees: [BlobID: [UInt8]] = [:]

    private let reader: TreeReader
    private let map: DamageMap
    private let isLost: (BlobHandle) -> Bool
    private var mended: [BlobID: BlobID] = [:]

    init(_ reader: TreeReader, _ map: DamageMap, isLost: @escaping (BlobHandle) -> Bool) {
        self.reader = reader
        self.map = map
        self.isLost = isLost
    }

    /// The tree that takes the place of one which can be read.
    func mend(_ id: BlobID) async throws -> BlobID {
        guard let tainted = map.tainted[id] else { return id }
        if let known = mended[id] { return known }
        var children: [BlobID: BlobID] = [:]
        for folder in tainted.folders { children[folder.tree] = try await mend(folder.tree) }
        let old = try TreeDecoding.examine(await reader.loadBytes(id)).tree
        var names = Set(old.nodes.map(\.name))
        var seen: Set<FileName> = []
        var nodes: [Node] = []
        for var node in old.nodes {
            let isFirst = seen.insert(node.name).inserted
            let isWhole = mend(&node, children)
            if !isWhole || !isFirst || !node.name.isValid { node.name = Self.name(for: node.name, &names) }
            nodes.append(node)
        }
        let new = add(nodes.sorted { $0.name < $1.name })
        mended[id] = new
        return new
    }

    private func add(_ nodes: [Node]) -> BlobID {
        let text = TreeEncoding.encode(nodes)
        let id = BlobID(BlobHasher.digest(text))
        trees[id] = text
        return id
    }

    /// Takes out of a node what is lost; gives whether nothing was.
    private func mend(_ node: inout Node, _ children: [BlobID: BlobID]) -> Bool {
        switch node.kind {
        case .directory:
            guard let subtree = node.subtree, !map.lostTrees.contains(subtree) else {
                node.subtree = add([])
                return false
            }
            node.subtree = children[subtree] ?? subtree
            return true
        case .file:
            let old = node.content
            let table = reader.blobs.index
            var size: UInt64 = 0
            node.content = (old ?? []).filter { id in
                let handle = BlobHandle(.data, id)
                guard !isLost(handle), let location = table.location(of: handle) else { return false }
                size &+= UInt64(location.plainLength)
                return true
            }
            node.size = size
            return old != nil && node.content == old
        default: return true
        }
    }

    /// A name that a directory can have and that is not taken.
    private static func name(for name: FileName, _ taken: inout Set<FileName>) -> FileName {
        var base = name.bytes.map { $0 == 0x2F || $0 == 0 ? UInt8(ascii: "_") : $0 }
        if base.isEmpty || base == [0x2E] || base == [0x2E, 0x2E] { base = Array("unnamed".utf8) }
        var number = 1
        while true {
            let end = suffix + (number == 1 ? [] : Array("-\(number)".utf8))
            let candidate = FileName(base.prefix(nameLengthMaximum - end.count) + end)
            if taken.insert(candidate).inserted { return candidate }
            number += 1
        }
    }
}
