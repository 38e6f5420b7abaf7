import BelayRules
import Testing

@Suite struct `The text of a git configuration` {
    private static func settings(_ text: String) throws -> [GitConfigText.Setting] {
        try GitConfigText(Array(text.utf8)).settings
    }

    @Test func `yields what decides how a working tree is read, in order`() throws {
        let text = """
            \u{FEFF}# comment
            [core] excludesFile = "~/a b" ; the rest
            \tignorecase
            \tworkTree=../x\\\\y\\
             z # comment
            [include]
            \tpath = other.inc
            [includeIf "gitdir:~/W\\"ork/"]
            path=w
            [Extensions]
            \tobjectFormat = sha256
            [core "sub"] excludesfile = no
            [other] ignorecase = true
            [core] ignoreCase = off
            """
        #expect(
            try Self.settings(text) == [
                .excludesFile(Array("~/a b".utf8)), .ignoreCase(true), .worktree(Array("../x\\y z".utf8)),
                .include(path: Array("other.inc".utf8), condition: nil),
                .include(path: Array("w".utf8), condition: Array("gitdir:~/W\"ork/".utf8)),
                .objectFormat(Array("sha256".utf8)), .ignoreCase(false),
            ]
        )
    }

    @Test(arguments: [
        ("[core", 1), ("\n[core]\nx = \"a\n", 3), ("[a]\nb = \\q", 2), ("[a \"x]\n", 1), ("[a]\n1b", 2),
        ("[a]b c", 1),
        ("[a x]", 1), ("[a_b]", 1), ("x\n\n]", 3),
    ])
    func `is refused at the line where git stops`(text: String, line: Int) {
        let error = #expect(throws: GitConfigError.self) { try GitConfigText(Array(text.utf8)) }
        #expect(error?.line == line)
    }

    @Test(arguments: [
        ("yes", true), ("ON", true), ("1", true), ("-2", true), ("2k", true), ("no", false), ("", false),
        ("0", false),
        ("x", nil), ("1x", nil),
    ])
    func `knows git's words for true and false`(word: String, expected: Bool?) {
        #expect(GitConfigText.truth(Array(word.utf8)) == expected)
    }

    @Test(.enabled(if: IgnoreTesting.git != nil, "git is not installed"))
    func `is read as git reads it, or refused as git refuses it`() throws {
        let folder = try IgnoreTesting.Folder()
        let pieces = [
            "[core]", "[a \"B c\"]", "[x.Y]", "[a \"\\\"\\\\q\"]\n", "\n", "\n", "\n", "key", "Key-2", " = ",
            "=", "value", "\"",
            "\\\"", "\\\\", "\\n", "\\t", "\\\n", " ", "  ", "#c", ";", "é", "]", "a=b\n",
            "\nq = \" x \" y  \n", "\r\n", "\r",
            "[core] k\n", "\nw = z\\", "'", "\nn = 1 2  3 # x\n",
        ]
        for seed in 1...250 as ClosedRange<UInt64> {
            var random = IgnoreTesting.Randomness(seed: seed)
            var text = random.chance(10) ? "\u{FEFF}" : ""
            text += random.chance(90) ? "[core]\n" : ""
            for _ in 0..<(2 + random.below(14)) { text += random.pick(pieces) }
            try folder.write(Array(text.utf8), to: Array("config".utf8))
            let output = try IgnoreTesting.git(
                ["config", "-f", "config", "--list", "-z"],
                in: folder,
                mayFail: true
            )
            if output.status == 0 {
                let listed = output.fields.map { IgnoreTesting.show($0) }
                let found = try GitConfigText(Array(text.utf8)).entries.map { entry in
                    IgnoreTesting.show(entry.name + (entry.value.map { [0x0A] + $0 } ?? []))
                }
                #expect(found == listed, "seed \(seed): \(text.debugDescription)")
            } else {
                let error = #expect(throws: GitConfigError.self, "seed \(seed): \(text.debugDescription)") {
                    try GitConfigText(Array(text.utf8))
                }
                if let error {
                    #expect(
                        output.standardError.contains("config line \(error.line) in"),
                        "seed \(seed): \(text.debugDescription) \(output.standardError)"
                    )
                }
            }
        }
    }
}
