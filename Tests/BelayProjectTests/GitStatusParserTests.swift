import BelayProject
import Testing

private func parse(_ records: [String]) -> GitState {
    GitStatusParser.state(root: "/p", output: Array((records.map { $0 + "\0" }).joined().utf8))
}

private let oid = String(repeating: "a", count: 40)
private let entry = "N... 100644 100644 100644 \(oid) \(oid)"

@Suite struct `The output of git status` {
    static let table: [([String], GitState)] = [
        ([], GitState(root: "/p")),
        (["# branch.oid (initial)", "# branch.head main"], GitState(root: "/p", branch: "main")),
        (["# branch.oid \(oid)", "# branch.head (detached)"], GitState(root: "/p", commit: oid)),
        (
            ["# branch.head a b", "# branch.upstream origin/a b", "# branch.ab +12 -3"],
            GitState(root: "/p", branch: "a b", upstream: "origin/a b", ahead: 12, behind: 3)
        ),
        (["# branch.ab 1 2", "# branch.ab", "# branch.ab +x -y", "# later.thing x"], GitState(root: "/p")),
        (["1 M. \(entry) a"], GitState(root: "/p", staged: 1)),
        (["1 .M \(entry) a"], GitState(root: "/p", modified: 1)),
        (["1 MM \(entry) a b", "1 .D \(entry) c"], GitState(root: "/p", staged: 1, modified: 2)),
        // The former path of a renamed file looks like an untracked one here.
        (["2 R. \(entry) R100 new", "? old", "? x"], GitState(root: "/p", staged: 1, untracked: 1)),
        (["2 R. \(entry) R100 new"], GitState(root: "/p", staged: 1)),
        (["u UU N... 100644 100644 100644 100644 \(oid) \(oid) \(oid) a"], GitState(root: "/p", unmerged: 1)),
        (["? a\nb", "! ignored", "? # c"], GitState(root: "/p", untracked: 2)),
        (["1", "1 ", "1 M", "", "#", "# ", "x y"], GitState(root: "/p")),
    ]

    @Test(arguments: table)
    func `is counted`(records: [String], expected: GitState) {
        #expect(parse(records) == expected)
    }

    @Test(arguments: 0..<4)
    func `never brings the reader down`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let letters = Array("#12u?! .MR\0\0branch.ab +-\n".utf8) + [0xFF]
        for _ in 0..<2_000 {
            let length = Int.random(in: 0...80, using: &generator)
            let bytes = (0..<length).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)]
            }
            let state = GitStatusParser.state(root: "/p", output: bytes)
            #expect(
                state.staged + state.modified + state.unmerged + state.untracked <= 2 * length,
                "seed \(seed)"
            )
        }
    }
}
