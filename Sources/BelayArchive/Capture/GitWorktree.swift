import BelayCore
import BelayRules
import BelaySystem

/// What git knows of the work tree that a directory lies in: which rules hold at its top, and what is tracked.
final class GitWorktree: Sendable {
    let rules: IgnoreRules
    let index: GitIndex
    /// Changes whenever the index does, so that decisions made with another index are not believed.
    let indexFingerprint: UInt64
    /// What leads from where the rules' paths start to the top of this work tree, with a slash behind it.
    let base: [UInt8]
    /// What leads from where the rules' paths start to the project's root, with a slash behind it.
    let prefix: [UInt8]

    private static let fileSizeMaximum = 1 << 30

    private init(
        rules: IgnoreRules,
        index: GitIndex,
        indexFingerprint: UInt64,
        base: [UInt8],
        prefix: [UInt8]
    ) {
        self.rules = rules
        self.index = index
        self.indexFingerprint = indexFingerprint
        self.base = base
        self.prefix = prefix
    }

    /// The work tree around a project; where there is no repository, the project itself with its `.gitignore`s.
    static func around(_ settings: ArchiveSettings, notes: (String) -> Void) -> GitWorktree {
        var top = settings.root
        while !Paths.exists("\(top)/.git"), let parent = Paths.parent(of: top), parent != top { top = parent }
        guard Paths.exists("\(top)/.git") else {
            return GitWorktree(
                rules: IgnoreRules(globalExcludes: globalExcludes(settings, nil, notes)),
                index: GitIndex(),
                indexFingerprint: 0,
                base: [],
                prefix: []
            )
        }
        let git = gitDirectory(top, notes)
        let options = IgnoreOptions(ignoresCase: git.config.ignoresCase)
        var rules = IgnoreRules(
            options: options,
            infoExclude: readIgnoreFile(
                path: "\(git.commonPath)/info/exclude",
                options: options,
                notes: notes
            ),
            globalExcludes: globalExcludes(settings, git.config.excludesFile, notes, options)
        )
        // The directories between the top of the work tree and the project have their say.
        let below =
            settings.root.utf8.count > top.utf8.count
            ? settings.root.dropFirst(top == "/" ? 1 : top.count + 1) : ""
        var folder = top
        var path = ""
        for part in below.split(separator: "/") {
            if let file = readIgnoreFile(path: "\(folder)/.gitignore", options: options, notes: notes) {
                rules = rules.pushing(file, forDirectory: Array(path.utf8))
            }
            path += path.isEmpty ? String(part) : "/\(part)"
            folder += "/\(part)"
        }
        let (index, fingerprint) = readIndex("\(git.path)/index", git.config.hashLength, notes)
        return GitWorktree(
            rules: index == nil ? IgnoreRules(options: options) : rules,
            index: index ?? GitIndex(),
            indexFingerprint: fingerprint,
            base: [],
            prefix: path.isEmpty ? [] : Array(path.utf8) + [0x2F]
        )
    }

    /// The work tree of a repository found inside another; `nil` if its `.git` is nothing that git made.
    static func nested(
        in folder: Folder,
        rules: IgnoreRules?,
        at path: [UInt8],
        notes: (String) -> Void
    ) -> GitWorktree? {
        guard let rules else { return nil }
        let git = gitDirectory("/proc/self/fd/\(folder.descriptor)", notes)
        guard Paths.exists("\(git.path)/HEAD") else { return nil }
        let exclude = readIgnoreFile(
            path: "\(git.commonPath)/info/exclude",
            options: rules.options,
            notes: notes
        )
        let inner = rules.enteringRepository(at: path, infoExclude: exclude)
        let (index, fingerprint) = readIndex("\(git.path)/index", git.config.hashLength, notes)
        return GitWorktree(
            rules: index == nil ? IgnoreRules(options: rules.options) : inner,
            index: index ?? GitIndex(),
            indexFingerprint: fingerprint,
            base: path + [0x2F],
            prefix: []
        )
    }

    /// A `.gitignore`; `nil` if there is none that git would read.
    static func readIgnoreFile(
        _ name: FileName,
        in folder: Folder,
        options: IgnoreOptions,
        notes: (String) -> Void
    ) -> IgnoreFile? {
        do {
            if try folder.status(of: name).isDirectory { return nil }
            let bytes = try readFile(name, in: folder, limit: IgnoreFile.byteCountMaximum)
            return try IgnoreFile(bytes, options: options)
        } catch {
            // Ignoring nothing is the safe answer.
            notes("\(folder.subject(name)) was not used: \(error)")
            return nil
        }
    }

    private static func readIgnoreFile(
        path: String,
        options: IgnoreOptions,
        notes: (String) -> Void
    ) -> IgnoreFile? {
        guard Paths.exists(path), !Paths.isFolder(path) else { return nil }
        do {
            return try IgnoreFile(
                try readFile(path: path, limit: IgnoreFile.byteCountMaximum),
                options: options
            )
        } catch {
            notes("\(path) was not used: \(error)")
            return nil
        }
    }

    /// The tracked paths; `nil` if there is an index that cannot be read, and then nothing may be ignored.
    private static func readIndex(
        _ path: String,
        _ hashLength: Int,
        _ notes: (String) -> Void
    ) -> (GitIndex?, UInt64) {
        do {
            guard let status = try Paths.status(path) else { return (GitIndex(), 0) }
            let bytes = try readFile(path: path, limit: fileSizeMaximum)
            var sum = status.inode &* 31 &+ status.size
            sum = sum &* 31 &+ UInt64(bitPattern: status.modified.seconds)
            sum = sum &* 31 &+ UInt64(status.modified.nanoseconds)
            let index = try GitIndex(bytes, hashByteCount: hashLength) { name in
                // One that cannot be read is as bad as one that is not there, and told as that.
                Paths.parent(of: path).flatMap {
                    try? readFile(path: "\($0)/\(name)", limit: fileSizeMaximum)
                }
            }
            return (index, sum)
        } catch {
            notes(
                "git's index cannot be read, so nothing is left out on account of .gitignore: \(path): \(error)"
            )
            return (nil, 0)
        }
    }

    private static func globalExcludes(
        _ settings: ArchiveSettings,
        _ configured: [UInt8]?,
        _ notes: (String) -> Void,
        _ options: IgnoreOptions = IgnoreOptions()
    ) -> IgnoreFile? {
        var chosen = configured
        if chosen == nil {
            var files = ["/etc/gitconfig"]
            if let configHome = settings.configHome { files.append("\(configHome)/git/config") }
            if let home = settings.home { files.append("\(home)/.gitconfig") }
            for file in files {
                let found = GitSettings(path: file, home: settings.home, notes: notes)
                chosen = found.excludesFile ?? chosen
            }
        }
        if let chosen {
            if chosen.isEmpty { return nil }
            var path = String(decoding: chosen, as: UTF8.self)
            if path.hasPrefix("~/"), let home = settings.home { path = home + path.dropFirst(1) }
            return readIgnoreFile(path: path, options: options, notes: notes)
        }
        return settings.configHome.flatMap {
            readIgnoreFile(path: "\($0)/git/ignore", options: options, notes: notes)
        }
    }

    private struct GitDirectory {
        var path: String
        /// Where what all work trees of a repository share lies.
        var commonPath: String
        var config: GitSettings
    }

    private static func gitDirectory(_ top: String, _ notes: (String) -> Void) -> GitDirectory {
        var path = "\(top)/.git"
        // A work tree or submodule has a file that names the directory.
        if !Paths.isFolder(path), let target = firstLine(path), target.hasPrefix("gitdir: ") {
            let named = String(target.dropFirst(8))
            path = named.hasPrefix("/") ? named : "\(top)/\(named)"
        }
        var common = path
        if let target = firstLine("\(path)/commondir") {
            common = target.hasPrefix("/") ? target : "\(path)/\(target)"
        }
        return GitDirectory(
            path: path,
            commonPath: common,
            config: GitSettings(path: "\(common)/config", home: nil, notes: notes)
        )
    }

    private static func firstLine(_ path: String) -> String? {
        // What is not there or cannot be read says nothing.
        guard let bytes = try? readFile(path: path, limit: 64 << 10) else { return nil }
        return String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)
    }
}

/// What matters here of one git configuration file and those it includes.
struct GitSettings {
    private(set) var excludesFile: [UInt8]?
    private(set) var ignoresCase = false
    private(set) var hashLength = 20

    private static let includeDepthMaximum = 10

    init(path: String, home: String?, notes: (String) -> Void) {
        read(path, home: home, depth: 0, notes: notes)
    }

    private mutating func read(_ path: String, home: String?, depth: Int, notes: (String) -> Void) {
        guard depth < Self.includeDepthMaximum, Paths.exists(path) else { return }
        let text: GitConfigText
        do {
            text = try GitConfigText(try readFile(path: path, limit: GitConfigText.byteCountMaximum))
        } catch {
            // git itself would stop at such a file; without it the defaults hold.
            return notes("\(path) was not used: \(error)")
        }
        for setting in text.settings {
            switch setting {
            case .excludesFile(let value): excludesFile = value
            case .ignoreCase(let value): ignoresCase = value
            case .objectFormat(let value): hashLength = value == Array("sha256".utf8) ? 32 : 20
            case .include(let value, nil):
                var included = String(decoding: value, as: UTF8.self)
                if included.hasPrefix("~/"), let home { included = home + included.dropFirst(1) }
                if !included.hasPrefix("/") { included = "\(Paths.parent(of: path) ?? "/")/\(included)" }
                read(included, home: home, depth: depth + 1, notes: notes)
            case .include, .worktree: break
            }
        }
    }
}
