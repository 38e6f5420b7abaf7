/// Reads the output of `git status --porcelain=v2 --branch -z`.
///
/// The format is described in git-status(1), "Porcelain Format Version 2". Records that a later git may add
/// are skipped.
package enum GitStatusParser {
    /// Fills in what the output tells about the working tree at `root`.
    package static func state(root: String, output: [UInt8]) -> GitState {
        var state = GitState(root: root)
        var records = output.split(separator: 0, omittingEmptySubsequences: false)[...]
        while let record = records.popFirst() {
            switch record.first {
            case UInt8(ascii: "#"):
                readHeader(record, into: &state)
            case UInt8(ascii: "1"):
                count(record, into: &state)
            case UInt8(ascii: "2"):
                count(record, into: &state)
                // A rename or copy: its former path is a record of its own, and may begin with anything.
                _ = records.popFirst()
            case UInt8(ascii: "u"):
                state.unmerged += 1
            case UInt8(ascii: "?"):
                state.untracked += 1
            default:
                break
            }
        }
        return state
    }

    /// `# branch.head main` and its like.
    private static func readHeader(_ record: ArraySlice<UInt8>, into state: inout GitState) {
        let words = String(decoding: record, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count == 3 else { return }
        let value = String(words[2])
        switch words[1] {
        case "branch.oid": state.commit = value == "(initial)" ? nil : value
        case "branch.head": state.branch = value == "(detached)" ? nil : value
        case "branch.upstream": state.upstream = value
        case "branch.ab":
            let numbers = value.split(separator: " ")
            guard numbers.count == 2, numbers[0].first == "+", numbers[1].first == "-" else { return }
            state.ahead = Int(numbers[0].dropFirst())
            state.behind = Int(numbers[1].dropFirst())
        default: break
        }
    }

    /// `1 XY …`: X is what is staged, Y what is not; a dot means unchanged.
    private static func count(_ record: ArraySlice<UInt8>, into state: inout GitState) {
        let columns = Array(record.prefix(4))
        guard columns.count == 4 else { return }
        if columns[2] != UInt8(ascii: ".") { state.staged += 1 }
        if columns[3] != UInt8(ascii: ".") { state.modified += 1 }
    }
}
