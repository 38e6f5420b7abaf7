import BelayRules
import Testing

@Suite struct `A pattern to find` {
    private func fits(_ pattern: String, _ path: String, ignoresCase: Bool = false) throws -> Bool {
        let pattern = try #require(PathPattern(Array(pattern.utf8), ignoresCase: ignoresCase))
        var parts = path.split(separator: "/").map { Array($0.utf8) }
        let name = parts.removeLast()
        return pattern.matches(name, parts.reduce(pattern.start) { pattern.entering($1, $0) })
    }

    @Test(arguments: [
        ("a.txt", "a.txt", true), ("a.txt", "deep/down/a.txt", true), ("*.txt", "x/b.txt", true),
        ("*.txt", "x/b.md", false), ("b", "b/c", false), ("?.c", "é.c", true), ("[a-c]1", "b1", true),
        ("\\*", "*", true), ("\\*", "x", false),
    ])
    func `without a slash is about names`(pattern: String, path: String, expected: Bool) throws {
        #expect(try fits(pattern, path) == expected)
    }

    @Test(arguments: [
        ("src/*.c", "src/main.c", true), ("src/*.c", "lib/src/main.c", true),
        ("src/*.c", "src/deep/main.c", false),
        ("/src/*.c", "src/main.c", true), ("/src/*.c", "lib/src/main.c", false), ("src/**/x", "src/x", true),
        ("src/**/x", "src/a/b/x", true), ("src/**/x", "other/a/x", false), ("**/x", "x", true),
        ("/**/x", "a/b/x", true), ("a/b", "a/b/c", false), ("a/b", "b", false), ("/a", "a", true),
        ("/a", "b/a", false),
        ("a/**", "a/b/c", true), ("a/**/b/**/c", "a/x/b/y/b/z/c", true), ("a/**/b/**/c", "a/x/y/z/c", false),
        ("src/", "src", true),
    ])
    func `with a slash is about the end of paths, or about whole ones`(
        pattern: String,
        path: String,
        expected: Bool
    ) throws {
        #expect(try fits(pattern, path) == expected)
    }

    @Test func `overlooks the case of letters if told so`() throws {
        #expect(try fits("README*", "docs/readme.MD", ignoresCase: true))
        #expect(try !fits("README*", "docs/readme.MD"))
        #expect(try fits("Größe", "GRÖSSE", ignoresCase: true) == false)
        #expect(try fits("Größe", "GRÖßE", ignoresCase: true))
    }

    @Test(arguments: ["", "/", "[a", "a/[", "x\\"])
    func `is none if it says nothing or is not well formed`(text: String) {
        #expect(PathPattern(Array(text.utf8)) == nil)
    }
}
