/// The wildcards of restic's patterns within one component of a path.
///
/// They are those of Go's `filepath.Match`: `*`, `?`, `[a-z]`, `[^a-z]` and a backslash before what is meant
/// as itself. `?` and brackets take a whole character where the bytes are UTF-8 and one byte where they are
/// not.
struct ComponentGlobs: Sendable {
    private struct Step: Sendable {
        enum Kind: UInt8, Sendable { case literal, character, characterClass, star }

        var kind: Kind
        var byte: UInt8 = 0
        /// An index into the classes.
        var classIndex: Int32 = 0
    }

    private struct CharacterClass: Sendable {
        var isNegated: Bool
        var ranges: Range<Int>
    }

    /// Where a glob's steps lie among all steps.
    typealias Glob = Range<Int>

    private var steps: [Step] = []
    private var classes: [CharacterClass] = []
    private var ranges: [ClosedRange<UInt32>] = []

    /// No globs.
    init() {}

    /// Adds the glob that `text` is; `nil` if Go calls it a bad pattern.
    mutating func add(_ text: ArraySlice<UInt8>) -> Glob? {
        let start = steps.count
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case ASCII.star:
                if steps.count == start || steps.last?.kind != .star { steps.append(Step(kind: .star)) }
            case ASCII.question:
                steps.append(Step(kind: .character))
            case ASCII.bracket:
                guard let parsed = characterClass(&rest) else { return nil }
                steps.append(
                    Step(kind: .characterClass, classIndex: Int32(truncatingIfNeeded: classes.count))
                )
                classes.append(parsed)
            case ASCII.backslash:
                guard let escaped = rest.popFirst() else { return nil }
                steps.append(Step(kind: .literal, byte: escaped))
            default:
                steps.append(Step(kind: .literal, byte: byte))
            }
        }
        return start..<steps.count
    }

    /// Reads a class behind its opening bracket.
    private mutating func characterClass(_ rest: inout ArraySlice<UInt8>) -> CharacterClass? {
        let isNegated = rest.first == ASCII.caret
        if isNegated { rest.removeFirst() }
        let start = ranges.count
        while ranges.count == start || rest.first != ASCII.closingBracket {
            guard let low = member(&rest) else { return nil }
            var high = low
            if rest.first == ASCII.hyphen {
                rest.removeFirst()
                guard let end = member(&rest) else { return nil }
                high = end
            }
            // A range that runs backwards is empty, but it is a member.
            ranges.append(low <= high ? low...high : UInt32.max...UInt32.max)
        }
        rest.removeFirst()
        return CharacterClass(isNegated: isNegated, ranges: start..<ranges.count)
    }

    /// Reads a character of a class; `nil` at the end, for a bare `-` or `]`, and for what is not UTF-8.
    private func member(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
        guard let first = rest.first, first != ASCII.hyphen, first != ASCII.closingBracket else { return nil }
        if first == ASCII.backslash { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        let (scalar, length) = rest.withUnsafeBufferPointer { UTF8Text.scalar(in: $0, at: 0) }
        if scalar == UTF8Text.replacement, length == 1 { return nil }
        rest.removeFirst(length)
        // Something has to follow, if only the closing bracket.
        return rest.isEmpty ? nil : scalar
    }

    /// Whether `text`, which has no slash, is what `glob` describes.
    ///
    /// Time grows with the product of both lengths. Allocates nothing.
    func matches(_ glob: Glob, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        // Most patterns end in a byte that stands for itself, and most names end in another.
        if !glob.isEmpty {
            let last = steps[glob.upperBound - 1]
            if last.kind == .literal, text.last != last.byte { return false }
        }
        var step = glob.lowerBound
        var position = 0
        var starStep = -1
        var starEnd = 0
        while true {
            if step < glob.upperBound {
                let current = steps[step]
                if current.kind == .star {
                    step += 1
                    if step == glob.upperBound { return true }
                    starStep = step
                    starEnd = position
                    continue
                }
                if position == text.count { return false }
                let length = length(of: current, text, at: position)
                if length > 0 {
                    step += 1
                    position += length
                    continue
                }
            } else if position == text.count {
                return true
            }
            // A star grows by a byte, not by a character, as it does in Go.
            guard starStep >= 0, starEnd < text.count else { return false }
            starEnd += 1
            position = starEnd
            step = starStep
        }
    }

    /// How many bytes `step` takes at `position`; 0 if it does not match there.
    @inline(__always)
    private func length(of step: Step, _ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        if step.kind == .literal { return text[position] == step.byte ? 1 : 0 }
        let (scalar, length) = UTF8Text.scalar(in: text, at: position)
        if step.kind == .character { return length }
        let members = classes[Int(step.classIndex)]
        var isMember = false
        for range in members.ranges where ranges[range].contains(scalar) { isMember = true }
        return isMember != members.isNegated ? length : 0
    }
}
