/// Turns the text of a pattern into steps.
struct WildcardCompiler {
    private let pattern: ArraySlice<UInt8>
    private let foldsCase: Bool
    private let crossesSlashes: Bool
    /// Where a `**` counts as the start of a component although no slash stands before it; -1 for nowhere.
    private let componentStart: Int
    private var position: Int
    private(set) var steps: [WildcardStep] = []
    private(set) var sets: [ByteSet] = []

    /// Steps for `pattern`; `nil` if it is one that git never lets match anything.
    ///
    /// That is a pattern with a bracket or a class that is not closed, an unknown class name, or a backslash
    /// at its end. Where `crossesSlashes` is false, the text will be a name alone, and `**` means no more
    /// than `*`.
    init?(
        compiling pattern: ArraySlice<UInt8>,
        crossesSlashes: Bool,
        options: IgnoreOptions
    ) {
        self.pattern = pattern
        self.foldsCase = options.ignoresCase
        self.crossesSlashes = crossesSlashes
        // git compares the literal start of a pattern apart and hands over only what follows, whose start
        // then passes for the start of a path: `foo**/bar` matches `foobar`. Corrected after git 2.51.
        self.componentStart =
            options.doubleStarNeedsSlash ? -1 : pattern.firstIndex(where: ASCII.isSpecial) ?? -1
        self.position = pattern.startIndex
        steps.reserveCapacity(pattern.count)

        while position < pattern.endIndex {
            let byte = pattern[position]
            switch byte {
            case ASCII.star:
                appendStars()
            case ASCII.question:
                position += 1
                steps.append(WildcardStep(kind: .any))
            case ASCII.bracket:
                guard let set = bracket() else { return nil }
                steps.append(WildcardStep(kind: .set, set: Int32(truncatingIfNeeded: sets.count)))
                sets.append(set)
            case ASCII.backslash:
                guard position + 1 < pattern.endIndex else { return nil }
                let escaped = pattern[position + 1]
                // git lowers the text but not an escaped byte, so that these never meet.
                if foldsCase, ASCII.isUpper(escaped) { return nil }
                steps.append(WildcardStep(kind: .literal, byte: escaped))
                position += 2
            default:
                let literal = foldsCase ? ASCII.lowercase(byte) : byte
                steps.append(WildcardStep(kind: .literal, byte: literal))
                position += 1
            }
        }
    }

    /// Reads a run of stars and what belongs to it.
    private mutating func appendStars() {
        let start = position
        while position < pattern.endIndex, pattern[position] == ASCII.star { position += 1 }
        let isComponentStart =
            start == pattern.startIndex || pattern[start - 1] == ASCII.slash || start == componentStart
        guard position - start >= 2, crossesSlashes, isComponentStart else {
            steps.append(WildcardStep(kind: .star))
            return
        }
        if position == pattern.endIndex {
            steps.append(WildcardStep(kind: .rest))
        } else if pattern[position] == ASCII.slash {
            steps.append(WildcardStep(kind: .directories))
            position += 1
        } else if pattern[position...].starts(with: [ASCII.backslash, ASCII.slash]) {
            steps.append(WildcardStep(kind: .someDirectories))
            position += 2
        } else {
            steps.append(WildcardStep(kind: .star))
        }
    }

    /// Reads a bracket expression; `nil` if it is not closed or names an unknown class.
    private mutating func bracket() -> ByteSet? {
        var set = ByteSet()
        // The text is in lower case when cases are folded, so no other byte is ever looked up.
        func insert(where condition: (UInt8) -> Bool) {
            for byte in UInt8.min...UInt8.max where condition(byte) { set.insert(byte) }
        }

        position += 1
        var isNegated = false
        if let first = byte(at: position), first == ASCII.bang || first == ASCII.caret {
            isNegated = true
            position += 1
        }
        var isFirst = true
        // The byte that a hyphen would start a range from; 0 after what cannot start one.
        var previous: UInt8 = 0
        while let member = byte(at: position), isFirst || member != ASCII.closingBracket {
            isFirst = false
            if member == ASCII.backslash {
                guard let escaped = byte(at: position + 1) else { return nil }
                set.insert(escaped)
                previous = escaped
                position += 2
            } else if member == ASCII.hyphen, previous != 0, let next = byte(at: position + 1),
                next != ASCII.closingBracket
            {
                position += 1
                var end = next
                if next == ASCII.backslash {
                    position += 1
                    guard let escaped = byte(at: position) else { return nil }
                    end = escaped
                }
                position += 1
                let start = previous
                let folds = foldsCase
                insert { byte in
                    let upper = folds && ASCII.isLower(byte) ? byte & ~0x20 : byte
                    return start <= byte && byte <= end || start <= upper && upper <= end
                }
                previous = 0
            } else if member == ASCII.bracket, byte(at: position + 1) == ASCII.colon {
                let start = position + 2
                guard let end = pattern[start...].firstIndex(of: ASCII.closingBracket) else { return nil }
                if end > start, pattern[end - 1] == ASCII.colon {
                    let name = String(decoding: pattern[start..<(end - 1)], as: UTF8.self)
                    guard let named = ByteClass(rawValue: name) else { return nil }
                    let folds = foldsCase
                    insert { named.contains($0, foldsCase: folds) }
                    previous = 0
                    position = end + 1
                } else {
                    // No `:]` closes it: an opening bracket like any other byte.
                    set.insert(ASCII.bracket)
                    previous = ASCII.bracket
                    position += 1
                }
            } else {
                set.insert(member)
                previous = member
                position += 1
            }
        }
        guard byte(at: position) == ASCII.closingBracket else { return nil }
        position += 1
        if isNegated { set.invert() }
        set.remove(ASCII.slash)
        return set
    }

    private func byte(at index: Int) -> UInt8? {
        index < pattern.endIndex ? pattern[index] : nil
    }
}
