import BelayRules
import Testing

@Suite struct `Backup excludes` {
    private static func excludes(_ patterns: [String], _ path: String) throws -> Bool {
        try BackupExcludes(patterns.map { Array($0.utf8) }).excludes(Array(path.utf8))
    }

    @Test(arguments: [
        ("foo", "/a/foo", true), ("foo", "/foo/b/c", true), ("foo", "/a/foob", false),
        ("*.o", "/a/b.o", true),
        ("*.o", "/x.o/b", true), ("a/b", "/x/a/b/y", true), ("a/b", "/x/a/y/b", false), ("/a", "/a/b", true),
        ("/a", "/b/a", false), ("/a/*/c", "/a/b/c/d", true), ("/a/*", "/a", false),
        ("a/**/c", "/x/a/c", true),
        ("a/**/c", "/x/a/y/z/c/w", true), ("**/c", "/c", true), ("/**/c", "/a/b/c", true),
        ("a/**", "/x/a/b", true),
        ("a/**", "/x/a", true), ("/", "/x", true), (".", "/x", false), ("./a", "/x/a", true),
        ("a/", "/x/a", true),
        ("a//b/../c", "/a/c", true), ("../a", "/a", false), ("/../a", "/a", true), ("**", "/a", true),
        ("[a-c]?", "/bx", true), ("[^a-c]x", "/dx", true), ("[^a-c]x", "/ax", false), ("\\*", "/*", true),
        ("\\*", "/a", false), ("f?", "/fé", true), ("[é]", "/é", true), ("", "/a", false),
        ("!a", "/a", false),
        ("a**b", "/aXb", true), ("[z-a]", "/b", false), ("*?", "/é", true), ("??", "/é", false),
        // What restic loses: two `**` from the root, of which none may stand for nothing at the end of the
        // path.
        ("/a/**/b/**/c", "/a/b/c", false), ("/a/**/b/**/c", "/a/b/c/d", true),
        ("a/**/b/**/c", "/a/b/c", true),
        ("a/**/b/**/c/**/d", "/a/b/c/d", false), ("a/**/b/**/c/**/d", "/a/b/c/d/e", true),
    ])
    func `mean what they mean to restic`(pattern: String, path: String, expected: Bool) throws {
        #expect(try Self.excludes([pattern], path) == expected)
    }

    @Test func `let the last pattern that matches decide`() throws {
        #expect(try !Self.excludes(["*.o", "!keep.o"], "/a/keep.o"))
        #expect(try Self.excludes(["*.o", "!keep.o", "keep*"], "/a/keep.o"))
        #expect(try Self.excludes(["!keep.o", "*.o"], "/a/keep.o"))
    }

    @Test func `ignore the case where asked`() throws {
        let excludes = try BackupExcludes([], ignoringCase: ["*.JPG", "Ä*"].map { Array($0.utf8) })
        #expect(excludes.excludes(Array("/a/x.jpg".utf8)) && excludes.excludes(Array("/a/X.Jpg".utf8)))
        #expect(excludes.excludes(Array("/äx".utf8)) && !excludes.excludes(Array("/a/jpg".utf8)))
        #expect(try !Self.excludes(["*.JPG"], "/a.jpg"))
    }

    @Test(arguments: ["[", "[a", "[]a]", "[a-]", "[-a]", "a\\", "a\\/b", "x/[a", "[^]", "[a\\"])
    func `are refused where restic refuses them`(pattern: String) {
        #expect(throws: BackupExcludesError.invalidPattern(Array(pattern.utf8))) {
            try BackupExcludes([Array(pattern.utf8)])
        }
    }

    @Test func `take a time that grows slowly with hostile patterns`() throws {
        let path = "/" + String(repeating: "a/", count: 2000) + "a"
        #expect(try !Self.excludes([String(repeating: "**/a/", count: 200) + "b"], path))
        let name = "/" + String(repeating: "a", count: 255)
        #expect(try !Self.excludes([String(repeating: "*a", count: 200) + "b"], name))
    }

    @Test func `have a fingerprint`() throws {
        let first = try BackupExcludes([[0x61]]).fingerprint
        #expect(try BackupExcludes([[0x61]]).fingerprint == first)
        #expect(try BackupExcludes([], ignoringCase: [[0x61]]).fingerprint != first)
        #expect(try BackupExcludes([[0x61], [0x62]]).fingerprint != first)
    }

    @Test func `know markers of directories that are not to be stored`() throws {
        let cache = ExcludeMarker.cacheDirectory
        let signature = Array("Signature: 8a477f597d28d172789f06886806bc55".utf8)
        #expect(cache.fileName == Array("CACHEDIR.TAG".utf8) && cache.byteCount == 43)
        #expect(cache.excludesDirectory(contents: signature + [0x0A]))
        #expect(!cache.excludesDirectory(contents: signature.dropLast()))
        let plain = try ExcludeMarker(Array(".nobackup".utf8))
        #expect(plain.excludesDirectory(contents: []) && plain.byteCount == 0)
        let header = try ExcludeMarker(Array("tag:a:b".utf8))
        #expect(header.header == Array("a:b".utf8) && !header.excludesDirectory(contents: Array("a:".utf8)))
        #expect(Array("tag".utf8).withUnsafeBufferPointer { !header.excludes($0) })
        #expect(Array("other".utf8).withUnsafeBufferPointer { header.excludes($0) })
        for text in ["", ":x"] {
            #expect(throws: BackupExcludesError.markerWithoutName) { try ExcludeMarker(Array(text.utf8)) }
        }
    }
}
