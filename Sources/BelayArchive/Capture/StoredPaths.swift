import BelayCore
import BelaySystem

/// Asking whether something would be stored, without a walk through the project.
package enum StoredPaths {
    /// Whether a backup would store a new directory at `path` below the project's root, with what is in it.
    ///
    /// - Throws: `configuration.invalid` if the patterns cannot be used.
    package static func includes(_ path: [UInt8], _ settings: ArchiveSettings) throws -> Bool {
        let worktree = settings.respectsGitIgnore ? GitWorktree.around(settings) { _ in } : nil
        var rules = ScanRules(scope: try ScanScope(settings), worktree: worktree)
        var listing = DirectoryListing()
        // What is not there, or cannot be read, has no rules of its own.
        var folder = try? Folder.open(path: settings.root)
        var isRoot = true
        for name in path.split(separator: 0x2F) {
            if let folder, (try? listing.read(folder)) != nil {
                rules.enter(folder, listing, isRoot: isRoot) { _ in }
            }
            isRoot = false
            let isStored = name.withUnsafeBufferPointer { name in
                let decision = rules.decide(name, isDirectory: true)
                rules = rules.inside(name, decision)
                return decision.isKept
            }
            guard isStored else { return false }
            // As above.
            folder = try? folder?.folder(named: FileName(Array(name)))
        }
        return true
    }
}

extension ScanRules.Decision {
    /// Whether it holds for everything below a directory.
    fileprivate var isKept: Bool {
        if case .keep = self { true } else { false }
    }
}
