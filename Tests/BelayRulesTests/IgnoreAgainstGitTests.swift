import BelayRules
import Foundation
import Testing

/// git is the judge of what its rules mean.
@Suite(.enabled(if: IgnoreTesting.git != nil, "git is not installed"), .serialized)
struct `Ignore rules compared with git` {
    private typealias Support = IgnoreTesting

    /// What decided, as both sides can say it: source, line, text; `::` is nothing.
    private static func describe(_ explanation: IgnoreExplanation?) -> String {
        guard let explanation else { return "::" }
        let source =
            switch explanation.source {
            case .commandLine: "command line"
            case .directory(let path): Support.show(path.isEmpty ? [] : path + [0x2F]) + ".gitignore"
            case .infoExclude: ".git/info/exclude"
            case .globalExcludes: "global"
            }
        return "\(source):\(explanation.line):\(Support.show(explanation.text))"
    }

    /// Asks `git check-ignore` about all paths in one go.
    private static func askGit(
        _ paths: [[UInt8]],
        in folder: Support.Folder,
        configuration: [String]
    ) throws -> [String] {
        let output = try Support.git(
            configuration + ["check-ignore", "--no-index", "-z", "-v", "-n", "--stdin"],
            in: folder,
            // A path that starts with a colon would be taken for more than a path.
            input: paths.flatMap { [0x2E, 0x2F] + $0 + [0] },
            mayFail: true
        )
        guard output.status <= 1 else { throw Support.Failure(text: output.standardError) }
        let fields = output.fields
        guard fields.count == paths.count * 4 else {
            throw Support.Failure(
                text: "\(fields.count) fields for \(paths.count) paths: \(output.standardError)"
            )
        }
        return paths.indices.map { index in
            let source = fields[index * 4]
            if source.isEmpty { return "::" }
            let name = source.starts(with: [0x2F]) ? "global" : Support.show(source)
            return "\(name):\(Support.show(fields[index * 4 + 1])):\(Support.show(fields[index * 4 + 2]))"
        }
    }

    @Test(arguments: [false, true], 1...3 as ClosedRange<UInt64>)
    func `agree on thousands of patterns and paths, with the deciding line`(
        ignoresCase: Bool,
        seed: UInt64
    ) throws {
        let folder = try Support.Folder()
        try Support.makeRepository(in: folder, configuration: ignoresCase ? "\tignorecase = true\n" : "")
        var random = IgnoreRandomTrees(seed: seed &* 977 &+ (ignoresCase ? 1 : 0))
        random.hasCases = ignoresCase
        let options = IgnoreOptions(
            ignoresCase: ignoresCase,
            doubleStarNeedsSlash: Support.doubleStarNeedsSlash
        )
        var cases: [(base: [UInt8], text: [UInt8], paths: [[UInt8]])] = []
        for number in 0..<200 {
            let base = Array("d\(number)".utf8)
            let paths = Array(Set((0..<30).map { _ in random.path(depth: 4) }))
                .sorted { $0.lexicographicallyPrecedes($1) }
            let text = random.ignoreFile(about: paths, lines: 1 + random.randomness.below(5))
            try folder.write(text, to: base + Array("/.gitignore".utf8))
            // git looks at what is there; a path that is not there counts as a file.
            for path in paths where random.randomness.chance(12) {
                folder.makeDirectory(base + [0x2F] + path)
            }
            cases.append((base, text, paths))
        }

        var questions: [[UInt8]] = []
        var answers: [(String, String)] = []
        for (base, text, paths) in cases {
            let file = try IgnoreFile(text, options: options)
            let rules = IgnoreRules(options: options).pushing(file, forDirectory: base)
            for path in paths {
                let full = base + [0x2F] + path
                let verdict = Self.verdict(
                    rules,
                    full,
                    skipping: base.count + 1,
                    isDirectory: folder.isDirectory(full)
                )
                questions.append(full)
                answers.append((Self.describe(verdict), Support.show(text)))
            }
        }
        let expected = try Self.askGit(questions, in: folder, configuration: [])
        var disagreements = 0
        for index in questions.indices where expected[index] != answers[index].0 {
            disagreements += 1
            if disagreements <= 8 {
                Issue.record(
                    """
                    seed \(seed): \(Support.show(questions[index])) git: \(expected[index]) \
                    belay: \(answers[index].0) file: \(answers[index].1)
                    """
                )
            }
        }
        #expect(disagreements == 0, "seed \(seed), of \(questions.count)")
        #expect(expected.count { $0 != "::" } > questions.count / 20, "the patterns are about the paths")
    }

    /// What the rules of one directory say of a path below it, ancestors first.
    private static func verdict(
        _ rules: IgnoreRules,
        _ path: [UInt8],
        skipping base: Int,
        isDirectory: Bool
    ) -> IgnoreExplanation? {
        var rules = rules
        var end = base
        while true {
            let next = path[end...].firstIndex(of: 0x2F) ?? path.count
            let isLast = next == path.count
            let verdict = rules.verdict(
                name: Array(path[end..<next]),
                relativePath: Array(path[..<next]),
                isDirectory: isLast ? isDirectory : true
            )
            if isLast { return rules.explanation(of: verdict) }
            if verdict.isIgnored { rules = rules.everythingIgnored(by: verdict) }
            end = next + 1
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `agree on whole trees: what decides each entry, and which files are kept`(seed: UInt64) throws {
        let folder = try Support.Folder()
        let outside = try Support.Folder()
        var random = IgnoreRandomTrees(seed: seed &* 7919)
        let ignoresCase = seed.isMultiple(of: 5)
        random.hasCases = ignoresCase
        let options = IgnoreOptions(
            ignoresCase: ignoresCase,
            doubleStarNeedsSlash: Support.doubleStarNeedsSlash
        )
        let hashes = seed.isMultiple(of: 7) ? 32 : 20
        try Support.makeRepository(
            in: folder,
            configuration: (ignoresCase ? "\tignorecase = true\n" : "")
                + (hashes == 32
                    ? "\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n" : "")
        )
        let tree = try IgnoreTree(&random, in: folder)
        let configuration = [
            "-c", "core.excludesFile=\(outside.path)/excludes", "-c", "index.version=\(2 + seed % 3)",
        ]

        let info = random.ignoreFile(about: tree.paths, lines: random.randomness.below(4))
        let global = random.ignoreFile(about: tree.paths, lines: random.randomness.below(4))
        try folder.write(info, to: Array(".git/info/exclude".utf8))
        try outside.write(global, to: Array("excludes".utf8))
        let tracked = tree.files.filter { _ in random.randomness.chance(20) }
        _ = try Support.git(
            configuration + ["update-index", "--add", "-z", "--stdin"],
            in: folder,
            input: tracked.flatMap { $0 + [0] }
        )

        let index =
            tracked.isEmpty
            ? GitIndex()
            : try GitIndex(
                try folder.read(".git/index"),
                hashByteCount: hashes,
                ignoresCase: ignoresCase
            )
        let rules = IgnoreRules(
            options: options,
            infoExclude: try IgnoreFile(info, options: options),
            globalExcludes: try IgnoreFile(global, options: options)
        )
        var walk = IgnoreWalk(tree: tree, index: index, options: options)
        try walk.visit([], rules)

        let entries = walk.explanations.keys.sorted { $0.lexicographicallyPrecedes($1) }
        let expected = try Self.askGit(entries, in: folder, configuration: configuration)
        for (entry, expected) in zip(entries, expected) {
            let found = Self.describe(walk.explanations[entry] ?? nil)
            #expect(found == expected, "seed \(seed): \(Support.show(entry))")
        }
        let kept = try Support.git(
            configuration + ["ls-files", "-z", "--others", "--cached", "--exclude-standard"],
            in: folder
        )
        // git takes two files for one where it ignores the case; what it does not list twice is kept all the
        // same.
        let twins = walk.kept.subtracting(tracked).filter { index.isTracked($0) }
        let difference = walk.kept.subtracting(twins).symmetricDifference(kept.fields)
        #expect(difference.isEmpty, "seed \(seed): \(difference.map(Support.show))")
        #expect(ignoresCase || index.count == tracked.count)
    }

    @Test func `keep what git would keep around a nested repository`() throws {
        let folder = try Support.Folder()
        try Support.makeRepository(in: folder)
        try folder.write(Array("*.o\nignored/\n".utf8), to: Array(".gitignore".utf8))
        try folder.write([], to: Array("inner/a.o".utf8))
        try folder.write([], to: Array("inner/a.tmp".utf8))
        try folder.write(Array("*.tmp\n".utf8), to: Array("inner/.gitignore".utf8))
        let inner = try Support.Folder()
        try Support.makeRepository(in: inner)
        for file in ["config", "HEAD"] {
            try folder.write(try inner.read(".git/\(file)"), to: Array("inner/.git/\(file)".utf8))
        }
        folder.makeDirectory(Array("inner/.git/objects".utf8))
        folder.makeDirectory(Array("inner/.git/refs".utf8))

        let top = IgnoreRules().pushing(try IgnoreFile(Array("*.o\nignored/\n".utf8)), forDirectory: [])
        let rules = top.enteringRepository(at: Array("inner".utf8), infoExclude: nil)
            .pushing(try IgnoreFile(Array("*.tmp\n".utf8)), forDirectory: Array("inner".utf8))
        for name in ["a.o", "a.tmp", ".gitignore"] {
            let output = try Support.git(
                ["-C", "inner", "check-ignore", "-q", name],
                in: folder,
                mayFail: true
            )
            let verdict = rules.verdict(
                name: Array(name.utf8),
                relativePath: Array("inner/\(name)".utf8),
                isDirectory: false
            )
            #expect(verdict.isIgnored == (output.status == 0), "\(name)")
        }
    }

    @Test func `take command-line patterns as git takes them`() throws {
        let folder = try Support.Folder()
        try Support.makeRepository(in: folder)
        try folder.write(Array("*.o\n".utf8), to: Array(".gitignore".utf8))
        let names = ["a.o", "keep.o", "#x", "x ", "x", "!x"]
        for name in names { try folder.write([], to: Array(name.utf8)) }
        let patterns = ["!keep.o", "#x", "x "]
        let listed = try Support.git(
            ["ls-files", "-z", "--others", "--exclude-standard"] + patterns.flatMap { ["-x", $0] },
            in: folder
        )
        let rules = IgnoreRules(commandLine: try IgnoreFile(patterns: patterns.map { Array($0.utf8) }))
            .pushing(try IgnoreFile(Array("*.o\n".utf8)), forDirectory: [])
        let kept = names.filter {
            !rules.verdict(name: Array($0.utf8), relativePath: Array($0.utf8), isDirectory: false).isIgnored
        }
        #expect(Set(listed.fields) == Set((kept + [".gitignore"]).map { Array($0.utf8) }))
    }
}
