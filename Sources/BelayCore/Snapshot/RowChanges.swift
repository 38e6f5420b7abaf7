/// A value in a row, as much of it as is shown.
package enum RowValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    /// The beginning of a text, and the bytes of the whole.
    case text(String, bytes: UInt64)
    case blob(bytes: UInt64, digest: Digest)
    /// What has no kind of its own here: the JSON text of a number, a truth value, a list or an object.
    case json(String, bytes: UInt64)

    /// So much of a text is kept.
    package static let textMaximum = 4000

    /// A text in UTF-8; of a long one the beginning.
    package static func shortened(text bytes: UnsafeRawBufferPointer) -> RowValue {
        .text(beginning(of: bytes), bytes: UInt64(bytes.count))
    }

    /// A JSON text in UTF-8; of a long one the beginning.
    package static func shortened(json bytes: UnsafeRawBufferPointer) -> RowValue {
        .json(beginning(of: bytes), bytes: UInt64(bytes.count))
    }

    private static func beginning(of bytes: UnsafeRawBufferPointer) -> String {
        var end = min(bytes.count, textMaximum)
        if end < bytes.count {
            // Not within a character.
            while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}

/// A row that is not the same on both sides of a comparison.
package struct RowChange: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case added, removed, changed
    }

    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: RowValue

        package init(_ name: String, _ value: RowValue) {
            self.name = name
            self.value = value
        }
    }

    package struct FieldChange: Hashable, Sendable {
        package var name: String
        /// `nil` where the row has no such field.
        package var before: RowValue?
        package var after: RowValue?

        package init(_ name: String, _ before: RowValue?, _ after: RowValue?) {
            self.name = name
            self.before = before
            self.after = after
        }
    }

    package var kind: Kind
    /// What the row is known by.
    package var key: [Field]
    /// The other fields of a row that came or went.
    package var fields: [Field] = []
    /// The fields that differ in one that both sides have.
    package var changes: [FieldChange] = []

    package init(_ kind: Kind, key: [Field], fields: [Field] = [], changes: [FieldChange] = []) {
        self.kind = kind
        self.key = key
        self.fields = fields
        self.changes = changes
    }
}

/// The rows of a table that differ: all are counted, the first of them are told.
package struct TableRows: Hashable, Sendable {
    package var table: String
    package var added: UInt64 = 0
    package var removed: UInt64 = 0
    package var changed: UInt64 = 0
    package var shown: [RowChange] = []
    /// Why the rows could not be compared.
    package var problem: String?
    private let limit: Int

    /// No differences yet; of those to come, `limit` are told.
    package init(table: String, limit: Int, problem: String? = nil) {
        self.table = table
        self.limit = limit
        self.problem = problem
    }

    /// How many differ and are not told.
    package var unshown: UInt64 { added + removed + changed - UInt64(shown.count) }

    /// Counts a difference; `describe` is called if it is among those that are told.
    package mutating func add(_ kind: RowChange.Kind, _ describe: () throws -> RowChange) rethrows {
        switch kind {
        case .added: added += 1
        case .removed: removed += 1
        case .changed: changed += 1
        }
        if shown.count < limit { shown.append(try describe()) }
    }
}
