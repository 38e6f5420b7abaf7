/// What belay says about a snapshot in its tags, and the tags that people gave it.
///
/// Tags are the one place that survives whatever restic does with a snapshot and that restic's own
/// `--keep-tag` sees. belay's are `belay`, `belay:kind=…`, `belay:name=…`, `belay:project=…` and, for each part
/// of a snapshot that does not hold the whole project, `belay:only=…`. Values are percent-encoded where a tag
/// cannot hold them. Reading and writing lose nothing: a tag that is not exactly what belay would have written
/// counts as a person's.
package struct SnapshotTags: Hashable, Sendable {
    /// What a snapshot was made for; a word of a later version of belay is kept as it is.
    package struct Kind: Hashable, Sendable {
        package let word: String

        package init(word: String) {
            self.word = word
        }

        package static let backup = Kind(word: "backup")
        package static let checkpoint = Kind(word: "checkpoint")
        package static let safety = Kind(word: "safety")
        package static let imported = Kind(word: "imported")
    }

    /// Whether belay made the snapshot.
    package private(set) var isBelay = false
    package private(set) var kind: Kind?
    /// The name of a checkpoint.
    package private(set) var name: String?
    package private(set) var project: String?
    /// The parts that alone are in the snapshot, in the order of their bytes; empty if it holds all of the project.
    package private(set) var only: [String] = []
    /// Every other tag, in order.
    package private(set) var userTags: [String] = []

    /// The tags of a new snapshot of belay.
    package init(
        kind: Kind,
        name: String? = nil,
        project: String? = nil,
        only: [String] = [],
        userTags: [String] = []
    ) throws(SnapshotTagError) {
        for tag in userTags {
            if let problem = SnapshotTagError(userTag: tag) { throw problem }
        }
        isBelay = true
        self.kind = kind
        self.name = name
        self.project = project
        for part in only { insert(part) }
        self.userTags = userTags
    }

    /// What the tags in a snapshot file say; every list of tags says something.
    package init(_ tags: [String]) {
        for tag in tags where !take(tag) {
            userTags.append(tag)
        }
    }

    /// The tags as they stand in a snapshot file: belay's first, then the others.
    package var tags: [String] {
        var tags: [String] = isBelay ? [Self.mark] : []
        if let kind { tags.append(Self.kindPrefix + TagValue.encode(kind.word)) }
        if let name { tags.append(Self.namePrefix + TagValue.encode(name)) }
        if let project { tags.append(Self.projectPrefix + TagValue.encode(project)) }
        return tags + only.map { Self.onlyPrefix + TagValue.encode($0) } + userTags
    }

    /// Whether this is a checkpoint: kept, whatever the rules say, until it is released.
    package var isCheckpoint: Bool { kind == .checkpoint }

    /// The same tags with another kind and name; what `checkpoint` and `release` write.
    package func with(kind: Kind, name: String?) -> SnapshotTags {
        var copy = self
        copy.isBelay = true
        copy.kind = kind
        copy.name = name
        return copy
    }

    /// The tag of every snapshot that belay makes.
    package static let mark = "belay"
    private static let kindPrefix = "belay:kind="
    private static let namePrefix = "belay:name="
    private static let projectPrefix = "belay:project="
    private static let onlyPrefix = "belay:only="

    /// The tag by which restic can be told to keep or show the snapshots of a kind.
    package static func tag(for kind: Kind) -> String { kindPrefix + TagValue.encode(kind.word) }

    private mutating func take(_ tag: String) -> Bool {
        if !isBelay, tag.utf8.elementsEqual(Self.mark.utf8) {
            isBelay = true
            return true
        }
        if kind == nil, let word = TagValue.decode(tag, after: Self.kindPrefix) {
            kind = Kind(word: word)
            return true
        }
        if name == nil, let value = TagValue.decode(tag, after: Self.namePrefix) {
            name = value
            return true
        }
        if project == nil, let value = TagValue.decode(tag, after: Self.projectPrefix) {
            project = value
            return true
        }
        if let part = TagValue.decode(tag, after: Self.onlyPrefix) { return insert(part) }
        return false
    }

    /// Puts a part where its bytes say; `false` if it is there already.
    @discardableResult
    private mutating func insert(_ part: String) -> Bool {
        let position = only.firstIndex { !$0.utf8.lexicographicallyPrecedes(part.utf8) } ?? only.endIndex
        if position < only.endIndex, only[position].utf8.elementsEqual(part.utf8) { return false }
        only.insert(part, at: position)
        return true
    }
}

/// Why a tag that a person gave cannot be stored.
package enum SnapshotTagError: Error, Hashable, Sendable {
    /// Nothing is there, or only white space.
    case empty
    /// restic separates tags by commas.
    case comma(String)
    /// `belay` and what begins with `belay:` have a meaning of their own.
    case reserved(String)

    /// What is wrong with a tag; `nil` if it can be stored.
    package init?(userTag tag: String) {
        if tag.allSatisfy(\.isWhitespace) {
            self = .empty
        } else if tag.utf8.contains(UInt8(ascii: ",")) {
            self = .comma(tag)
        } else if tag == SnapshotTags.mark || tag.utf8.starts(with: "belay:".utf8) {
            self = .reserved(tag)
        } else {
            return nil
        }
    }
}

extension SnapshotTagError {
    /// The failure in the words for a person.
    package var report: BelayError {
        switch self {
        case .empty: BelayError(.usage, "a tag is empty", hint: "write a word: --tag nightly")
        case .comma(let tag):
            BelayError(.usage, "the tag '\(tag)' has a comma in it", hint: "write it without")
        case .reserved(let tag):
            BelayError(
                .usage,
                "the tag '\(tag)' is one of belay's own",
                hint:
                    "choose one that is not '\(SnapshotTags.mark)' and does not begin with '\(SnapshotTags.mark):'"
            )
        }
    }
}

/// A value within a tag: `%` and two digits stand for each byte that a tag cannot hold.
private enum TagValue {
    /// Encodes commas, per cent signs, control characters, line separators and white space at the end, which
    /// restic would cut off on its command line.
    static func encode(_ value: String) -> String {
        var encoded = ""
        let trailing = value.unicodeScalars.reversed().prefix { $0.properties.isWhitespace }.count
        let spaceStart = value.unicodeScalars.count - trailing
        for (index, scalar) in value.unicodeScalars.enumerated() {
            if isPlain(scalar) && index < spaceStart {
                encoded.unicodeScalars.append(scalar)
            } else {
                for byte in String(scalar).utf8 {
                    encoded += "%" + Hexadecimal.text(CollectionOfOne(byte)).uppercased()
                }
            }
        }
        return encoded
    }

    /// The value behind a prefix; `nil` unless it is written exactly as ``encode(_:)`` writes it.
    static func decode(_ tag: String, after prefix: String) -> String? {
        guard tag.utf8.starts(with: prefix.utf8) else { return nil }
        let written = Array(tag.utf8.dropFirst(prefix.utf8.count))
        var bytes: [UInt8] = []
        var index = 0
        while index < written.count {
            if written[index] == UInt8(ascii: "%") {
                guard index + 3 <= written.count, let byte = Hexadecimal.bytes(written[index + 1..<index + 3])
                else {
                    return nil
                }
                bytes += byte
                index += 3
            } else {
                bytes.append(written[index])
                index += 1
            }
        }
        guard let value = String(validating: bytes, as: UTF8.self) else { return nil }
        return encode(value).utf8.elementsEqual(written) ? value : nil
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: false
        default: scalar != "," && scalar != "%"
        }
    }
}
