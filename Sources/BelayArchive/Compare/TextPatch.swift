/// The difference between two texts, line by line.
package enum TextPatch: Hashable, Sendable {
    /// Hunks in the unified form, and the numbers of lines put in and taken out.
    case text(hunks: [UInt8], added: Int, removed: Int)
    /// One of the two is no text.
    case binary

    /// Texts longer than this are not compared.
    package static let byteMaximum = 16 << 20
    private static let context = 3

    /// Compares two texts; what holds a zero byte is none.
    ///
    /// - Precondition: neither is longer than ``byteMaximum``.
    package static func compare(_ old: [UInt8], _ new: [UInt8]) -> TextPatch {
        if old == new { return .text(hunks: [], added: 0, removed: 0) }
        if old.contains(0) || new.contains(0) { return .binary }
        let before = TextLines(old)
        let after = TextLines(new)
        let diff = difference(before, after, budget: MyersDiff.budget)
        var writer = HunkWriter(before: before, after: after)
        for hunk in hunks(diff, before.count, after.count) { writer.append(hunk, diff) }
        return .text(
            hunks: writer.bytes,
            added: diff.isAdded.count { $0 },
            removed: diff.isRemoved.count { $0 }
        )
    }

    package static var budget: Int { MyersDiff.budget }

    /// For each line of two texts, whether it goes or is put in.
    package static func marks(
        _ old: [UInt8],
        _ new: [UInt8],
        budget: Int
    ) -> (removed: [Bool], added: [Bool]) {
        let diff = difference(TextLines(old), TextLines(new), budget: budget)
        return (diff.isRemoved, diff.isAdded)
    }

    private static func difference(_ old: TextLines, _ new: TextLines, budget: Int) -> MyersDiff {
        let (before, after) = TextLines.numbers(old, new)
        return MyersDiff(before, after, budget: budget)
    }

    /// Lines of both texts that are shown together.
    private struct Hunk {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// The changes with the lines around them; those whose surroundings touch are one hunk.
    private static func hunks(_ diff: MyersDiff, _ oldCount: Int, _ newCount: Int) -> [Hunk] {
        var hunks: [Hunk] = []
        var old = 0
        var new = 0
        while old < oldCount || new < newCount {
            let start = (old: old, new: new)
            while old < oldCount, diff.isRemoved[old] { old += 1 }
            while new < newCount, diff.isAdded[new] { new += 1 }
            if old == start.old && new == start.new {
                old += 1
                new += 1
                continue
            }
            let lead = min(context, start.old, start.new)
            let trail = min(context, oldCount - old, newCount - new)
            let hunk = Hunk(
                old: (start.old - lead)..<(old + trail),
                new: (start.new - lead)..<(new + trail)
            )
            if let last = hunks.last, last.old.upperBound >= hunk.old.lowerBound {
                hunks[hunks.count - 1] = Hunk(
                    old: last.old.lowerBound..<hunk.old.upperBound,
                    new: last.new.lowerBound..<hunk.new.upperBound
                )
            } else {
                hunks.append(hunk)
            }
        }
        return hunks
    }

    private struct HunkWriter {
        let before: TextLines
        let after: TextLines
        var bytes: [UInt8] = []

        mutating func append(_ hunk: Hunk, _ diff: MyersDiff) {
            bytes.append(contentsOf: "@@ -\(Self.text(hunk.old)) +\(Self.text(hunk.new)) @@\n".utf8)
            var old = hunk.old.lowerBound
            var new = hunk.new.lowerBound
            while old < hunk.old.upperBound || new < hunk.new.upperBound {
                if old < hunk.old.upperBound, diff.isRemoved[old] {
                    append(0x2D, before[old])
                    old += 1
                } else if new < hunk.new.upperBound, diff.isAdded[new] {
                    append(0x2B, after[new])
                    new += 1
                } else {
                    append(0x20, before[old])
                    old += 1
                    new += 1
                }
            }
        }

        private mutating func append(_ mark: UInt8, _ line: ArraySlice<UInt8>) {
            bytes.append(mark)
            bytes.append(contentsOf: line)
            if line.last != 0x0A { bytes.append(contentsOf: "\n\\ No newline at end of file\n".utf8) }
        }

        /// Where a range of lines is: its first line, or the line before it if it is empty, and its length.
        private static func text(_ lines: Range<Int>) -> String {
            if lines.count == 1 { return "\(lines.lowerBound + 1)" }
            return "\(lines.isEmpty ? lines.lowerBound : lines.lowerBound + 1),\(lines.count)"
        }
    }
}
