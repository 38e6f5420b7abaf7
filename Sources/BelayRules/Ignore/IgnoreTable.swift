/// What one pattern compares; the index of a record is that of its pattern.
private struct Record: Sendable {
    enum Kind: UInt8, Sendable {
        case name, path, suffix, prefix, nameWildcards, pathWildcards
    }

    var kind: Kind
    var isDirectoryOnly: Bool
    var isNegated: Bool
    /// The upper half of the hash of the name, for names and paths.
    var tag: UInt32 = 0
    /// The literal among the bytes, or the steps among the steps.
    var start: Int32 = 0
    var count: Int32 = 0
    /// The next record of the same chain, always an earlier line; -1 at the end.
    var next: Int32 = -1
}

/// The patterns of one file, found by what an entry's name is, ends in or starts with.
///
/// Most patterns of most files are names, paths and endings; one look into a table of chains answers for all
/// of them, and only patterns with wildcards in other places are tried one after the other. It is a class
/// with constant arrays because asking is what a walk does most: copies of a value would count references
/// each time.
final class IgnoreTable: Sendable {
    /// A pattern that matched.
    struct Match {
        /// The index of the pattern; -1 if none matched.
        var index: Int32
        var isNegated: Bool
    }

    private let records: [Record]
    private let bytes: [UInt8]
    private let steps: [WildcardStep]
    private let sets: [ByteSet]
    /// Names and paths by the hash of the name: the latest record of every chain, -1 for none.
    ///
    /// The count is a power of two, or 0.
    private let exact: [Int32]
    /// Suffixes by their last byte; 256 chains, or none.
    private let suffixes: [Int32]
    /// Prefixes by their first byte; 256 chains, or none.
    private let prefixes: [Int32]
    /// The latest of the patterns that are tried one after the other.
    private let others: Int32
    private let foldsCase: Bool

    init(_ patterns: [IgnorePattern], foldsCase: Bool) {
        var builder = IgnoreTableBuilder(patterns, foldsCase: foldsCase)
        for pattern in patterns { builder.append(pattern) }
        records = builder.records
        bytes = builder.bytes
        steps = builder.steps
        sets = builder.sets
        exact = builder.exact
        suffixes = builder.suffixes
        prefixes = builder.prefixes
        others = builder.others
        self.foldsCase = foldsCase
    }

    /// Whether no pattern can match anything.
    var isEmpty: Bool { exact.isEmpty && suffixes.isEmpty && prefixes.isEmpty && others < 0 }

    /// The last pattern that matches.
    ///
    /// `path` is relative to the directory of the file, `name` is its last component, and `hash` the hash of
    /// that.
    func lastMatch(
        path: UnsafeBufferPointer<UInt8>,
        name: UnsafeBufferPointer<UInt8>,
        hash: UInt64,
        isDirectory: Bool
    ) -> Match {
        guard let first = name.first, let last = name.last else { return Match(index: -1, isNegated: false) }
        var best: Int32 = -1
        if !exact.isEmpty {
            let tag = UInt32(truncatingIfNeeded: hash >> 32)
            var index = exact[Int(truncatingIfNeeded: hash) & (exact.count - 1)]
            while index > best {
                let record = records[Int(index)]
                if record.tag == tag, isDirectory || !record.isDirectoryOnly {
                    let text = record.kind == .name ? name : path
                    if text.count == record.count, hasLiteral(of: record, text, from: 0) { best = index }
                }
                index = record.next
            }
        }
        if !suffixes.isEmpty {
            var index = suffixes[Int(foldsCase ? ASCII.lowercase(last) : last)]
            while index > best {
                let record = records[Int(index)]
                if isDirectory || !record.isDirectoryOnly, name.count >= Int(record.count),
                    hasLiteral(of: record, name, from: name.count - Int(record.count))
                {
                    best = index
                }
                index = record.next
            }
        }
        if !prefixes.isEmpty {
            var index = prefixes[Int(foldsCase ? ASCII.lowercase(first) : first)]
            while index > best {
                let record = records[Int(index)]
                if isDirectory || !record.isDirectoryOnly, name.count >= Int(record.count),
                    hasLiteral(of: record, name, from: 0)
                {
                    best = index
                }
                index = record.next
            }
        }
        var index = others
        while index > best {
            let record = records[Int(index)]
            if isDirectory || !record.isDirectoryOnly, matches(record, path: path, name: name) {
                best = index
            }
            index = record.next
        }
        return Match(index: best, isNegated: best >= 0 && records[Int(best)].isNegated)
    }

    /// Whether the record's literal stands in `text` at `offset`, where there is room for it.
    @inline(__always)
    private func hasLiteral(of record: Record, _ text: UnsafeBufferPointer<UInt8>, from offset: Int) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            let start = Int(record.start)
            for index in 0..<Int(record.count) {
                let byte = text[offset + index]
                if (foldsCase ? ASCII.lowercase(byte) : byte) != bytes[start + index] { return false }
            }
            return true
        }
    }

    private func matches(
        _ record: Record,
        path: UnsafeBufferPointer<UInt8>,
        name: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        switch record.kind {
        case .nameWildcards, .pathWildcards:
            steps.withUnsafeBufferPointer { steps in
                sets.withUnsafeBufferPointer { sets in
                    wildcardMatches(
                        UnsafeBufferPointer(
                            rebasing: steps[Int(record.start)..<Int(record.start + record.count)]
                        ),
                        sets,
                        record.kind == .nameWildcards ? name : path,
                        foldsCase: foldsCase
                    )
                }
            }
        default:
            // A lone `*`, which matches every name.
            true
        }
    }
}

/// Collects what an ``IgnoreTable`` is made of.
private struct IgnoreTableBuilder {
    private(set) var records: [Record] = []
    private(set) var bytes: [UInt8] = []
    private(set) var steps: [WildcardStep] = []
    private(set) var sets: [ByteSet] = []
    private(set) var exact: [Int32] = []
    private(set) var suffixes: [Int32] = []
    private(set) var prefixes: [Int32] = []
    private(set) var others: Int32 = -1
    private let foldsCase: Bool

    /// A builder with room for `patterns`, which are still to be appended in their order.
    init(_ patterns: [IgnorePattern], foldsCase: Bool) {
        self.foldsCase = foldsCase
        records.reserveCapacity(patterns.count)
        let exactCount = patterns.count {
            switch $0.form {
            case .name, .path: true
            default: false
            }
        }
        if exactCount > 0 {
            var size = 4
            while size < exactCount * 2 { size *= 2 }
            exact = [Int32](repeating: -1, count: size)
        }
    }

    mutating func append(_ pattern: IgnorePattern) {
        let index = Int32(truncatingIfNeeded: records.count)
        var record = Record(
            kind: .name,
            isDirectoryOnly: pattern.isDirectoryOnly,
            isNegated: pattern.isNegated
        )
        func link(_ chain: inout Int32) {
            record.next = chain
            chain = index
        }
        switch pattern.form {
        case .name(let literal), .path(let literal):
            if case .path = pattern.form { record.kind = .path }
            store(literal, in: &record)
            let hash = literal.withUnsafeBufferPointer { literal in
                let start = (literal.lastIndex(of: ASCII.slash) ?? -1) + 1
                return nameHash(UnsafeBufferPointer(rebasing: literal[start...]), foldsCase: foldsCase)
            }
            record.tag = UInt32(truncatingIfNeeded: hash >> 32)
            link(&exact[Int(truncatingIfNeeded: hash) & (exact.count - 1)])
        case .suffix(let literal):
            record.kind = .suffix
            store(literal, in: &record)
            if let last = literal.last {
                if suffixes.isEmpty { suffixes = [Int32](repeating: -1, count: 256) }
                link(&suffixes[Int(last)])
            } else {
                link(&others)
            }
        case .prefix(let literal):
            record.kind = .prefix
            store(literal, in: &record)
            if let first = literal.first {
                if prefixes.isEmpty { prefixes = [Int32](repeating: -1, count: 256) }
                link(&prefixes[Int(first)])
            } else {
                link(&others)
            }
        case .wildcards(let ofName):
            record.kind = ofName ? .nameWildcards : .pathWildcards
            record.start = Int32(truncatingIfNeeded: steps.count)
            record.count = Int32(truncatingIfNeeded: pattern.steps.count)
            let firstSet = Int32(truncatingIfNeeded: sets.count)
            for var step in pattern.steps {
                step.set += firstSet
                steps.append(step)
            }
            sets.append(contentsOf: pattern.sets)
            link(&others)
        case .nothing:
            break
        }
        records.append(record)
    }

    private mutating func store(_ literal: [UInt8], in record: inout Record) {
        record.start = Int32(truncatingIfNeeded: bytes.count)
        record.count = Int32(truncatingIfNeeded: literal.count)
        bytes.append(contentsOf: literal)
    }
}
