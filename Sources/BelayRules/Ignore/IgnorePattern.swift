/// How patterns are read and compared.
package struct IgnoreOptions: Hashable, Sendable {
    /// Whether letters of either case are equal, as `core.ignoreCase` says; only those of ASCII have a case.
    package var ignoresCase: Bool
    /// Whether `**` reaches over slashes only where it is a whole component.
    ///
    /// That is what git documents and does after 2.51. Before, the stars of `foo**/bar` did so too, as they
    /// follow the literal start of the pattern, and this is what belay does unless told otherwise.
    package var doubleStarNeedsSlash: Bool

    package init(ignoresCase: Bool = false, doubleStarNeedsSlash: Bool = false) {
        self.ignoresCase = ignoresCase
        self.doubleStarNeedsSlash = doubleStarNeedsSlash
    }
}

/// One line of a `.gitignore`, understood as git understands it.
package struct IgnorePattern: Sendable {
    /// What a pattern looks at, sorted by how cheap it is to compare.
    enum Form: Sendable {
        /// The name is this.
        case name([UInt8])
        /// The name ends like this.
        case suffix([UInt8])
        /// The name starts like this.
        case prefix([UInt8])
        /// The path is this.
        case path([UInt8])
        /// The name, or else the path, is what the steps describe.
        case wildcards(ofName: Bool)
        /// No path can match.
        case nothing
    }

    /// The number of the line in its file, from 1.
    package let line: Int
    /// Whether the pattern takes back what an earlier one ignored.
    package let isNegated: Bool
    /// Whether the pattern is for directories alone.
    package let isDirectoryOnly: Bool
    /// The pattern without `!` in front and without `/` at the end.
    package let body: [UInt8]
    let form: Form
    let steps: [WildcardStep]
    let sets: [ByteSet]
    let foldsCase: Bool

    /// Whether no path can match, as where a bracket is not closed: git says nothing of such a line, and belay nothing
    /// of one in a `.gitignore`.
    package var matchesNothing: Bool {
        if case .nothing = form { true } else { false }
    }

    /// The pattern that a path is, whatever characters its names have.
    package static func literal(_ path: String) -> String {
        var pattern = path.first == "!" ? "\\" : ""
        for character in path {
            if "\\*?[".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern
    }

    /// The pattern as `git check-ignore -v` prints it.
    package var text: [UInt8] {
        (isNegated ? [ASCII.bang] : []) + body + (isDirectoryOnly ? [ASCII.slash] : [])
    }

    /// The pattern that a line of a file holds, without its line feed; `nil` for a comment or an empty line.
    ///
    /// As in git, a carriage return at the end goes, then the unescaped spaces at the end, and a NUL ends the
    /// line. A line that cannot match anything is a pattern all the same.
    package init?(line bytes: ArraySlice<UInt8>, number: Int, options: IgnoreOptions = IgnoreOptions()) {
        guard let first = bytes.first, first != ASCII.hash else { return nil }
        var bytes = bytes
        if bytes.last == ASCII.carriageReturn { bytes.removeLast() }
        bytes = bytes.prefix { $0 != 0 }
        self.init(verbatim: Self.withoutTrailingSpaces(bytes), number: number, options: options)
    }

    /// The pattern that `bytes` are, with nothing taken for a comment and no space dropped.
    ///
    /// So does git read the patterns of its command line.
    package init(verbatim bytes: ArraySlice<UInt8>, number: Int, options: IgnoreOptions = IgnoreOptions()) {
        var body = bytes
        line = number
        isNegated = body.first == ASCII.bang
        if isNegated { body.removeFirst() }
        isDirectoryOnly = body.last == ASCII.slash
        if isDirectoryOnly { body.removeLast() }
        self.body = Array(body)
        foldsCase = options.ignoresCase

        let looksAtName = !body.contains(ASCII.slash)
        if body.first == ASCII.slash { body.removeFirst() }
        guard
            let compiled = WildcardCompiler(
                compiling: body,
                crossesSlashes: !looksAtName,
                options: options
            )
        else {
            form = .nothing
            steps = []
            sets = []
            return
        }
        form = Self.form(of: compiled.steps, looksAtName: looksAtName)
        steps = compiled.steps
        sets = compiled.sets
    }

    /// Whether the pattern matches `path`, which is relative to the directory of the pattern's file.
    ///
    /// This asks one pattern and is for tests and explanations; ``IgnoreFile`` asks all of its patterns at
    /// once.
    package func matches(path: [UInt8], isDirectory: Bool) -> Bool {
        if isDirectoryOnly, !isDirectory { return false }
        let nameStart = (path.lastIndex(of: ASCII.slash) ?? -1) + 1
        return path.withUnsafeBufferPointer { path in
            let name = UnsafeBufferPointer(rebasing: path[nameStart...])
            return switch form {
            case .name(let literal):
                name.count == literal.count && Self.equal(name, literal[...], foldsCase)
            case .suffix(let literal):
                name.count >= literal.count
                    && Self.equal(name.suffix(literal.count), literal[...], foldsCase)
            case .prefix(let literal):
                name.count >= literal.count
                    && Self.equal(name.prefix(literal.count), literal[...], foldsCase)
            case .path(let literal):
                path.count == literal.count && Self.equal(path, literal[...], foldsCase)
            case .wildcards(let ofName):
                steps.withUnsafeBufferPointer { steps in
                    sets.withUnsafeBufferPointer { sets in
                        wildcardMatches(steps, sets, ofName ? name : path, foldsCase: foldsCase)
                    }
                }
            case .nothing:
                false
            }
        }
    }
}

extension IgnorePattern {
    private static func equal(
        _ text: some Sequence<UInt8>,
        _ literal: ArraySlice<UInt8>,
        _ foldsCase: Bool
    ) -> Bool {
        text.lazy.map { foldsCase ? ASCII.lowercase($0) : $0 }.elementsEqual(literal)
    }

    /// `line` up to the spaces at its end, of which a backslash protects one.
    ///
    /// A lone backslash at the very end makes git leave the line alone.
    private static func withoutTrailingSpaces(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var spaces: Int?
        var index = line.startIndex
        while index < line.endIndex {
            switch line[index] {
            case ASCII.space:
                spaces = spaces ?? index
            case ASCII.backslash:
                index += 1
                if index == line.endIndex { return line }
                spaces = nil
            default:
                spaces = nil
            }
            index += 1
        }
        return line[..<(spaces ?? line.endIndex)]
    }

    /// The cheapest comparison that does what the steps do.
    private static func form(of steps: [WildcardStep], looksAtName: Bool) -> Form {
        var rest = steps[...]
        var looksAtName = looksAtName
        // `**/name` is a name at any depth, if nothing after it asks for a slash.
        if !looksAtName, rest.first?.kind == .directories,
            !rest.contains(where: { step in
                step.kind == .someDirectories || step.kind == .literal && step.byte == ASCII.slash
            })
        {
            looksAtName = true
            rest.removeFirst()
            // No path ends in a slash, so that `**//`, which asks for an empty name, has nothing to match.
            if rest.isEmpty { return .nothing }
        }
        let inner = rest.dropFirst().dropLast()
        guard inner.allSatisfy({ $0.kind == .literal }) else { return .wildcards(ofName: looksAtName) }
        let literals = rest.filter { $0.kind == .literal }.map(\.byte)
        let isLiteral = literals.count == rest.count
        guard looksAtName else { return isLiteral ? .path(literals) : .wildcards(ofName: false) }
        if isLiteral { return .name(literals) }
        guard literals.count + 1 == rest.count else { return .wildcards(ofName: true) }
        if rest.first?.kind == .star { return .suffix(literals) }
        if rest.last?.kind == .star { return .prefix(literals) }
        return .wildcards(ofName: true)
    }
}
