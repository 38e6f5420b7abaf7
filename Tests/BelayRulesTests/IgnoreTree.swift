import BelayRules
import Foundation

/// A tree of files with `.gitignore` files in it, on disk and in memory.
struct IgnoreTree {
    /// Every file and symbolic link, `.gitignore` files included.
    private(set) var files: [[UInt8]] = []
    private(set) var directories: Set<[UInt8]> = [[]]
    private(set) var ignoreFiles: [[UInt8]: [UInt8]] = [:]

    /// All entries but the top.
    var paths: [[UInt8]] {
        files + directories.filter { !$0.isEmpty }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// A tree that follows from the state of `random`.
    init(_ random: inout IgnoreRandomTrees, in folder: IgnoreTesting.Folder) throws {
        for _ in 0..<(10 + random.randomness.below(40)) {
            // A path whose ancestors are no files and that is no directory.
            let path = random.path(depth: 5)
            let parents = path.indices.filter { path[$0] == 0x2F }.map { Array(path[..<$0]) }
            if directories.contains(path) || files.contains(path) || parents.contains(where: files.contains) {
                continue
            }
            directories.formUnion(parents)
            files.append(path)
            if random.randomness.chance(5) {
                if let parent = parents.last { folder.makeDirectory(parent) }
                folder.makeLink(path, to: "/tmp")
            } else {
                try folder.write([], to: path)
            }
        }
        let sorted = directories.sorted { $0.lexicographicallyPrecedes($1) }
        for directory in sorted where directory.isEmpty || random.randomness.chance(35) {
            let prefix = directory.isEmpty ? [] : directory + [0x2F]
            let below = files.filter { $0.starts(with: prefix) }.map { Array($0.dropFirst(prefix.count)) }
            if below.isEmpty { continue }
            let text = random.ignoreFile(about: below, lines: 1 + random.randomness.below(5))
            let path = prefix + Array(".gitignore".utf8)
            files.append(path)
            ignoreFiles[directory] = text
            try folder.write(text, to: path)
        }
    }
}

/// A walk as a backup does it, over a tree in memory.
struct IgnoreWalk {
    let tree: IgnoreTree
    let index: GitIndex
    let options: IgnoreOptions
    private(set) var kept: Set<[UInt8]> = []
    /// What decided each entry that was seen; the value is `nil` where nothing did.
    private(set) var explanations: [[UInt8]: IgnoreExplanation?] = [:]

    init(tree: IgnoreTree, index: GitIndex, options: IgnoreOptions) {
        self.tree = tree
        self.index = index
        self.options = options
    }

    /// Visits everything below `directory`.
    ///
    /// Ignored directories are visited too, to see that everything in them is ignored for the same reason.
    mutating func visit(_ directory: [UInt8], _ outer: IgnoreRules) throws {
        var rules = outer
        if let text = tree.ignoreFiles[directory] {
            rules = rules.pushing(try IgnoreFile(text, options: options), forDirectory: directory)
        }
        let prefix = directory.isEmpty ? [] : directory + [0x2F]
        for path in tree.paths where path.starts(with: prefix) {
            let name = Array(path.dropFirst(prefix.count))
            if name.isEmpty || name.contains(0x2F) { continue }
            let isDirectory = tree.directories.contains(path)
            let verdict = rules.verdict(name: name, relativePath: path, isDirectory: isDirectory)
            explanations[path] = rules.explanation(of: verdict)
            if isDirectory {
                // With the case ignored, what is tracked below can be in a directory of another case.
                let below = tree.files.filter { $0.starts(with: path + [0x2F]) }
                let hasTracked = below.contains { index.isTracked($0) }
                guard hasTracked == index.hasTrackedBelow(path) || options.ignoresCase else {
                    throw IgnoreTesting.Failure(text: "tracked below \(IgnoreTesting.show(path))")
                }
                try visit(path, verdict.isIgnored ? rules.everythingIgnored(by: verdict) : rules)
            } else if !verdict.isIgnored || index.isTracked(path) {
                kept.insert(path)
            }
        }
    }
}

extension IgnoreTesting.Folder {
    /// Whether there is a directory, not a link to one, at that path.
    func isDirectory(_ relative: [UInt8]) -> Bool {
        var status = stat()
        let bytes = (Array(path.utf8) + [0x2F] + relative + [0]).map { CChar(bitPattern: $0) }
        return lstat(bytes, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
