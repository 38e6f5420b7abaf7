import BelayCore
import BelayRules
import BelaySystem

/// What is settled for a whole run: patterns and paths that hold everywhere.
final class ScanScope: Sendable {
    /// Absolute path of the root with a slash behind it.
    let rootPrefix: [UInt8]
    let selection: [[UInt8]]
    let excludes: IgnoreRules?
    let includes: IgnoreRules?
    /// `include` patterns without wildcards, as paths: the way to them is kept open.
    let includedPaths: [[UInt8]]
    let flagExcludes: BackupExcludes?
    let markers: [ExcludeMarker]
    let fileSizeMaximum: UInt64
    let fingerprint: UInt64

    init(_ settings: ArchiveSettings) throws {
        let root = Array(settings.root.utf8)
        rootPrefix = root.last == 0x2F ? root : root + [0x2F]
        selection = settings.selection
        excludes = try Self.rules(settings.excludes, "exclude")
        includes = try Self.rules(settings.includes, "include")
        includedPaths = settings.includes.compactMap { pattern in
            let wildcards: [UInt8] = [0x2A, 0x3F, 0x5B, 0x5C, 0x21]
            guard !pattern.contains(where: { wildcards.contains($0) }) else { return nil }
            let path = Array(pattern.split(separator: 0x2F).joined(separator: [0x2F]))
            return path.contains(0x2F) || pattern.first == 0x2F ? path : nil
        }
        flagExcludes = settings.flagExcludes.flatMap { $0.isEmpty ? nil : $0 }
        markers = settings.markers
        fileSizeMaximum = settings.fileSizeMaximum ?? .max
        var sum = excludes?.fingerprint ?? 0
        sum = sum &* 31 &+ (includes?.fingerprint ?? 0)
        sum = sum &* 31 &+ (flagExcludes?.fingerprint ?? 0)
        for path in selection { sum = sum &* 31 &+ path.withUnsafeBytes { Checksum.of($0) } }
        for marker in markers { sum = sum &* 31 &+ marker.fileName.withUnsafeBytes { Checksum.of($0) } }
        fingerprint = sum
    }

    private static func rules(_ patterns: [[UInt8]], _ key: String) throws -> IgnoreRules? {
        if patterns.isEmpty { return nil }
        do throws(IgnoreFileError) {
            return IgnoreRules(commandLine: try IgnoreFile(patterns: patterns))
        } catch {
            throw BelayError(
                .configurationInvalid,
                "the patterns of `\(key)` cannot be used: \(error)",
                hint: "correct `\(key)` in belay.yaml"
            )
        }
    }
}

/// The rules in force in one directory of the walk.
struct ScanRules: Sendable {
    enum Decision {
        case keep
        case skip
        /// An ignored directory in which only tracked or included files are kept.
        case keepSome(IgnoreVerdict)
    }

    let scope: ScanScope
    /// Path of the directory below the root, with a slash behind it; empty for the root.
    private(set) var path: [UInt8] = []
    /// Whether everything here is selected, rather than only the way to something.
    private var isSelected: Bool
    /// git's rules; `nil` where there are none, as below `.git`.
    private var ignore: IgnoreRules?
    private var worktree: GitWorktree?
    /// What leads from the top of the work tree to here, with a slash behind it.
    private var worktreePath: [UInt8] = []
    /// Whether git would wait for a `.gitignore` here or above, since it is a FIFO or a device.
    private(set) var stopsGit = false

    init(scope: ScanScope, worktree: GitWorktree?) {
        self.scope = scope
        isSelected = scope.selection.isEmpty
        self.worktree = worktree
        ignore = worktree?.rules
        worktreePath = worktree?.prefix ?? []
    }

    /// Tells whether two directories' rules decide alike; equal for equal rules in every run.
    var fingerprint: UInt64 {
        var sum = scope.fingerprint &* 31 &+ (ignore?.fingerprint ?? 1)
        sum = sum &* 31 &+ (worktree?.indexFingerprint ?? 1)
        return sum &* 31 &+ (isSelected ? 1 : 0)
    }

    /// Whether nothing could be left out here.
    var keepsEverything: Bool {
        isSelected && ignore == nil && scope.excludes == nil && scope.flagExcludes == nil && !path.isEmpty
    }

    /// Takes up what the directory's own files say: its `.gitignore`, or that it is a repository.
    mutating func enter(
        _ folder: Folder,
        _ listing: borrowing DirectoryListing,
        isRoot: Bool,
        notes: (String) -> Void
    ) {
        guard ignore != nil else { return }
        let (ignoreFile, hasGit) = Self.gitEntries(in: listing)
        if hasGit && !isRoot,
            let inner = GitWorktree.nested(in: folder, rules: ignore, at: worktreeFolder, notes: notes)
        {
            worktree = inner
            ignore = inner.rules
        }
        guard let ignoreFile, let rules = ignore else { return }
        if [.fifo, .characterDevice].contains(listing.kind(ignoreFile)) { stopsGit = true }
        if let file = GitWorktree.readIgnoreFile(
            ".gitignore",
            in: folder,
            options: rules.options,
            notes: notes
        ) {
            ignore = rules.pushing(file, forDirectory: worktreeFolder)
        }
    }

    /// Whether an entry is stored.
    ///
    /// Allocates only where patterns have to be asked.
    func decide(_ name: UnsafeBufferPointer<UInt8>, isDirectory: Bool) -> Decision {
        if path.isEmpty && name.elementsEqual(Self.generatedFolder) { return .skip }
        if keepsEverything { return .keep }
        if !isSelected && !isOnTheWay(name) { return .skip }
        if scope.excludes == nil && scope.flagExcludes == nil && ignore == nil { return .keep }
        let relative = path + name
        if let flags = scope.flagExcludes, flags.excludes(scope.rootPrefix + relative) { return .skip }
        if let excludes = scope.excludes, Self.ask(excludes, relative, path.count, isDirectory).isIgnored {
            return .skip
        }
        guard let ignore, !name.elementsEqual(Self.gitFolder) else { return .keep }
        if let includes = scope.includes, Self.ask(includes, relative, path.count, isDirectory).isIgnored {
            return .keep
        }
        let inWorktree = worktreePath + name
        let verdict = Self.ask(ignore, inWorktree, worktreePath.count, isDirectory)
        guard verdict.isIgnored else { return .keep }
        if let worktree {
            let tracked = Array(inWorktree.dropFirst(worktree.base.count))
            if worktree.index.isTracked(tracked) { return .keep }
            if isDirectory && worktree.index.hasTrackedBelow(tracked) { return .keepSome(verdict) }
        }
        if isDirectory && scope.includedPaths.contains(where: { $0.starts(with: relative + [0x2F]) }) {
            return .keepSome(verdict)
        }
        return .skip
    }

    /// Whether a file is left out for its size alone.
    func isTooLarge(_ status: FileStatus) -> Bool { status.isRegular && status.size > scope.fileSizeMaximum }

    /// The rules inside an entry that ``decide(_:isDirectory:)`` kept.
    func inside(_ name: UnsafeBufferPointer<UInt8>, _ decision: Decision) -> ScanRules {
        var rules = self
        rules.path.append(contentsOf: name)
        rules.path.append(0x2F)
        rules.worktreePath.append(contentsOf: name)
        rules.worktreePath.append(0x2F)
        if !isSelected {
            rules.isSelected = scope.selection.contains { $0.elementsEqual(rules.path.dropLast()) }
        }
        if name.elementsEqual(Self.gitFolder) {
            rules.ignore = nil
        } else if case .keepSome(let verdict) = decision {
            rules.ignore = ignore?.everythingIgnored(by: verdict)
        } else if scope.includes != nil, let verdict = includedVerdict(name) {
            // A directory that `include` names is kept whole, whatever git's rules say of what is inside.
            rules.ignore = verdict ? nil : rules.ignore
        }
        return rules
    }

    /// Takes out what marker files in the directory say is not to be stored: all but themselves.
    func applyMarkers(in folder: Folder, to listing: inout DirectoryListing) {
        let active = scope.markers.filter { isActive($0, in: folder) }
        if active.isEmpty { return }
        listing.keep { name in !active.contains { $0.excludes(name) } }
    }

    private func isActive(_ marker: ExcludeMarker, in folder: Folder) -> Bool {
        let name = FileName(marker.fileName)
        // A marker that cannot be read does not exclude anything: storing too much is the safe side.
        if marker.byteCount == 0 { return (try? folder.status(of: name)) != nil }
        guard let start = try? readStart(of: name, in: folder, count: marker.byteCount) else { return false }
        return marker.excludesDirectory(contents: start)
    }

    private static func gitEntries(
        in listing: borrowing DirectoryListing
    ) -> (ignoreFile: Int?, hasGit: Bool) {
        var found: (ignoreFile: Int?, hasGit: Bool) = (nil, false)
        for index in 0..<listing.count {
            let name = listing.name(index)
            // Sorted by bytes: names that start with a dot come early.
            if name[0] > 0x2E { break }
            if name.count == 4 && name.elementsEqual(gitFolder) { found.hasGit = true }
            if name.count == 10 && name.elementsEqual(gitIgnore) { found.ignoreFile = index }
        }
        return found
    }

    private static let gitIgnore = Array(".gitignore".utf8)
    private static let generatedFolder = Array(".belay".utf8)
    private static let gitFolder = Array(".git".utf8)

    private var worktreeFolder: [UInt8] { Array(worktreePath.dropLast()) }

    private func includedVerdict(_ name: UnsafeBufferPointer<UInt8>) -> Bool? {
        scope.includes.map { Self.ask($0, path + name, path.count, true).isIgnored }
    }

    private func isOnTheWay(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let relative = path + name
        return scope.selection.contains { $0 == relative || $0.starts(with: relative + [0x2F]) }
    }

    private static func ask(
        _ rules: IgnoreRules,
        _ path: [UInt8],
        _ nameStart: Int,
        _ isDirectory: Bool
    ) -> IgnoreVerdict {
        path.withUnsafeBufferPointer {
            rules.verdict(path: $0, nameStart: nameStart, isDirectory: isDirectory)
        }
    }
}
