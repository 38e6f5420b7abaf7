/// Why the text of an ignore file was refused.
package enum IgnoreFileError: Error, Hashable, Sendable {
    /// The file is longer than ``IgnoreFile/byteCountMaximum``.
    case tooLarge(byteCount: Int)
    /// That line is longer than ``IgnoreFile/lineByteCountMaximum``.
    case lineTooLong(line: Int)
}

extension IgnoreFileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooLarge(let byteCount): "it is too large: \(byteCount) bytes"
        case .lineTooLong(let line): "line \(line) is too long"
        }
    }
}

/// The patterns of one `.gitignore`, `info/exclude` or global excludes file, arranged for asking all at once.
///
/// Nothing in it depends on where the file lies, so that equal files can share one value.
///
/// What the reader of files has to know: git follows a symbolic link for `info/exclude` and the global file,
/// but takes a `.gitignore` that is one for missing.
package final class IgnoreFile: Sendable {
    /// A longer file is refused; the largest known are far below a tenth of it.
    package static let byteCountMaximum = 4 << 20
    /// A longer line is refused; it is four times the longest path that a system call takes.
    package static let lineByteCountMaximum = 16 << 10

    /// The patterns in the order of their lines.
    package let patterns: [IgnorePattern]
    /// How the patterns were read.
    package let options: IgnoreOptions
    /// A hash of the text and the options, the same in every run.
    package let fingerprint: UInt64
    let table: IgnoreTable

    /// The patterns in the text of a file.
    ///
    /// A byte order mark is skipped, and the last line needs no line feed.
    ///
    /// - Throws: ``IgnoreFileError`` if the text goes beyond the limits. Ignoring nothing is the safe answer.
    package convenience init(
        _ text: [UInt8],
        options: IgnoreOptions = IgnoreOptions()
    ) throws(IgnoreFileError) {
        guard text.count <= Self.byteCountMaximum else { throw .tooLarge(byteCount: text.count) }
        var patterns: [IgnorePattern] = []
        var rest = text[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest.removeFirst(3) }
        var number = 1
        while !rest.isEmpty {
            let line = rest.prefix { $0 != ASCII.lineFeed }
            guard line.count <= Self.lineByteCountMaximum else { throw .lineTooLong(line: number) }
            if let pattern = IgnorePattern(line: line, number: number, options: options) {
                patterns.append(pattern)
            }
            rest = rest[line.endIndex...].dropFirst()
            number += 1
        }
        var fingerprint = Fingerprint()
        fingerprint.add(text)
        self.init(patterns, options, fingerprint)
    }

    /// Patterns given one by one, as on git's command line: none is a comment, and spaces count.
    package convenience init(
        patterns texts: [[UInt8]],
        options: IgnoreOptions = IgnoreOptions()
    ) throws(IgnoreFileError) {
        var fingerprint = Fingerprint()
        var patterns: [IgnorePattern] = []
        var byteCount = 0
        for (index, text) in texts.enumerated() {
            guard text.count <= Self.lineByteCountMaximum else { throw .lineTooLong(line: index + 1) }
            byteCount += text.count + 1
            guard byteCount <= Self.byteCountMaximum else { throw .tooLarge(byteCount: byteCount) }
            fingerprint.add(text)
            patterns.append(IgnorePattern(verbatim: text[...], number: index + 1, options: options))
        }
        self.init(patterns, options, fingerprint)
    }

    private init(_ patterns: [IgnorePattern], _ options: IgnoreOptions, _ fingerprint: Fingerprint) {
        var fingerprint = fingerprint
        fingerprint.add(options.ignoresCase)
        fingerprint.add(options.doubleStarNeedsSlash)
        self.patterns = patterns
        self.options = options
        self.fingerprint = fingerprint.value
        self.table = IgnoreTable(patterns, foldsCase: options.ignoresCase)
    }

    /// The last pattern that matches `path`, which is relative to the directory of the file.
    package func lastMatch(path: [UInt8], isDirectory: Bool) -> IgnorePattern? {
        let nameStart = (path.lastIndex(of: ASCII.slash) ?? -1) + 1
        let match = path.withUnsafeBufferPointer { path in
            let name = UnsafeBufferPointer(rebasing: path[nameStart...])
            return table.lastMatch(
                path: path,
                name: name,
                hash: nameHash(name, foldsCase: options.ignoresCase),
                isDirectory: isDirectory
            )
        }
        return match.index < 0 ? nil : patterns[Int(match.index)]
    }
}
