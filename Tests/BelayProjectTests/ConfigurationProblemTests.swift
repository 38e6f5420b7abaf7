import BelayCore
import BelayProject
import Testing

private func problems(_ text: String) -> String {
    do {
        _ = try ProjectConfiguration(parsing: text, environment: [:])
        return "none"
    } catch {
        return error.description
    }
}

@Suite struct `A mistake in a belay.yaml` {
    /// What is written, and the whole message.
    static let table: [(String, String)] = [
        (
            "a\n",
            "belay.yaml:1:1: expected a mapping with the keys `project`, `repository`, `replicas`, `components`, `exclude`, `gitignore`, `include`, `databases`, `captures`, `services`, `checks`, `retention`, `schedule` and `notify`, found text"
        ),
        ("\n\n\ncomponets: {}", "belay.yaml:4:1: unknown key `componets`; did you mean `components`?"),
        ("zzzzzzzzzz: 1", "belay.yaml:1:1: unknown key `zzzzzzzzzz`"),
        (
            "gitignore: respct",
            "belay.yaml:1:12: gitignore: expected `respect` or `ignore`, found `respct`; did you mean `respect`?"
        ),
        ("gitignore: [ignore]", "belay.yaml:1:12: gitignore: expected a text, found a list"),
        (
            "exclude: '*.tmp'",
            "belay.yaml:1:10: exclude: expected a list of patterns, such as `[one, two]`, found text"
        ),
        ("exclude: ['']", "belay.yaml:1:11: exclude[0]: expected a text, found an empty one"),
        ("exclude: [a, ~]", "belay.yaml:1:14: exclude[1]: expected a text, found nothing"),
        (
            "exclude:\n  - '*.tmp'\n  - 'a['",
            "belay.yaml:3:5: exclude[1]: nothing can match this pattern: a bracket is not closed or names an unknown class, or nothing follows a backslash, found `a[`; put a backslash before what stands for itself"
        ),
        (
            "components: { a: { paths: [x], exclude: ['b\\'] } }",
            "belay.yaml:1:42: components.a.exclude[0]: nothing can match this pattern: a bracket is not closed or names an unknown class, or nothing follows a backslash, found `b\\`; put a backslash before what stands for itself"
        ),
        ("exclude: [{a: b}]", "belay.yaml:1:11: exclude[0]: expected a text, found a mapping"),
        (
            "components: [a]",
            "belay.yaml:1:13: components: expected a mapping from names to components, found a list"
        ),
        (
            "components: { a: { path: [x] } }",
            "belay.yaml:1:18: components.a: expected `paths`, a list of paths in the project\nbelay.yaml:1:20: components.a: unknown key `path`; did you mean `paths`?"
        ),
        (
            "components: { a: { paths: [/etc] } }",
            "belay.yaml:1:28: components.a.paths[0]: expected a path inside the project, without `..` and a slash at the start"
        ),
        (
            "components: { a: { paths: [b/../..] } }",
            "belay.yaml:1:28: components.a.paths[0]: expected a path inside the project, without `..` and a slash at the start"
        ),
        (
            "components: { a: { paths: [] } }",
            "belay.yaml:1:27: components.a.paths: expected at least one path"
        ),
        (
            "components: { 'a b': { paths: [x] } }",
            "belay.yaml:1:15: components: a name has 1 to 64 letters, digits, `.`, `_` or `-`, and begins with a letter or digit"
        ),
        (
            "components: { a: { paths: [x] } }\ncaptures: { a: { run: x } }",
            "belay.yaml:2:11: captures: the capture `a` has the name of a component, and parts are named alone (`--only a`)"
        ),
        (
            "project: 'a,b'",
            "belay.yaml:1:10: project: a project's name has at most 100 characters, no comma, and no space at its ends"
        ),
        (
            "repository: s4:x",
            "belay.yaml:1:13: repository: this does not name a repository: unknown scheme `s4:`; did you mean `s3:`?"
        ),
        (
            "replicas: ['rest:']",
            "belay.yaml:1:12: replicas[0]: this does not name a repository: nothing follows `rest:`"
        ),
        (
            "databases: { a: {} }",
            "belay.yaml:1:17: databases.a: expected one of `sqlite`, `postgres`, `mariadb`, `mysql`, `redis`, `json` or `dump`"
        ),
        (
            "databases: { a: { sqlite: x, json: y } }",
            "belay.yaml:1:17: databases.a: expected one of `sqlite`, `postgres`, `mariadb`, `mysql`, `redis`, `json` or `dump`"
        ),
        (
            "databases: { a: { sqlite: x, restore: y } }",
            "belay.yaml:1:39: databases.a.restore: `restore` only goes with `dump`"
        ),
        (
            "databases: { a: postgres://u:hunter2@h/d }",
            "belay.yaml:1:17: databases.a: expected a mapping with the keys `sqlite`, `postgres`, `mariadb`, `mysql`, `redis`, `json`, `dump`, `restore`, `required` and `keep_replaced`, found text"
        ),
        (
            "databases: { a: { 'postgres://u:hunter2@h/d' } }",
            "belay.yaml:1:17: databases.a: expected one of `sqlite`, `postgres`, `mariadb`, `mysql`, `redis`, `json` or `dump`\nbelay.yaml:1:19: databases.a: unknown key that is not a word"
        ),
        ("captures: { a: { restore: x } }", "belay.yaml:1:16: captures.a: expected `run`, a command"),
        ("services: { a: { start: x } }", "belay.yaml:1:16: services.a: expected `stop`, a command"),
        (
            "checks: { a: { run: x, timeout: 2 } }",
            "belay.yaml:1:33: checks.a.timeout: expected a duration such as `90s`, `15m`, `2h` or `30d`, found `2`"
        ),
        (
            "checks: { a: { run: x, timeout: 0s } }",
            "belay.yaml:1:33: checks.a.timeout: expected a duration such as `90s`, `15m`, `2h` or `30d`, found `0s`"
        ),
        (
            "retention: { keep_last: many }",
            "belay.yaml:1:25: retention.keep_last: expected a whole number from 1 to 1000000, found `many`"
        ),
        (
            "retention: { keep_last: -1 }",
            "belay.yaml:1:25: retention.keep_last: expected a whole number from 1 to 1000000, found `-1`"
        ),
        (
            "retention: { keep_last: 0 }",
            "belay.yaml:1:25: retention.keep_last: expected a whole number from 1 to 1000000, found `0`"
        ),
        (
            "retention: { keep_last: 99999999999999999999999 }",
            "belay.yaml:1:25: retention.keep_last: expected a whole number from 1 to 1000000, found `99999999999999999999999`"
        ),
        (
            "retention: { keep_within: 15m }",
            "belay.yaml:1:27: retention.keep_within: expected a time such as `12h`, `30d`, `8w` or `1y`, found `15m`"
        ),
        (
            "retention: { keep-last: 3 }",
            "belay.yaml:1:14: retention: unknown key `keep-last`; did you mean `keep_last`?"
        ),
        (
            "schedule: { bakup: daily }",
            "belay.yaml:1:13: schedule: unknown key `bakup`; did you mean `backup`?"
        ),
        (
            "notify: { webhook: x }",
            "belay.yaml:1:9: notify: expected a list of notifications, such as `[one, two]`, found a mapping"
        ),
        (
            "notify: [{ webhook: x }]",
            "belay.yaml:1:10: notify[0]: expected `on`, a list of events such as `[failure]`"
        ),
        (
            "notify: [{ smtp: x, on: [all] }]",
            "belay.yaml:1:10: notify[0]: expected `to`, the address that mail goes to"
        ),
        (
            "notify: [{ command: x, to: y, on: [all] }]",
            "belay.yaml:1:28: notify[0].to: `to` only goes with `smtp`"
        ),
        (
            "notify: [{ on: [all] }]",
            "belay.yaml:1:10: notify[0]: expected one of `webhook`, `smtp` or `command`"
        ),
        (
            "exclude: [*.tmp]",
            "belay.yaml:1:12: this is not YAML: did not find expected alphabetic or numeric character; text that begins with `*` or `&` needs quotes"
        ),
        (
            "exclude: [*tmp]",
            "belay.yaml:1:11: this is not YAML: found undefined alias; text that begins with `*` or `&` needs quotes"
        ),
        (
            "a: b: c",
            "belay.yaml:1:5: this is not YAML: mapping values are not allowed in this context; quote text with a colon in it, and check the indentation"
        ),
        (
            "components:\n\ta: x",
            "belay.yaml:2:1: this is not YAML: found character that cannot start any token; indent with spaces, and quote text that begins with a special character"
        ),
        ("exclude: [a", "belay.yaml:1:1: this is not YAML: did not find expected ',' or ']'"),
        ("a: {}\n---\nb: {}", "belay.yaml:2:1: this is not YAML: but found another document"),
        (
            "project: x\nexclude: []\nproject: y",
            "belay.yaml:1:1: the key `project` stands more than once in this mapping, first here"
        ),
        (
            "project: x\n'project': y",
            "belay.yaml:1:1: the key `project` stands more than once in this mapping, first here"
        ),
        ("exclude: [!!binary aGk=]", "belay.yaml:1:11: a tag (`!…`) has no meaning here"),
        ("exclude: [!include x]", "belay.yaml:1:11: a tag (`!…`) has no meaning here"),
        ("? [a, b]\n: c", "belay.yaml:1:3: a key is a single word, not a list or a mapping"),
        ("<<: { project: x }", "belay.yaml:1:1: unknown key that is not a word"),
    ]

    @Test(arguments: table)
    func `is told with its place, its key and what was expected`(text: String, message: String) {
        #expect(problems(text) == message)
        #expect(!problems(text).contains("hunter2"))
    }

    @Test func `does not hide the others`() {
        let text = """
            projct: x
            gitignore: maybe
            components:
              a: { paths: [a], keeep: [b] }
            retention: { keep_last: x, keep_daily: y }
            """
        #expect(
            problems(text) == """
                belay.yaml:1:1: unknown key `projct`; did you mean `project`?
                belay.yaml:2:12: gitignore: expected `respect` or `ignore`, found `maybe`
                belay.yaml:4:20: components.a: unknown key `keeep`; did you mean `keep`?
                belay.yaml:5:25: retention.keep_last: expected a whole number from 1 to 1000000, found `x`
                belay.yaml:5:40: retention.keep_daily: expected a whole number from 1 to 1000000, found `y`
                """
        )
    }

    @Test func `becomes an error for people`() throws {
        let error = #expect(throws: ConfigurationError.self) {
            try ProjectConfiguration(parsing: "projct: x", file: "/p/belay.yaml", environment: [:])
        }
        let shown = try #require(error?.belayError)
        #expect(shown.code == .configurationInvalid)
        #expect(shown.hint == "correct that line, and run the command again")
        #expect(
            shown.message == """
                cannot use `/p/belay.yaml`: 1 problem
                /p/belay.yaml:1:1: unknown key `projct`; did you mean `project`?
                """
        )
    }

    @Test func `is counted when there are more than anybody reads`() {
        let text = (0..<100).map { "k\($0)zzzzzzzzzzzzz: x" }.joined(separator: "\n")
        #expect(problems(text).hasSuffix("\nand 60 more"))
    }

    @Test func `cannot steer the terminal`() {
        #expect(!problems("gitignore: \"\\e[31m\\n\"").contains("\u{1B}"))
        #expect(problems("gitignore: \"\\e[31m\\n\"").contains("found `\\u{1b}[31m\\u{a}`"))
    }
}

@Suite struct `A hostile belay.yaml` {
    @Test func `is refused when it is too large`() {
        let text = "# " + String(repeating: "x", count: 1_024 * 1_024)
        #expect(problems(text) == "belay.yaml:1:1: the file is larger than 1048576 bytes")
    }

    @Test func `does not expand aliases of aliases`() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(problems(text).contains("more than 8 aliases"))
        // The same with keys, which a reader has to compare.
        #expect(
            problems(text.replacing("[", with: "? {").replacing("]", with: "}")).contains(
                "more than 8 aliases"
            )
        )
    }

    @Test func `does not make many nodes of few aliases`() {
        let items = Array(repeating: "x", count: 20_000).joined(separator: ",")
        let text = "exclude: [&a [\(items)], *a, *a, *a]\n"
        #expect(problems(text).contains("more than 50000 values"))
    }

    static let deep = [
        String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
        String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
        (0..<900).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
        "exclude: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
    ]

    @Test(arguments: deep.indices)
    func `does not go deep`(index: Int) {
        #expect(problems(Self.deep[index]).contains(":"))
    }

    @Test(arguments: [
        "*a", "&a *a", "? *a", "&a [*a]", "&a { *a : *a }", "\u{0}", "\u{7F}", "%YAML 9.9\n---\na",
        "\"\\ud800\"", "\"\\xff\"", "&x", "!", "!!", "!<>", "- &a", "|", ">-9", "\"", "'",
    ])
    func `gets an answer, whatever it is`(text: String) {
        _ = problems(text)
        _ = problems("exclude: " + text)
    }

    @Test(arguments: 0..<8)
    func `never brings the reader down`(round: UInt64) {
        let seed = 0xBE1A_0000 + round
        var generator = SeededGenerator(seed: seed)
        let original = Array(fullConfiguration.utf8)
        let spice = Array("[]{}:,-?*&!|>'\"%@`#\n\t $~\\\u{85}\u{FEFF}a0".utf8)
        for _ in 0..<400 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...12, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(spice[Int.random(in: 0..<spice.count, using: &generator)], at: place)
                case 2: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 3:
                    bytes.removeSubrange(
                        place..<min(bytes.count, place + Int.random(in: 0...40, using: &generator))
                    )
                default:
                    let end = min(bytes.count, place + Int.random(in: 0...60, using: &generator))
                    bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                _ = try ProjectConfiguration(parsing: text, environment: ["HOME": "/h"])
            } catch {
                #expect(!error.problems.isEmpty, "seed \(seed)")
                #expect(
                    error.problems.allSatisfy { $0.position.line > 0 && $0.position.column > 0 },
                    "seed \(seed)"
                )
            }
        }
    }
}
