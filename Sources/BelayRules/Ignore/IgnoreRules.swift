/// Where patterns come from; later cases give way to earlier ones, and a directory to those below it.
package enum IgnoreSource: Hashable, Sendable {
    /// Given for this run.
    case commandLine
    /// The `.gitignore` of a directory, named by its path.
    case directory([UInt8])
    /// `info/exclude` of the repository.
    case infoExclude
    /// The file that `core.excludesFile` names, or the one that stands for it.
    case globalExcludes
}

/// Whether an entry is ignored, and by what.
///
/// A handful of bytes that refer to the rules which gave it: ``IgnoreRules/explanation(of:)`` tells the rest.
package struct IgnoreVerdict: Hashable, Sendable {
    /// Whether the last pattern that matched says so.
    package let isIgnored: Bool
    fileprivate let layer: Int32
    fileprivate let pattern: Int32

    /// No pattern matched.
    package static let undecided = IgnoreVerdict(isIgnored: false, layer: -1, pattern: -1)

    /// Whether some pattern matched, be it one that ignores or one that takes back.
    package var isDecided: Bool { pattern >= 0 }
}

/// The pattern that decided, for people.
package struct IgnoreExplanation: Hashable, Sendable {
    package let source: IgnoreSource
    /// The number of the line, from 1; for the command line, of the pattern.
    package let line: Int
    /// The pattern as `git check-ignore -v` prints it.
    package let text: [UInt8]
}

/// The ignore rules that hold in one directory of a walk.
///
/// A walk starts with the rules of the working tree and calls ``pushing(_:forDirectory:)`` for every
/// directory that has a `.gitignore`, the top included, before it asks about the entries of that directory.
/// All paths are relative to where the rules start, separated by `/`, without one at either end. A symbolic
/// link is no directory, whatever it points to.
///
/// - An ignored directory is not descended: nothing below it can be taken back, and its `.gitignore` is not
///   read. If tracked files lie below (``GitIndex/hasTrackedBelow(_:)``), descend with
///   ``everythingIgnored(by:)`` and keep these alone. A tracked entry is never ignored, so an ignored verdict
///   counts only if ``GitIndex/isTracked(_:)`` is false; a directory of which it is true is a submodule.
/// - An entry named `.git` is never to be asked about: git looks at none.
/// - A directory other than the top that has a `.git` is a repository of its own. git does not look into it;
///   who does goes on with ``enteringRepository(at:infoExclude:)``, so that none of the outer repository's
///   files reach inside, and with the inner repository's index. Whether the directory itself is ignored is
///   still for the outer rules to say.
package struct IgnoreRules: Sendable {
    private struct Layer: Sendable {
        let file: IgnoreFile
        let source: IgnoreSource
        /// How many bytes of a path lead to the directory of the file, with the slash behind it.
        let base: Int
        /// The table of `file`, unsafe in that it is not kept alive: `file` does that.
        ///
        /// A verdict reads it without counting a reference, over which the threads of a walk would contend.
        let table: Unmanaged<IgnoreTable>

        init(file: IgnoreFile, source: IgnoreSource, base: Int) {
            self.file = file
            self.source = source
            self.base = base
            table = Unmanaged.passUnretained(file.table)
        }
    }

    /// How the files were read.
    package let options: IgnoreOptions
    /// A hash of every file pushed and where, the same in every run.
    ///
    /// While it is equal, so is every verdict. Files that can match nothing leave it as it is.
    package private(set) var fingerprint: UInt64
    /// From the weakest to the strongest.
    private var layers: [Layer] = []
    /// What everything is, inside an ignored directory.
    private var blanket: IgnoreVerdict?

    /// The rules of a working tree, before the `.gitignore` of its top.
    ///
    /// - Precondition: every file was read with these options.
    package init(
        options: IgnoreOptions = IgnoreOptions(),
        commandLine: IgnoreFile? = nil,
        infoExclude: IgnoreFile? = nil,
        globalExcludes: IgnoreFile? = nil
    ) {
        self.options = options
        fingerprint = Fingerprint().value
        add(globalExcludes, .globalExcludes, directory: [])
        add(infoExclude, .infoExclude, directory: [])
        add(commandLine, .commandLine, directory: [])
    }

    /// The rules inside `directory`, whose `.gitignore` is `file`; the empty path is the top.
    ///
    /// Inside an ignored directory it has no effect, as git reads no file there.
    package func pushing(_ file: IgnoreFile, forDirectory directory: [UInt8]) -> IgnoreRules {
        guard blanket == nil else { return self }
        var rules = self
        rules.add(file, .directory(directory), directory: directory)
        return rules
    }

    /// The rules inside a directory that `verdict` found to be ignored: everything is, for the same reason.
    package func everythingIgnored(by verdict: IgnoreVerdict) -> IgnoreRules {
        var rules = self
        rules.blanket = verdict
        var hash = Fingerprint()
        hash.add(fingerprint)
        hash.add(verdict.isIgnored)
        rules.fingerprint = hash.value
        return rules
    }

    /// The rules at the top of the repository that lies in `directory` of this one's working tree.
    ///
    /// What was given for this run and the global excludes go on to hold, the latter as seen from
    /// `directory`; `info/exclude` is the inner repository's, and its directories are still to be pushed,
    /// with paths that start where they started before.
    package func enteringRepository(at directory: [UInt8], infoExclude: IgnoreFile?) -> IgnoreRules {
        var rules = IgnoreRules(options: options)
        for layer in layers where layer.source == .globalExcludes {
            rules.add(layer.file, .globalExcludes, directory: directory)
        }
        rules.add(infoExclude, .infoExclude, directory: directory)
        for layer in layers where layer.source == .commandLine {
            rules.add(layer.file, .commandLine, directory: [])
        }
        return rules
    }

    /// Whether the entry at `path`, whose name starts at `nameStart`, is ignored.
    ///
    /// The rules must be those of the directory that holds the entry. Allocates nothing.
    package func verdict(
        path: UnsafeBufferPointer<UInt8>,
        nameStart: Int,
        isDirectory: Bool
    ) -> IgnoreVerdict {
        if let blanket { return blanket }
        guard !layers.isEmpty, nameStart >= 0, nameStart < path.count else { return .undecided }
        let name = UnsafeBufferPointer(rebasing: path[nameStart...])
        let hash = nameHash(name, foldsCase: options.ignoresCase)
        var index = layers.count - 1
        while index >= 0 {
            let base = layers[index].base
            if base <= nameStart {
                let match = layers[index].table._withUnsafeGuaranteedRef { table in
                    table.lastMatch(
                        path: UnsafeBufferPointer(rebasing: path[base...]),
                        name: name,
                        hash: hash,
                        isDirectory: isDirectory
                    )
                }
                if match.index >= 0 {
                    return IgnoreVerdict(
                        isIgnored: !match.isNegated,
                        layer: Int32(truncatingIfNeeded: index),
                        pattern: match.index
                    )
                }
            }
            index -= 1
        }
        return .undecided
    }

    /// Whether the entry called `name` at `relativePath` is ignored.
    package func verdict(name: [UInt8], relativePath: [UInt8], isDirectory: Bool) -> IgnoreVerdict {
        relativePath.withUnsafeBufferPointer { path in
            verdict(path: path, nameStart: path.count - name.count, isDirectory: isDirectory)
        }
    }

    /// The pattern that decided; `nil` if none did, or if `verdict` is not of these rules.
    ///
    /// Rules made by ``everythingIgnored(by:)`` explain the verdict that they were made of.
    package func explanation(of verdict: IgnoreVerdict) -> IgnoreExplanation? {
        let layer = Int(verdict.layer)
        guard verdict.isDecided, layers.indices.contains(layer) else { return nil }
        let patterns = layers[layer].file.patterns
        guard patterns.indices.contains(Int(verdict.pattern)) else { return nil }
        let pattern = patterns[Int(verdict.pattern)]
        return IgnoreExplanation(source: layers[layer].source, line: pattern.line, text: pattern.text)
    }

    private mutating func add(_ file: IgnoreFile?, _ source: IgnoreSource, directory: [UInt8]) {
        guard let file, !file.table.isEmpty else { return }
        precondition(file.options == options, "every file of a walk is read with the same options")
        let layer = Layer(file: file, source: source, base: directory.isEmpty ? 0 : directory.count + 1)
        // Whatever comes from the command line stays on top.
        let isBelowCommandLine = layers.last?.source == .commandLine
        layers.insert(layer, at: isBelowCommandLine ? layers.count - 1 : layers.count)
        var hash = Fingerprint()
        hash.add(fingerprint)
        hash.add(source.rank)
        hash.add(directory)
        hash.add(file.fingerprint)
        fingerprint = hash.value
    }
}

extension IgnoreSource {
    /// A number for the fingerprint.
    fileprivate var rank: UInt64 {
        switch self {
        case .commandLine: 0
        case .directory: 1
        case .infoExclude: 2
        case .globalExcludes: 3
        }
    }
}
