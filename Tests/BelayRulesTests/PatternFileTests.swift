import BelayRules
import Testing

@Suite struct `A file of patterns` {
    @Test(arguments: [
        ("a\n  b c \r\n\n# no\n  #neither\nd#e", ["a", "b c", "d#e"]),
        ("\u{FEFF}a\n", ["a"]),
        ("$HOME/x\n${HOME}y\n$HOME.z", ["/home/ada/x", "/home/aday", "/home/ada.z"]),
        ("$$x\n${$}\n$1$\n$.\n${}a\n${HOME", ["$x", "$", "$", "$.", "a", "HOME"]),
        ("$NOTHING/*", ["/*"]),
        ("", []), ("\n\n", []),
    ])
    func `is read as restic reads it`(text: String, patterns: [String]) {
        #expect(PatternFile.patterns(in: text) { $0 == "HOME" ? "/home/ada" : nil } == patterns)
    }
}
