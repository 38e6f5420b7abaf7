import BelayRules
import Testing

@Suite struct `An ignore pattern` {
    private static func matches(
        _ pattern: String,
        _ path: String,
        isDirectory: Bool = false,
        _ options: IgnoreOptions = IgnoreOptions()
    ) -> Bool {
        IgnorePattern(line: Array(pattern.utf8)[...], number: 1, options: options)?
            .matches(path: Array(path.utf8), isDirectory: isDirectory) ?? false
    }

    @Test(arguments: [
        ("foo", "foo", true), ("foo", "a/b/foo", true), ("foo", "foo/a", false), ("foo", "fo", false),
        ("f?o", "a/foo", true), ("f?o", "fo", false), ("*", "a/b", true), ("*.o", "a/b.o", true),
        ("*.o", ".o", true), ("*.o", "o", false), ("lib*", "x/library", true), ("lib*", "x/alib", false),
        ("a*b*c", "aXbYc", true), ("a*b*c", "aXcYb", false), ("**", "a/b", true), ("a**b", "x/aXYb", true),
        ("", "a", false), ("!", "a", false),
    ])
    func `without a slash looks at the name`(pattern: String, path: String, expected: Bool) {
        #expect(Self.matches(pattern, path) == expected)
    }

    @Test(arguments: [
        ("/foo", "foo", true), ("/foo", "a/foo", false), ("a/b", "a/b", true), ("a/b", "x/a/b", false),
        ("a/*", "a/b", true), ("a/*", "a/b/c", false), ("a/*/c", "a/b/c", true), ("a/*/c", "a/c", false),
        ("/*", "a", true), ("/*", "a/b", false), ("a?b/c", "a/b/c", false), ("a[/]b/c", "a/b/c", false),
        ("/*.o", "b.o", true), ("/*.o", "a/b.o", false), ("a//b", "a/b", false), ("//a", "a", false),
    ])
    func `with a slash at the start or inside looks at the path`(
        pattern: String,
        path: String,
        expected: Bool
    ) {
        #expect(Self.matches(pattern, path) == expected)
    }

    @Test(arguments: [
        ("**/foo", "foo", true), ("**/foo", "a/b/foo", true), ("**/foo", "afoo", false),
        ("**/a/b", "a/b", true), ("**/a/b", "x/y/a/b", true), ("**/a/b", "xa/b", false),
        ("a/**", "a/b", true), ("a/**", "a/b/c", true), ("a/**", "a", false), ("a/**", "ab/c", false),
        ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/b", "a/xb", false),
        ("a/**/**/b", "a/b", true), ("**/a/**/b", "x/a/y/b", true), ("a/***/b", "a/x/y/b", true),
        ("a/**b/c", "a/xb/c", true), ("a/**b/c", "a/x/b/c", false), ("a/b**/c", "a/bx/c", true),
        ("**/*.o", "a/b.o", true), ("**/lib*", "a/libx", true), ("**/**\\/b", "b", false),
        ("**/**\\/b", "a/b", true), ("x/**\\/b", "x/b", false), ("x/**\\/b", "x/y/b", true),
    ])
    func `reaches over directories with two stars as a component`(
        pattern: String,
        path: String,
        expected: Bool
    ) {
        #expect(Self.matches(pattern, path) == expected)
    }

    @Test(arguments: [("foo**/bar", "foobar"), ("foo**/bar", "foox/y/bar"), ("a/foo**", "a/foo/x/y")])
    func `treats two stars after its literal start as git did up to 2_51, if not told otherwise`(
        pattern: String,
        path: String
    ) {
        #expect(Self.matches(pattern, path))
        #expect(!Self.matches(pattern, path, IgnoreOptions(doubleStarNeedsSlash: true)))
        #expect(Self.matches("foo**/bar", "fooX/bar", IgnoreOptions(doubleStarNeedsSlash: true)))
    }

    @Test(arguments: [
        ("[abc]", "b", true), ("[abc]", "d", false), ("[a-c]x", "bx", true), ("[!a-c]x", "dx", true),
        ("[^a-c]x", "bx", false), ("[]]", "]", true), ("[]-a]", "^", true), ("[!]a]", "]", false),
        ("[a-]", "-", true), ("[-a]", "-", true), ("[\\]]", "]", true), ("[\\a-\\c]", "b", true),
        ("[z-a]", "b", false), ("[[]", "[", true), ("[[:digit:]a]", "5", true), ("[[:digit:]-z]", "-", true),
        ("[![:alpha:]]", "1", true), ("[[:x]", ":", true), ("[[:]", ":", true), ("[a", "a", false),
        ("[a", "[a", false), ("[[:alpha", "a", false), ("[[:word:]]", "a", false), ("[[::]x]", "x", false),
        ("[[:space:]]", "\u{B}", false), ("[[:space:]]", "\t", true), ("[[:punct:]]", "_", true),
        ("[[:cntrl:]]", "\u{7F}", true), ("[!a]", "\u{80}", false), ("[!a][!a]", "\u{80}", true),
    ])
    func `knows brackets, ranges and classes`(pattern: String, path: String, expected: Bool) {
        #expect(Self.matches(pattern, path) == expected)
    }

    @Test(arguments: [
        ("\\#a", "#a", true), ("#a", "#a", false), ("\\!a", "!a", true), ("a\\*", "a*", true),
        ("a\\*", "ab", false), ("a\\", "a", false), ("a\\", "a\\", false), ("a\\\\", "a\\", true),
        ("a ", "a", true), ("a\\ ", "a ", true), ("a\\  ", "a ", true), (" a", " a", true),
        ("a b  ", "a b", true),
        ("a\r", "a", true), ("a \r", "a", true), ("a\r ", "a\r", true), ("a\t", "a\t", true),
        ("a\\\r", "a\r", false),
        ("a\u{0}b", "a", true), ("a\\/b", "a/b", true),
    ])
    func `keeps to git's escapes, spaces and line ends`(pattern: String, path: String, expected: Bool) {
        #expect(Self.matches(pattern, path) == expected)
    }

    @Test(arguments: [
        ("a/", "a", true, true), ("a/", "a", false, false), ("a/", "x/a", true, true),
        ("/a/", "x/a", true, false),
        ("a\\/", "a", true, false), ("a\\/", "a\\", true, false), ("*/", "a", true, true),
        ("*/", "a", false, false),
        ("a//", "a", true, false), ("a**//", "a", true, true), ("**//", "a", true, false),
        ("/", "a", true, false),
    ])
    func `with a slash at the end is for directories`(
        pattern: String,
        path: String,
        isDirectory: Bool,
        expected: Bool
    ) {
        #expect(Self.matches(pattern, path, isDirectory: isDirectory) == expected)
    }

    @Test(arguments: [
        ("FOO", "foo", true), ("foo", "FOO", true), ("*.O", "a.o", true), ("A/B", "a/b", true),
        ("[A-C]x", "bX", true), ("[A]x", "ax", false), ("[a]x", "Ax", true), ("\\Ab?", "abc", false),
        ("\\ab?", "ABC", true), ("[[:upper:]]", "a", true), ("[[:lower:]]", "A", true), ("É", "é", false),
        ("Lib*", "LIBx", true), ("**/A*b?", "x/aXBY", true),
    ])
    func `folds letters as git does where the case is ignored`(pattern: String, path: String, expected: Bool)
    {
        #expect(Self.matches(pattern, path, IgnoreOptions(ignoresCase: true)) == expected)
    }

    @Test func `takes a time that grows slowly with hostile patterns`() {
        let stars = String(repeating: "*a", count: 200) + "b"
        let name = String(repeating: "a", count: 255)
        #expect(!Self.matches(stars, name))
        let deep = String(repeating: "a/", count: 1500) + "a"
        #expect(!Self.matches(String(repeating: "**/", count: 300) + "b[c]", deep))
        #expect(!Self.matches(String(repeating: "**/*a*/", count: 300) + "bc", deep))
        #expect(!Self.matches(String(repeating: "**/a/*a*/*/", count: 300) + "b[c]", deep))
        #expect(!Self.matches("/" + String(repeating: "*/", count: 1000) + "[b]", deep))
    }

    @Test func `says what git says of its text`() throws {
        let pattern = try #require(IgnorePattern(line: Array("!/a b/ ".utf8)[...], number: 3))
        #expect(pattern.text == Array("!/a b/".utf8))
        #expect(pattern.isNegated && pattern.isDirectoryOnly && pattern.line == 3)
        #expect(IgnorePattern(line: Array("# x".utf8)[...], number: 1) == nil)
        #expect(IgnorePattern(line: [], number: 1) == nil)
    }
}
