package import BelayCore

/// What a SNAP argument can mean, before any snapshot is looked at.
package enum SnapshotReference: Hashable, Sendable {
    /// `latest`, or `latest~2` for the second before it.
    case latest(back: Int)
    /// `2 hours ago`, `yesterday`: the newest snapshot at or before that moment.
    case relative(RelativeTime)
    /// A whole id of 64 digits.
    case id(SnapshotID)
    /// Anything else: a checkpoint's name, the beginning of a time or of an id.
    ///
    /// Which of these it is, only the snapshots tell; several may fit.
    case word(Word)

    /// A text that has to be compared with the snapshots.
    package struct Word: Hashable, Sendable {
        package let text: String
        /// The time it spells, if it spells one.
        package let time: TimestampPattern?
        /// The lower case digits of an id's beginning, if it can be one.
        package let idPrefix: String?
    }

    /// What `text` can mean, white space around it not counted.
    ///
    /// `nil` if there is nothing else.
    package init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let first = words.first, let last = words.last else { return nil }
        let trimmed = String(text[first.startIndex..<last.endIndex])
        if let back = Self.stepsBack(trimmed) {
            self = .latest(back: back)
        } else if let moment = RelativeTime(trimmed) {
            self = .relative(moment)
        } else if let id = SnapshotID(hexadecimal: trimmed.lowercased()) {
            self = .id(id)
        } else {
            let isHexadecimal =
                trimmed.utf8.count < 64 && trimmed.utf8.allSatisfy { Hexadecimal.value(of: $0) != nil }
            self = .word(
                Word(
                    text: trimmed,
                    time: TimestampPattern(trimmed),
                    idPrefix: isHexadecimal ? trimmed.lowercased() : nil
                )
            )
        }
    }

    /// Whether it names that snapshot by its id or name: then it means the same whatever other snapshots there are.
    ///
    /// `latest` and times depend on the others.
    package func names(_ snapshot: SnapshotSummary) -> Bool {
        switch self {
        case .latest, .relative: false
        case .id(let id): id == snapshot.id
        case .word(let word):
            word.text == snapshot.tags.name
                || word.idPrefix.map { snapshot.id.hexadecimal.utf8.starts(with: $0.utf8) } == true
        }
    }

    /// As many digits of an id are in lists: what has them looks like an id, and what is shorter is a word,
    /// such as `cafe`.
    private static let idDigits = 8

    /// Whether a checkpoint may be called that: nothing that means something else or looks like a time or an
    /// id, which the name would hide, and no control characters.
    package static func isUsableAsName(_ name: String) -> Bool {
        guard case .word(let word) = SnapshotReference(name), word.text == name, word.time == nil,
            (word.idPrefix ?? "").utf8.count < idDigits
        else { return false }
        return !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// The number in `latest~number`, 0 for `latest` alone; numbers too large for the machine are its
    /// largest.
    private static func stepsBack(_ text: String) -> Int? {
        guard text.hasPrefix("latest") else { return nil }
        let rest = text.dropFirst("latest".count)
        if rest.isEmpty { return 0 }
        let digits = rest.dropFirst()
        guard rest.first == "~", !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
            return nil
        }
        return Int(digits) ?? .max
    }
}
