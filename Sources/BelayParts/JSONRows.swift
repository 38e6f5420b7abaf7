package import BelayCore
import BelayFormat
import BelaySystem

/// Compares the documents of two states by the elements of their lists and the keys of their objects.
package struct JSONRows: RowComparison {
    package init() {}

    /// Bytes; a document is read as a whole.
    private static let documentMaximum = 1 << 30

    package func compare(
        _ tables: [String],
        from old: [String: String],
        to new: [String: String],
        limit: Int
    ) throws -> [TableRows] {
        try tables.map { table in
            try Task.checkCancellation()
            guard let earlier = Self.document(table, in: old), let later = Self.document(table, in: new)
            else {
                return TableRows(table: table, limit: limit, problem: "its document is not there")
            }
            let before = try readFile(path: earlier, limit: Self.documentMaximum)
            let after = try readFile(path: later, limit: Self.documentMaximum)
            do {
                return try before.withUnsafeBytes { before in
                    try after.withUnsafeBytes { after in
                        try Self.compare(table, before, after, limit: limit)
                    }
                }
            } catch let error as FormatError {
                return TableRows(table: table, limit: limit, problem: "\(error)")
            }
        }
    }

    private static func document(_ table: String, in files: [String: String]) -> String? {
        files.first { $0.key.hasSuffix("/\(table).json") }?.value
    }

    private static func compare(
        _ table: String,
        _ before: UnsafeRawBufferPointer,
        _ after: UnsafeRawBufferPointer,
        limit: Int
    ) throws -> TableRows {
        let (earlier, later) = try JSONMembers.pair(before, after)
        var rows = TableRows(table: table, limit: limit)
        for member in earlier.members {
            let key = [RowChange.Field(earlier.keyName, member.key)]
            guard let other = later.value(of: member.key) else {
                try rows.add(.removed) {
                    RowChange(.removed, key: key, fields: try earlier.fields(member.value))
                }
                continue
            }
            if member.value.elementsEqual(other) { continue }
            let changes = try changes(member.value, other)
            if !changes.isEmpty { rows.add(.changed) { RowChange(.changed, key: key, changes: changes) } }
        }
        for member in later.members where earlier.value(of: member.key) == nil {
            try rows.add(.added) {
                let key = [RowChange.Field(later.keyName, member.key)]
                return RowChange(.added, key: key, fields: try later.fields(member.value))
            }
        }
        return rows
    }

    /// Which fields of two objects differ, or that the values do.
    private static func changes(
        _ old: UnsafeRawBufferPointer,
        _ new: UnsafeRawBufferPointer
    ) throws -> [RowChange.FieldChange] {
        guard let before = try JSONMembers(object: old), let after = try JSONMembers(object: new) else {
            if try JSONValue.canonical(old) == JSONValue.canonical(new) { return [] }
            return [.init("value", try JSONValue.row(old), try JSONValue.row(new))]
        }
        var changes: [RowChange.FieldChange] = []
        for field in before.members {
            let other = after.value(of: field.key)
            if let other, try JSONValue.canonical(field.value) == JSONValue.canonical(other) { continue }
            changes.append(
                .init(field.key.name, try JSONValue.row(field.value), try other.map(JSONValue.row))
            )
        }
        for field in after.members where before.value(of: field.key) == nil {
            changes.append(.init(field.key.name, nil, try JSONValue.row(field.value)))
        }
        return changes
    }
}

/// The elements of a list or the members of an object, each with what it is known by.
///
/// Points into the text, and is valid as long as that is.
private struct JSONMembers {
    /// What the keys are: the name of a field, `key` or `position`.
    var keyName: String
    var members: [(key: RowValue, value: UnsafeRawBufferPointer)]
    private let byKey: [RowValue: Int]

    private init(_ keyName: String, _ members: [(key: RowValue, value: UnsafeRawBufferPointer)]) {
        self.keyName = keyName
        self.members = members
        byKey = Dictionary(zip(members.map(\.key), members.indices), uniquingKeysWith: { _, last in last })
    }

    func value(of key: RowValue) -> UnsafeRawBufferPointer? { byKey[key].map { members[$0].value } }

    /// Two documents in the same way: by key, by `id` if all elements of both have one of their own, or by position.
    static func pair(
        _ old: UnsafeRawBufferPointer,
        _ new: UnsafeRawBufferPointer
    ) throws(FormatError) -> (JSONMembers, JSONMembers) {
        if let old = try JSONMembers(object: old), let new = try JSONMembers(object: new) {
            return (old, new)
        }
        let (before, after) = (try elements(old), try elements(new))
        if let old = try byID(before), let new = try byID(after) { return (old, new) }
        return (byPosition(before), byPosition(after))
    }

    /// The members of an object; `nil` if the text is none.
    init?(object text: UnsafeRawBufferPointer) throws(FormatError) {
        guard JSONValue.start(of: text) == 0x7B else { return nil }
        var reader = JSONReader(text, of: "document")
        var members: [(key: RowValue, value: UnsafeRawBufferPointer)] = []
        try reader.enterObject()
        while let key = try reader.nextKey() {
            let bytes = key.bytes
            let name = RowValue.text(String(decoding: bytes, as: UTF8.self), bytes: UInt64(bytes.count))
            members.append((name, try reader.skipValue()))
        }
        self.init("key", members)
    }

    /// What is shown of a member that came or went.
    func fields(_ value: UnsafeRawBufferPointer) throws(FormatError) -> [RowChange.Field] {
        guard let object = try JSONMembers(object: value) else {
            return [.init("value", try JSONValue.row(value))]
        }
        var fields: [RowChange.Field] = []
        for member in object.members where member.key.name != keyName || keyName != "id" {
            fields.append(.init(member.key.name, try JSONValue.row(member.value)))
        }
        return fields
    }

    /// The elements of a list; any other text is one.
    private static func elements(
        _ text: UnsafeRawBufferPointer
    ) throws(FormatError) -> [UnsafeRawBufferPointer] {
        guard JSONValue.start(of: text) == 0x5B else { return [text] }
        var reader = JSONReader(text, of: "document")
        var elements: [UnsafeRawBufferPointer] = []
        try reader.enterArray()
        while try reader.nextElement() { elements.append(try reader.skipValue()) }
        return elements
    }

    private static func byPosition(_ elements: [UnsafeRawBufferPointer]) -> JSONMembers {
        JSONMembers("position", elements.enumerated().map { (.integer(Int64($0.offset)), $0.element) })
    }

    /// `nil` unless all are objects with an `id` of their own.
    private static func byID(_ elements: [UnsafeRawBufferPointer]) throws(FormatError) -> JSONMembers? {
        var members: [(key: RowValue, value: UnsafeRawBufferPointer)] = []
        var seen: Set<RowValue> = []
        for element in elements {
            guard let id = try identity(element), seen.insert(id).inserted else { return nil }
            members.append((id, element))
        }
        return JSONMembers("id", members)
    }

    private static func identity(_ element: UnsafeRawBufferPointer) throws(FormatError) -> RowValue? {
        guard JSONValue.start(of: element) == 0x7B else { return nil }
        var reader = JSONReader(element, of: "document")
        var id: RowValue?
        try reader.enterObject()
        while let key = try reader.nextKey() {
            let isID = if case "id" = key { true } else { false }
            let value = try reader.skipValue()
            if isID { id = JSONValue.isScalar(value) ? try JSONValue.row(value) : nil }
        }
        return id
    }
}

/// What can be done with the text of a value.
private enum JSONValue {
    /// The first byte that is no space.
    static func start(of text: UnsafeRawBufferPointer) -> UInt8? {
        text.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    }

    /// Whether it is a number or a text.
    static func isScalar(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let first = start(of: text) else { return false }
        return first == 0x22 || first == 0x2D || (0x30...0x39).contains(first)
    }

    static func row(_ text: UnsafeRawBufferPointer) throws(FormatError) -> RowValue {
        var reader = JSONReader(text, of: "value")
        switch start(of: text) {
        case 0x22:
            let bytes = try reader.string().bytes
            return bytes.withBytes { RowValue.shortened(text: $0) }
        case 0x6E: return .null
        default:
            let compact = compact(text)
            if let number = Int64(String(decoding: compact, as: UTF8.self)) { return .integer(number) }
            return compact.withBytes { RowValue.shortened(json: $0) }
        }
    }

    /// The text without the space between its pieces.
    private static func compact(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var compact: [UInt8] = []
        var isInString = false
        var isEscaped = false
        for byte in text {
            if isInString {
                if byte == 0x22 && !isEscaped { isInString = false }
                isEscaped = byte == 0x5C && !isEscaped
            } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
                continue
            } else if byte == 0x22 {
                isInString = true
            }
            compact.append(byte)
        }
        return compact
    }

    /// Bytes that are equal for equal values, whatever their spacing, their escapes and the order of their keys.
    static func canonical(_ text: UnsafeRawBufferPointer) throws(FormatError) -> [UInt8] {
        var reader = JSONReader(text, of: "value")
        switch start(of: text) {
        case 0x7B:
            try reader.enterObject()
            var members: [(name: [UInt8], value: [UInt8])] = []
            while let key = try reader.nextKey() {
                let name = key.bytes
                members.append((name, try canonical(reader.skipValue())))
            }
            members.sort { $0.name.lexicographicallyPrecedes($1.name) }
            return [0x7B] + members.flatMap { quoted($0.name) + $0.value } + [0x7D]
        case 0x5B:
            try reader.enterArray()
            var elements: [UInt8] = [0x5B]
            while try reader.nextElement() { elements += try canonical(reader.skipValue()) + [0x2C] }
            return elements + [0x5D]
        case 0x22: return quoted(try reader.string().bytes)
        default: return compact(text)
        }
    }

    /// With its length in front, so that nothing in it is taken for what follows.
    private static func quoted(_ bytes: [UInt8]) -> [UInt8] { Array("\(bytes.count)\"".utf8) + bytes }
}

extension RowValue {
    /// The text as the name of a field.
    fileprivate var name: String { if case .text(let text, _) = self { text } else { "" } }
}
