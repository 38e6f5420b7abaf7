package import BelayCore
import BelayFormat

/// Reads along in a dump: which tables it holds, how many rows of each, what it defines, and whether it is whole.
///
/// So what is told of a dump is true of that dump, which a count in the server beside it could not be. It relies on
/// how `mariadb-dump` and `mysqldump` write: a statement begins on a line of its own, values hold no raw line ends,
/// and whatever a person wrote with statements inside stands between `DELIMITER` lines.
package struct MariaDBDumpReader {
    private struct Rows {
        var count: UInt64 = 0
        var digest: Digest?
    }

    private enum Place {
        /// In a line that is no row of a table.
        case line
        /// Between `INSERT INTO` and the first value.
        case header
        case values
    }

    /// Whether the last line of a whole dump has come.
    private(set) var isComplete = false
    /// What stands between tables and their rows: triggers, views, routines and events.
    private(set) var code = MariaDBCode()
    private(set) var schema = MariaDBSchemaText()
    private var found: [String: Rows] = [:]

    private var place = Place.line
    private var line: [UInt8] = []
    /// Whether code comes, whose statements end in `;;`.
    private var isInBlock = false
    /// The lines so far of a statement, and whether it is code.
    private var statement: [UInt8] = []
    private var isCode = false

    private let hasher = BlobHasher()
    private var table = ""
    private var count: UInt64 = 0
    private var depth = 0
    private var isInText = false
    private var isEscaped = false

    private static let insert = Array("INSERT INTO `".utf8)
    private static let values = Array(" VALUES".utf8)

    /// All tables, by their names.
    package var tables: [Manifest.Table] {
        found.sorted { $0.key < $1.key }.map {
            Manifest.Table(name: $0.key, rows: $0.value.count, digest: $0.value.digest?.hexadecimal)
        }
    }

    package init() {}

    /// Takes the next bytes.
    package mutating func take(_ bytes: UnsafeRawBufferPointer) { take(bytes) { _ in } }

    /// Takes the next bytes, and hands on those that belong to tables and their rows.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer,
        tables handOn: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        var position = 0
        while position < bytes.count {
            let start = position
            if place == .values {
                position = takeValues(bytes, from: start)
                try handOn(UnsafeRawBufferPointer(rebasing: bytes[start..<position]))
                continue
            }
            let rest = bytes[position...]
            if place == .header {
                // Names may hold anything but a line end; the first value comes after the word.
                line.append(bytes[position])
                position += 1
                if line.last == Self.values.last, line.suffix(Self.values.count).elementsEqual(Self.values),
                    beginValues()
                {
                    try line.withUnsafeBytes(handOn)
                    line.removeAll(keepingCapacity: true)
                }
                continue
            }
            if line.count < Self.insert.count, !isInBlock, statement.isEmpty {
                line.append(bytes[position])
                position += 1
                if line.last == 0x0A {
                    try endLine(handOn)
                } else if line.count == Self.insert.count, line == Self.insert {
                    place = .header
                }
                continue
            }
            let end = rest.firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            line.append(contentsOf: bytes[position..<end])
            position = end
            if line.last == 0x0A { try endLine(handOn) }
        }
    }

    /// The name of the database, which the first lines of a dump tell.
    package static func database(in bytes: UnsafeRawBufferPointer) -> String? {
        let start = String(decoding: bytes.prefix(2048), as: UTF8.self)
        guard let mark = start.firstRange(of: "    Database: ") else { return nil }
        let name = start[mark.upperBound...].prefix { !$0.isNewline }
        return name.isEmpty ? nil : String(name)
    }

    // MARK: - Rows

    /// Whether the name has ended, so that values follow.
    private mutating func beginValues() -> Bool {
        let marks = line.dropFirst(Self.insert.count - 1)
        // An open quote means that the word belongs to a name.
        guard marks.count(where: { $0 == 0x60 }).isMultiple(of: 2), let name = Self.name(in: marks) else {
            return false
        }
        if name != table { finishTable() }
        table = name
        place = .values
        return true
    }

    private mutating func takeValues(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var position = start
        var rowStart = start
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x27 {
                    isInText = false
                }
                continue
            }
            switch byte {
            case 0x27: isInText = true
            case 0x28:
                if depth == 0 {
                    count += 1
                    rowStart = position - 1
                }
                depth += 1
            case 0x29 where depth > 0:
                depth -= 1
                if depth == 0 { hasher.update(UnsafeRawBufferPointer(rebasing: bytes[rowStart..<position])) }
            case 0x3B where depth == 0:
                place = .line
                return position
            default: break
            }
        }
        if depth > 0 { hasher.update(UnsafeRawBufferPointer(rebasing: bytes[rowStart...])) }
        return position
    }

    private mutating func finishTable() {
        guard count > 0 else { return }
        var rows = found[table] ?? Rows()
        let digest = hasher.finish()
        // The rows of a table come in one go; a digest of the first of them only would be wrong.
        rows.digest = rows.count == 0 ? digest : nil
        rows.count += count
        found[table] = rows
        count = 0
    }

    // MARK: - Lines

    private mutating func endLine(_ handOn: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        defer { line.removeAll(keepingCapacity: true) }
        let text = line.dropLast().trimmed
        if isInBlock {
            if text.elementsEqual("DELIMITER ;".utf8) {
                isInBlock = false
            } else {
                statement += line
                if text.suffix(2).elementsEqual(";;".utf8) { endCode(dropping: 2) }
            }
            return
        }
        if statement.isEmpty {
            if text.elementsEqual("DELIMITER ;;".utf8) {
                isInBlock = true
                return
            }
            if text.isEmpty || text.starts(with: "--".utf8) {
                if text.starts(with: "-- Dump completed".utf8) {
                    finishTable()
                    isComplete = true
                }
                return try line.withUnsafeBytes(handOn)
            }
            isCode = text.starts(with: "/*!5".utf8)
            noteTable(text)
        }
        statement += line
        if !isCode { try line.withUnsafeBytes(handOn) }
        // A comment for the client ends with itself.
        let isComment = !isCode && text.starts(with: "/*".utf8) && text.suffix(2).elementsEqual("*/".utf8)
        guard text.last == 0x3B || isComment else { return }
        if isCode {
            endCode(dropping: 1)
        } else {
            schema.add(table: statement)
            statement.removeAll(keepingCapacity: true)
        }
    }

    private mutating func endCode(dropping count: Int) {
        let whole = Array(statement[...].trimmed.dropLast(count))
        statement.removeAll(keepingCapacity: true)
        if whole.trimmed.isEmpty { return }
        code.statements.append(whole)
        schema.add(code: whole)
    }

    private mutating func noteTable(_ text: ArraySlice<UInt8>) {
        let words = "CREATE TABLE "
        guard text.starts(with: words.utf8), let name = Self.name(in: text.dropFirst(words.utf8.count))
        else { return }
        if found[name] == nil { found[name] = Rows(count: 0, digest: BlobHasher.digest([])) }
    }

    /// The name in backticks at the start.
    private static func name(in text: ArraySlice<UInt8>) -> String? {
        guard text.first == 0x60 else { return nil }
        var name: [UInt8] = []
        var rest = text.dropFirst()
        while let byte = rest.popFirst() {
            if byte == 0x60 {
                guard rest.first == 0x60 else { return String(decoding: name, as: UTF8.self) }
                rest = rest.dropFirst()
            }
            name.append(byte)
        }
        return nil
    }
}

extension BidirectionalCollection<UInt8> where SubSequence == ArraySlice<UInt8> {
    /// Without blanks at both ends.
    var trimmed: ArraySlice<UInt8> {
        var slice = self[startIndex...]
        while let last = slice.last, last == 0x20 || last == 0x0A || last == 0x0D { slice.removeLast() }
        return slice.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D }
    }
}
