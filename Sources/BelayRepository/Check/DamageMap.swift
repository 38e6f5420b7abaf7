import BelayCore
import BelayFormat

/// What is wrong with one entry of a tree.
enum NodeProblem: Hashable, Sendable {
    /// A file, pieces of which are lost, or all of them.
    case lostContent([BlobID], isAll: Bool)
    /// A directory whose tree is lost.
    case lostTree(BlobID)
    /// A file whose size is not that of its contents.
    case wrongSize
    case invalidName
    /// An entry above has the same name.
    case duplicateName
    /// A file that does not say what is in it.
    case noContent
    /// A directory that does not say what is in it.
    case noTree
}

/// Which trees have something wrong in or below them.
///
/// All others are sound.
struct DamageMap: Sendable {
    /// A problem and the entry that has it.
    struct Spot: Sendable {
        var name: FileName
        var problem: NodeProblem
    }

    /// What is wrong in one tree, and which of its directories lead to more.
    struct Tainted: Sendable {
        var spots: [Spot] = []
        var folders: [(name: FileName, tree: BlobID)] = []
    }

    fileprivate(set) var tainted: [BlobID: Tainted] = [:]
    /// Trees that cannot be read.
    fileprivate(set) var lostTrees: Set<BlobID> = []

    /// Whether nothing is wrong in or below that tree.
    func isSound(_ tree: BlobID) -> Bool { tainted[tree] == nil && !lostTrees.contains(tree) }

    /// Shared trees can give far more paths than there are entries; no more than this are told for a root.
    static let pathsMaximum = 100_000

    /// Calls `body` for each problem below a root, with the tree that has it and the path of the entry.
    func forEachSpot(below root: BlobID, _ body: (_ tree: BlobID, _ spot: Spot, _ path: TreePath) -> Void) {
        if lostTrees.contains(root) {
            body(root, Spot(name: FileName([]), problem: .lostTree(root)), .root)
        }
        var count = 0
        var stack: [(tree: BlobID, path: TreePath)] = [(root, .root)]
        while let (tree, path) = stack.popLast(), count < Self.pathsMaximum {
            guard let here = tainted[tree] else { continue }
            for spot in here.spots { body(tree, spot, path.appending(spot.name)) }
            count += here.spots.count
            for folder in here.folders.reversed() { stack.append((folder.tree, path.appending(folder.name))) }
        }
    }
}

/// Looks for damage in trees, each tree once, children before their parents.
struct DamageSurvey {
    /// A tree on the way down, waiting for those below it.
    private struct Frame {
        var id: BlobID
        var tainted = DamageMap.Tainted()
        var folders: [(name: FileName, tree: BlobID)] = []
        var next = 0
    }

    private let reader: TreeReader
    private let isLost: (BlobHandle) -> Bool
    private let progress: UpkeepProgress?
    private let seen: UsedBlobs
    private var map = DamageMap()
    private var frames: [Frame] = []

    /// The damage below the roots, where `isLost` tells which blobs are of no use although the index has them.
    static func map(
        _ reader: TreeReader,
        roots: [BlobID],
        progress: UpkeepProgress? = nil,
        isLost: (BlobHandle) -> Bool = { _ in false }
    ) async throws -> DamageMap {
        try await withoutActuallyEscaping(isLost) { isLost in
            var survey = DamageSurvey(reader: reader, isLost: isLost, progress: progress)
            for root in roots { try await survey.examine(root) }
            return survey.map
        }
    }

    private init(reader: TreeReader, isLost: @escaping (BlobHandle) -> Bool, progress: UpkeepProgress?) {
        self.reader = reader
        self.isLost = isLost
        self.progress = progress
        seen = UsedBlobs(of: reader.blobs.index)
    }

    private mutating func examine(_ root: BlobID) async throws {
        try await enter(root)
        while var frame = frames.popLast() {
            if frame.next < frame.folders.count {
                let folder = frame.folders[frame.next]
                frame.next += 1
                frames.append(frame)
                try await enter(folder.tree)
                continue
            }
            for folder in frame.folders {
                if map.lostTrees.contains(folder.tree) {
                    let spot = DamageMap.Spot(name: folder.name, problem: .lostTree(folder.tree))
                    frame.tainted.spots.append(spot)
                } else if map.tainted[folder.tree] != nil {
                    frame.tainted.folders.append(folder)
                }
            }
            if !frame.tainted.spots.isEmpty || !frame.tainted.folders.isEmpty {
                map.tainted[frame.id] = frame.tainted
            }
        }
    }

    /// Reads a tree that was not seen before, notes what is wrong in it, and puts it on the way.
    private mutating func enter(_ id: BlobID) async throws {
        switch seen.insert(BlobHandle(.tree, id)) {
        case .known: return
        case .absent: map.lostTrees.insert(id)
        case .new:
            try Task.checkCancellation()
            progress?.add(1)
            guard let nodes = try await nodes(of: id) else {
                map.lostTrees.insert(id)
                return
            }
            var frame = Frame(id: id)
            var names: Set<FileName> = []
            for node in nodes {
                let isDoubled = !names.insert(node.name).inserted
                for problem in problems(of: node, isDoubled: isDoubled) {
                    frame.tainted.spots.append(DamageMap.Spot(name: node.name, problem: problem))
                }
                if node.kind == .directory, let subtree = node.subtree {
                    frame.folders.append((node.name, subtree))
                }
            }
            frames.append(frame)
        }
    }

    private func nodes(of id: BlobID) async throws -> [Node]? {
        if isLost(BlobHandle(.tree, id)) || frames.count > TreePath.depthMaximum { return nil }
        do {
            return try TreeDecoding.examine(await reader.loadBytes(id)).tree.nodes
        } catch let error as BelayError where !error.isDamageOfOneFile {
            throw error
        } catch is FormatError {
            return nil
        } catch is BelayError {
            return nil
        }
    }

    private func problems(of node: Node, isDoubled: Bool) -> [NodeProblem] {
        var problems: [NodeProblem] = []
        if !node.name.isValid { problems.append(.invalidName) }
        if isDoubled { problems.append(.duplicateName) }
        if node.kind == .directory, node.subtree == nil { problems.append(.noTree) }
        guard node.kind == .file else { return problems }
        guard let content = node.content else { return problems + [.noContent] }
        let table = reader.blobs.index
        var size: UInt64 = 0
        var lost: [BlobID] = []
        for id in content {
            let handle = BlobHandle(.data, id)
            if let position = table.firstPosition(of: handle), !isLost(handle) {
                size &+= UInt64(table.location(of: .data, at: position).plainLength)
            } else {
                lost.append(id)
            }
        }
        if !lost.isEmpty {
            problems.append(.lostContent(lost, isAll: lost.count == content.count))
        } else if size != node.size {
            problems.append(.wrongSize)
        }
        return problems
    }
}
