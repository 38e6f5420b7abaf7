/// Why a pattern or a marker was refused.
package enum BackupExcludesError: Error, Hashable, Sendable {
    /// A bracket that is not closed or not well formed, or a backslash at the end of a component.
    case invalidPattern([UInt8])
    /// A marker that names no file.
    case markerWithoutName
}

extension BackupExcludesError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidPattern(let bytes):
            "in '\(String(decoding: bytes, as: UTF8.self))' a bracket is not closed, or nothing follows a backslash"
        case .markerWithoutName: "it names no file"
        }
    }
}

/// The patterns of `--exclude` and `--iexclude`, which mean what they mean to restic.
///
/// A pattern is a row of components, and it matches where the components of a path have that row anywhere, so
/// what lies below an excluded directory is excluded too; a pattern that starts with `/` matches from the
/// root only. `**` stands for any number of components. `!` in front takes back what earlier patterns
/// excluded, but who does not descend into an excluded directory never gets to ask about what is below.
/// Within a component the wildcards are those of ``ComponentGlobs``. No variables are replaced: that is done
/// where restic does it, in files of patterns.
package struct BackupExcludes: Sendable {
    private let sensitive: ExcludePatternList
    private let insensitive: ExcludePatternList
    /// A hash of all patterns, the same in every run.
    package let fingerprint: UInt64

    /// The patterns of `--exclude` and those of `--iexclude`; empty ones count for nothing.
    ///
    /// - Throws: ``BackupExcludesError/invalidPattern(_:)`` for the first one that is malformed. restic
    ///   overlooks some of these and then excludes nothing where it meets the fault.
    package init(_ patterns: [[UInt8]], ignoringCase: [[UInt8]] = []) throws(BackupExcludesError) {
        var sensitive = ExcludePatternList()
        var insensitive = ExcludePatternList()
        var hash = Fingerprint()
        for text in patterns {
            try sensitive.add(text)
            hash.add(text)
        }
        hash.add(UInt64(patterns.count))
        for text in ignoringCase {
            try insensitive.add(text.withUnsafeBufferPointer { UTF8Text.lowercase($0) })
            hash.add(text)
        }
        self.sensitive = sensitive
        self.insensitive = insensitive
        fingerprint = hash.value
    }

    /// Whether there is nothing that could be excluded.
    package var isEmpty: Bool { sensitive.isEmpty && insensitive.isEmpty }

    /// Whether `path`, an absolute path without `.`, `..` or a slash too many, is excluded.
    ///
    /// Allocates nothing if there are no patterns that ignore the case.
    package func excludes(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        if sensitive.excludes(path) { return true }
        if insensitive.isEmpty { return false }
        return UTF8Text.lowercase(path).withUnsafeBufferPointer { insensitive.excludes($0) }
    }

    /// Whether `path`, an absolute path without `.`, `..` or a slash too many, is excluded.
    package func excludes(_ path: [UInt8]) -> Bool {
        path.withUnsafeBufferPointer { excludes($0) }
    }
}
