import BelayRules
import Testing

@Suite(.enabled(if: IgnoreTesting.git != nil, "git is not installed"))
struct `The index of git` {
    private typealias Support = IgnoreTesting

    private static let paths = [
        "a.b", "a/b", "a/c/d", "a0", "b/long/" + String(repeating: "x", count: 5000), "é",
    ]

    /// An index with `paths`, written by git.
    private static func index(
        _ paths: [String],
        version: Int,
        hash: String = "sha1",
        then commands: [[String]] = []
    ) throws -> [UInt8] {
        let folder = try Support.Folder()
        _ = try Support.git(["init", "-q", "--object-format=\(hash)", "."], in: folder)
        let configuration = ["-c", "index.version=\(version)", "-c", "core.protectNTFS=false"]
        let object = String(repeating: "12", count: hash == "sha1" ? 20 : 32)
        _ = try Support.git(
            configuration + ["update-index", "-z", "--index-info"],
            in: folder,
            input: paths.flatMap { Array("100644 \(object)\t\($0)".utf8) + [0] }
        )
        for command in commands { _ = try Support.git(configuration + command, in: folder) }
        return try folder.read(".git/index")
    }

    @Test(arguments: [2, 3, 4], ["sha1", "sha256"])
    func `lists what git put into it`(version: Int, hash: String) throws {
        let mark = version == 3 ? [["update-index", "--skip-worktree", "a/b"]] : []
        let bytes = try Self.index(Self.paths, version: version, hash: hash, then: mark)
        #expect(Int(bytes[7]) == version)
        let index = try GitIndex(bytes, hashByteCount: hash == "sha1" ? 20 : 32)
        #expect(
            (0..<index.count).map { String(decoding: index.path(at: $0), as: UTF8.self) }
                == Self.paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        )
        for path in Self.paths { #expect(index.isTracked(Array(path.utf8))) }
        for path in ["", "a", "a/", "a/c", "A", "z", "a/b/c"] { #expect(!index.isTracked(Array(path.utf8))) }
        for path in ["", "a", "a/c", "b", "b/long"] { #expect(index.hasTrackedBelow(Array(path.utf8))) }
        for path in ["a/b", "a.b", "a0", "c", "b/lon", "é", "A"] {
            #expect(!index.hasTrackedBelow(Array(path.utf8)))
        }
        let below = Array("a".utf8).withUnsafeBufferPointer { index.positions(below: $0) }
        #expect(below.map { String(decoding: index.path(at: $0), as: UTF8.self) } == ["a/b", "a/c/d"])
    }

    @Test func `takes any case where the case is ignored`() throws {
        let bytes = try Self.index(["Zeta/File", "alpha", "zeta/other"], version: 2)
        let index = try GitIndex(bytes, ignoresCase: true)
        #expect(index.count == 3)
        #expect(index.isTracked(Array("ZETA/file".utf8)) && index.isTracked(Array("Alpha".utf8)))
        #expect(index.hasTrackedBelow(Array("zetA".utf8)) && !index.hasTrackedBelow(Array("zet".utf8)))
    }

    @Test func `keeps one path of a conflict`() throws {
        let folder = try Support.Folder()
        _ = try Support.git(["init", "-q", "."], in: folder)
        let object = String(repeating: "34", count: 20)
        let lines = (1...3).map { "100644 \(object) \($0)\tboth\n" }.joined()
        _ = try Support.git(["update-index", "--index-info"], in: folder, input: Array(lines.utf8))
        let index = try GitIndex(try folder.read(".git/index"))
        #expect(index.count == 1 && index.isTracked(Array("both".utf8)))
    }

    @Test(arguments: [2, 4]) func `is read together with the one it changes`(version: Int) throws {
        let folder = try Support.Folder()
        _ = try Support.git(["init", "-q", "."], in: folder)
        for name in ["a/1", "a/2", "b", "z"] { try folder.write([], to: Array(name.utf8)) }
        let configuration = [
            "-c", "index.version=\(version)", "-c", "splitIndex.maxPercentChange=100",
        ]
        _ = try Support.git(configuration + ["add", "a", "b"], in: folder)
        _ = try Support.git(configuration + ["update-index", "--split-index"], in: folder)
        _ = try Support.git(configuration + ["add", "z"], in: folder)
        try folder.write([0x31], to: Array("a/2".utf8))
        _ = try Support.git(configuration + ["update-index", "a/2"], in: folder)
        let bytes = try folder.read(".git/index")
        var asked: [String] = []
        let index = try GitIndex(bytes) { name in
            asked.append(name)
            // What is not there is for the index to tell.
            return try? folder.read(".git/\(name)")
        }
        #expect(asked.count == 1)
        let paths = (0..<index.count).map { String(decoding: index.path(at: $0), as: UTF8.self) }
        #expect(paths == ["a/1", "a/2", "b", "z"])
        #expect(throws: GitIndexError.missingSharedIndex(asked[0])) { try GitIndex(bytes) }
    }

    @Test(arguments: [false, true]) func `may have directories that stand for all in them`(
        ignoresCase: Bool
    ) throws {
        let folder = try Support.Folder()
        _ = try Support.git(["init", "-q", "."], in: folder)
        for name in ["in/a", "out/b", "out/deep/d", "c"] { try folder.write([], to: Array(name.utf8)) }
        _ = try Support.git(["add", "."], in: folder)
        _ = try Support.git(
            ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", "m"],
            in: folder
        )
        _ = try Support.git(["sparse-checkout", "set", "--cone", "--sparse-index", "in"], in: folder)
        let index = try GitIndex(try folder.read(".git/index"), ignoresCase: ignoresCase)
        for path in ["in/a", "c", "out/b", "out/deep/d"] { #expect(index.isTracked(Array(path.utf8))) }
        for path in ["in/b", "out", "ou", "outer/b"] { #expect(!index.isTracked(Array(path.utf8))) }
        for path in ["", "in", "out", "out/deep"] { #expect(index.hasTrackedBelow(Array(path.utf8))) }
        for path in ["c", "ou", "outer"] { #expect(!index.hasTrackedBelow(Array(path.utf8))) }
    }

    @Test(arguments: [2, 4])
    func `is refused, never trusted, when cut off anywhere`(version: Int) throws {
        let bytes = try Self.index(["a/b", "a/bc", "c"], version: version)
        for count in bytes.indices {
            #expect(throws: GitIndexError.self) { try GitIndex(Array(bytes[..<count])) }
        }
        #expect(throws: GitIndexError.self) { try GitIndex(bytes, hashByteCount: 32) }
        #expect(throws: GitIndexError.notAnIndex) { try GitIndex([]) }
        #expect(throws: GitIndexError.unsupportedVersion(5)) {
            try GitIndex([0x44, 0x49, 0x52, 0x43, 0, 0, 0, 5] + [UInt8](repeating: 0, count: 24))
        }
    }

    @Test(arguments: [2, 3, 4])
    func `survives any damage`(version: Int) throws {
        let bytes = try Self.index(["a/b", "a/bc", "c", "dd/ee"], version: version)
        for seed in 0..<3000 as Range<UInt64> {
            var random = IgnoreTesting.Randomness(seed: seed)
            var damaged = bytes
            for _ in 0...random.below(3) {
                damaged[random.below(damaged.count)] = random.pick([
                    0, 1, 0x7F, 0x80, 0xFF, UInt8(random.below(256)),
                ])
            }
            // Whatever comes out, it must come out: not every damage shows.
            _ = try? GitIndex(damaged)
        }
    }

    @Test func `does not expand without bound`() {
        // Version 4: every entry repeats all of the one before and adds one byte.
        func index(_ count: Int) -> [UInt8] {
            var bytes: [UInt8] = [
                0x44, 0x49, 0x52, 0x43, 0, 0, 0, 4, 0, 0, UInt8(count >> 8), UInt8(count & 0xFF),
            ]
            for number in 0..<count {
                let length = UInt16(min(number + 1, 0xFFF))
                bytes += [UInt8](repeating: 0, count: 60)
                bytes += [UInt8(length >> 8), UInt8(length & 0xFF), 0, 0x61, 0]
            }
            return bytes + [UInt8](repeating: 0, count: 20)
        }
        #expect(throws: Never.self) { try GitIndex(index(1000), pathsByteCountMaximum: 500_500) }
        #expect(throws: GitIndexError.tooLarge) { try GitIndex(index(1000), pathsByteCountMaximum: 500_499) }
    }
}
