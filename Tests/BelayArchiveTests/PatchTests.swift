import BelayArchive
import BelayCore
import Foundation
import Testing

@Suite struct `A patch` {
    private func hunks(_ old: String, _ new: String) -> String? {
        guard case .text(let hunks, _, _) = TextPatch.compare(Array(old.utf8), Array(new.utf8)) else {
            return nil
        }
        return String(decoding: hunks, as: UTF8.self)
    }

    @Test func `shows three lines around a change`() {
        let old = (1...10).map { "\($0)\n" }.joined()
        let new = old.replacingOccurrences(of: "5\n", with: "five\n")
        #expect(hunks(old, new) == "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n")
    }

    @Test func `joins changes whose surroundings touch`() {
        let old = (1...20).map { "\($0)\n" }.joined()
        let near = old.replacingOccurrences(of: "\n5\n", with: "\nx\n").replacingOccurrences(
            of: "\n12\n",
            with: "\ny\n"
        )
        #expect(hunks(old, near)?.components(separatedBy: "@@ -").count == 2)
        let far = old.replacingOccurrences(of: "\n5\n", with: "\nx\n").replacingOccurrences(
            of: "\n13\n",
            with: "\ny\n"
        )
        #expect(hunks(old, far)?.components(separatedBy: "@@ -").count == 3)
    }

    @Test func `tells of a missing line feed at the end on the side that lacks it`() {
        #expect(hunks("a\n", "a") == "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n")
        #expect(hunks("a", "a\n") == "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n")
        #expect(hunks("x\na", "y\na") == "@@ -1,2 +1,2 @@\n-x\n+y\n a\n\\ No newline at end of file\n")
    }

    @Test func `counts from the line before where a side is empty`() {
        #expect(hunks("", "a\nb\n") == "@@ -0,0 +1,2 @@\n+a\n+b\n")
        #expect(hunks("a\n", "") == "@@ -1 +0,0 @@\n-a\n")
        #expect(hunks("same\n", "same\n") == "")
    }

    @Test func `is not made of what is no text`() {
        #expect(TextPatch.compare([0x61, 0], [0x61]) == .binary)
        #expect(TextPatch.compare([0x61], [0x61, 0]) == .binary)
        #expect(TextPatch.compare([0xFF, 0x0A], [0xFE, 0x0A]) != .binary)
    }

    @Test func `counts lines`() {
        guard
            case .text(_, let added, let removed) = TextPatch.compare(
                Array("a\nb\nc\n".utf8),
                Array("b\nd\ne\n".utf8)
            )
        else {
            Issue.record("it is text")
            return
        }
        #expect(added == 2 && removed == 2)
    }

    @Test(arguments: [
        ("plain.txt", "a/plain.txt"), ("with space", "\"a/with space\""), ("größe", "a/größe"),
        ("tab\there", "\"a/tab\\there\""), ("quo\"te", "\"a/quo\\\"te\""),
        ("back\\slash", "\"a/back\\\\slash\""),
        ("new\nline", "\"a/new\\nline\""),
    ])
    func `quotes names as git does`(name: String, quoted: String) {
        let side = FilePatch.Side(Node(name: FileName(name), kind: .file, mode: FileMode(rawValue: 0o644)))
        let header = FilePatch.header(Array(name.utf8), old: side, new: nil, hasHunks: true)
        #expect(String(decoding: header, as: UTF8.self).hasPrefix("diff --git \(quoted) "))
    }

    @Test func `has no header where there is nothing to say`() {
        let side = FilePatch.Side(Node(name: "a", kind: .file, mode: FileMode(rawValue: 0o644)))
        #expect(FilePatch.header([0x61], old: side, new: side, hasHunks: false).isEmpty)
        #expect(FilePatch.Side(Node(name: "a", kind: .directory)) == nil)
    }
}

@Suite struct `Differences of sequences` {
    /// The length of the longest common subsequence, by the table that everybody can check.
    private func commonLength(_ left: [Int32], _ right: [Int32]) -> Int {
        var row = [Int](repeating: 0, count: right.count + 1)
        for item in left {
            var diagonal = 0
            for (column, other) in right.enumerated() {
                let above = row[column + 1]
                row[column + 1] = item == other ? diagonal + 1 : max(above, row[column])
                diagonal = above
            }
        }
        return row[right.count]
    }

    private func check(_ left: [Int32], _ right: [Int32], isShortest: Bool = true, budget: Int? = nil) {
        let lines = { (numbers: [Int32]) in numbers.map { "\($0)\n" }.joined() }
        let result = TextPatch.marks(
            Array(lines(left).utf8),
            Array(lines(right).utf8),
            budget: budget ?? TextPatch.budget
        )
        let kept = zip(left, result.removed).filter { !$0.1 }.map(\.0)
        let same = zip(right, result.added).filter { !$0.1 }.map(\.0)
        #expect(kept == same, "\(left) \(right)")
        if isShortest { #expect(kept.count == commonLength(left, right), "\(left) \(right)") }
    }

    @Test func `are right and as few as possible for all short sequences`() {
        // Every sequence of up to six items from three, against every one of up to five.
        func sequences(_ length: Int) -> [[Int32]] {
            length == 0 ? [[]] : sequences(length - 1).flatMap { rest in (0..<3).map { rest + [Int32($0)] } }
        }
        let short = (0...4).flatMap(sequences)
        for left in short { for right in short { check(left, right) } }
    }

    @Test(arguments: 1...40)
    func `are right and as few as possible for random sequences`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let letters = Int32.random(in: 2...12, using: &random)
        let left = (0..<Int.random(in: 0...120, using: &random)).map { _ in
            Int32.random(in: 0..<letters, using: &random)
        }
        let right = (0..<Int.random(in: 0...120, using: &random)).map { _ in
            Int32.random(in: 0..<letters, using: &random)
        }
        check(left, right)
    }

    @Test(arguments: [0, 1, 10, 100, 1000])
    func `stay right when the budget is used up`(budget: Int) {
        var random = SeededGenerator(seed: UInt64(budget) + 7)
        let left = (0..<300).map { _ in Int32.random(in: 0..<5, using: &random) }
        let right = (0..<300).map { _ in Int32.random(in: 0..<5, using: &random) }
        check(left, right, isShortest: false, budget: budget)
    }
}
