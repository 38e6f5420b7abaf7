import BelayRules
import Testing

@Suite struct `Ignore rules` {
    private static func file(_ text: String, _ options: IgnoreOptions = IgnoreOptions()) throws -> IgnoreFile
    {
        try IgnoreFile(Array(text.utf8), options: options)
    }

    private static func verdict(
        _ rules: IgnoreRules,
        _ path: String,
        isDirectory: Bool = false
    ) -> IgnoreVerdict {
        let bytes = Array(path.utf8)
        let name = Array(bytes[((bytes.lastIndex(of: 0x2F) ?? -1) + 1)...])
        return rules.verdict(name: name, relativePath: bytes, isDirectory: isDirectory)
    }

    @Test func `let the last match in the deepest file decide`() throws {
        let rules = IgnoreRules(
            commandLine: try Self.file("!never.txt\n"),
            infoExclude: try Self.file("*.tmp\n"),
            globalExcludes: try Self.file("*.tmp\n!*.log\n*.bak\n")
        )
        .pushing(try Self.file("*.log\n!*.tmp\nnever.txt\n"), forDirectory: [])
        let deep = rules.pushing(try Self.file("!keep.log\n\n# no\nx.tmp\n"), forDirectory: Array("sub".utf8))
        #expect(Self.verdict(rules, "a.log").isIgnored)
        #expect(!Self.verdict(rules, "a.tmp").isIgnored)
        #expect(Self.verdict(rules, "a.bak").isIgnored)
        #expect(!Self.verdict(rules, "never.txt").isIgnored)
        #expect(!Self.verdict(deep, "sub/keep.log").isIgnored)
        #expect(Self.verdict(deep, "sub/other.log").isIgnored)
        #expect(Self.verdict(rules, "keep.log").isIgnored, "a file does not reach upwards")
        let explanation = deep.explanation(of: Self.verdict(deep, "sub/x.tmp"))
        #expect(explanation?.source == .directory(Array("sub".utf8)))
        #expect(explanation?.line == 4 && explanation?.text == Array("x.tmp".utf8))
        #expect(deep.explanation(of: Self.verdict(deep, "sub/never.txt"))?.source == .commandLine)
        #expect(deep.explanation(of: Self.verdict(deep, "sub/plain")) == nil)
        #expect(!Self.verdict(deep, "sub/plain").isDecided)
    }

    @Test func `see paths as the directory of each file sees them`() throws {
        let rules = IgnoreRules(globalExcludes: try Self.file("/top\nx/y\n"))
            .pushing(try Self.file("/gen\nb/c\n"), forDirectory: Array("a".utf8))
        #expect(Self.verdict(rules, "a/gen").isIgnored)
        #expect(!Self.verdict(rules, "a/z/gen").isIgnored)
        #expect(Self.verdict(rules, "a/b/c").isIgnored)
        #expect(!Self.verdict(rules, "a/top").isIgnored)
        #expect(!Self.verdict(rules, "a/x/y").isIgnored)
    }

    @Test func `keep everything below an ignored directory ignored`() throws {
        let rules = IgnoreRules().pushing(try Self.file("build/\n!keep\n"), forDirectory: [])
        let directory = Self.verdict(rules, "build", isDirectory: true)
        #expect(directory.isIgnored)
        let inside = rules.everythingIgnored(by: directory)
            .pushing(try Self.file("!*\n"), forDirectory: Array("build".utf8))
        let verdict = Self.verdict(inside, "build/keep")
        #expect(verdict.isIgnored)
        #expect(inside.explanation(of: verdict)?.line == 1)
        #expect(inside.fingerprint != rules.fingerprint)
    }

    @Test func `start anew in a repository inside another`() throws {
        let rules = IgnoreRules(
            commandLine: try Self.file("/in/forced\n"),
            infoExclude: try Self.file("*.info\n"),
            globalExcludes: try Self.file("*.swp\n/anchored\n")
        )
        .pushing(try Self.file("*.o\n"), forDirectory: [])
        let inner = rules.enteringRepository(at: Array("in".utf8), infoExclude: try Self.file("/secret\n"))
        #expect(!Self.verdict(inner, "in/a.o").isIgnored)
        #expect(!Self.verdict(inner, "in/a.info").isIgnored)
        #expect(Self.verdict(inner, "in/a.swp").isIgnored)
        #expect(Self.verdict(inner, "in/anchored").isIgnored)
        #expect(Self.verdict(inner, "in/secret").isIgnored)
        #expect(Self.verdict(inner, "in/forced").isIgnored)
    }

    @Test func `have a fingerprint that changes with what they say and with nothing else`() throws {
        let first = try Self.file("*.o\n")
        let same = try Self.file("*.o\n")
        let rules = IgnoreRules(infoExclude: first)
        #expect(rules.fingerprint == IgnoreRules(infoExclude: same).fingerprint)
        #expect(
            rules.fingerprint == rules.pushing(try Self.file("# nothing\n"), forDirectory: []).fingerprint
        )
        var seen: Set<UInt64> = [rules.fingerprint, IgnoreRules().fingerprint]
        func isNew(_ rules: IgnoreRules) -> Bool { seen.insert(rules.fingerprint).inserted }
        #expect(isNew(IgnoreRules(globalExcludes: first)))
        #expect(isNew(IgnoreRules(infoExclude: try Self.file("*.p\n"))))
        #expect(isNew(rules.pushing(first, forDirectory: [])))
        #expect(isNew(rules.pushing(first, forDirectory: [0x61])))
        #expect(isNew(rules.pushing(first, forDirectory: []).pushing(first, forDirectory: [0x61])))
        let folding = IgnoreOptions(ignoresCase: true)
        #expect(isNew(IgnoreRules(options: folding, infoExclude: try Self.file("*.o\n", folding))))
        // The value is part of caches on disk, so it may not depend on the run.
        #expect(IgnoreRules().fingerprint == 0xEFD0_1F60_BA99_2926)
    }

    @Test func `find the same pattern as asking one by one, whatever its kind`() throws {
        for seed in 1...30 as ClosedRange<UInt64> {
            var random = IgnoreRandomTrees(seed: seed)
            random.hasCases = seed.isMultiple(of: 2)
            let options = IgnoreOptions(ignoresCase: random.hasCases)
            let paths = (0..<100).map { _ in random.path(depth: 4) }
            let file = try IgnoreFile(random.ignoreFile(about: paths, lines: 80), options: options)
            for path in paths {
                let isDirectory = random.randomness.chance(50)
                let slow = file.patterns.last { $0.matches(path: path, isDirectory: isDirectory) }
                let fast = file.lastMatch(path: path, isDirectory: isDirectory)
                #expect(fast?.line == slow?.line, "seed \(seed): \(IgnoreTesting.show(path))")
            }
        }
    }

    @Test func `refuse text beyond the limits`() {
        #expect(throws: IgnoreFileError.tooLarge(byteCount: IgnoreFile.byteCountMaximum + 1)) {
            try IgnoreFile([UInt8](repeating: 0x0A, count: IgnoreFile.byteCountMaximum + 1))
        }
        #expect(throws: IgnoreFileError.lineTooLong(line: 2)) {
            try IgnoreFile([0x0A] + [UInt8](repeating: 0x61, count: IgnoreFile.lineByteCountMaximum + 1))
        }
    }

    @Test func `count lines and skip a byte order mark as git does`() throws {
        let file = try IgnoreFile([0xEF, 0xBB, 0xBF] + Array("a\r\n\r\n#c\nb".utf8))
        #expect(file.patterns.map(\.text) == [Array("a".utf8), [], Array("b".utf8)])
        #expect(file.patterns.map(\.line) == [1, 2, 4])
        #expect(file.lastMatch(path: Array("x/b".utf8), isDirectory: false)?.line == 4)
    }
}
