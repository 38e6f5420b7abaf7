package import BelayCore
import BelayFormat
import BelayParts
import CSQLite

/// Compares two database files row by row.
///
/// Both tables are read in the order of their key, side by side, so that no more than a row of each is in memory. A table
/// without a primary key is compared by the numbers of its rows.
package struct SQLiteRows: RowComparison {
    package init() {}

    package func compare(
        _ tables: [String],
        from old: [String: String],
        to new: [String: String],
        limit: Int
    ) throws -> [TableRows] {
        guard let before = old.values.first, let after = new.values.first else { return [] }
        let (earlier, later) = (
            try SQLiteConnection(before, .immutable), try SQLiteConnection(after, .immutable)
        )
        let encoding = try earlier.text("PRAGMA encoding")
        let isSameEncoding = try later.text("PRAGMA encoding") == encoding
        return try tables.map { table in
            guard isSameEncoding else {
                return TableRows(table: table, limit: limit, problem: "its text encoding is another one")
            }
            do {
                let order = SQLiteTextOrder(encoding: encoding)
                return try Self.compare(table, earlier, later, order, limit: limit)
            } catch let failure as SQLiteFailure {
                return TableRows(table: table, limit: limit, problem: failure.message)
            }
        }
    }

    private static func compare(
        _ table: String,
        _ old: SQLiteConnection,
        _ new: SQLiteConnection,
        _ order: SQLiteTextOrder,
        limit: Int
    ) throws -> TableRows {
        let before = try SQLiteTableShape(table, in: old)
        let after = try SQLiteTableShape(table, in: new)
        var rows = TableRows(table: table, limit: limit)
        guard before.key == after.key else {
            rows.problem = "its primary key is another one"
            return rows
        }
        // Columns that only one side has are part of the schema's change, not of every row's.
        let shared = before.columns.filter(after.columns.contains)
        let earlier = try SQLiteRowCursor(old, before, first: shared)
        let later = try SQLiteRowCursor(new, after, first: shared)
        let keyCount = Int32(before.key.count)
        let sharedCount = keyCount + Int32(shared.count)
        var (hasOld, hasNew) = (try earlier.step(), try later.step())
        var steps = 0
        while hasOld || hasNew {
            steps += 1
            if steps & 0xFFF == 0 { try Task.checkCancellation() }
            let place =
                !hasOld ? 1 : !hasNew ? -1 : order.compare(earlier, later, columns: 0..<keyCount)
            if place < 0 {
                rows.add(.removed) { earlier.change(.removed, keyCount) }
                hasOld = try earlier.step()
            } else if place > 0 {
                rows.add(.added) { later.change(.added, keyCount) }
                hasNew = try later.step()
            } else {
                if !(0..<sharedCount).allSatisfy({ earlier.isSame($0, as: later) }) {
                    rows.add(.changed) {
                        var change = RowChange(.changed, key: later.fields(0..<keyCount))
                        for column in 0..<sharedCount where !earlier.isSame(column, as: later) {
                            change.changes.append(
                                .init(
                                    later.names[Int(column)],
                                    earlier.value(column),
                                    later.value(column)
                                )
                            )
                        }
                        return change
                    }
                }
                hasOld = try earlier.step()
                hasNew = try later.step()
            }
        }
        return rows
    }
}

/// By what the rows of a table are known, and what else they hold.
private struct SQLiteTableShape {
    let table: String
    /// The columns of the primary key, or `rowid`.
    var key: [String] = []
    /// The key as it stands in a statement.
    var keyTerms: [String] = []
    /// All other columns.
    var columns: [String] = []

    init(_ table: String, in database: SQLiteConnection) throws {
        self.table = table
        var key: [(position: Int64, name: String)] = []
        var names: [String] = []
        let statement = "SELECT name, pk, hidden FROM pragma_table_xinfo(\(SQLiteConnection.text(table)))"
        try database.forEachRow(of: statement) { row in
            // A hidden column of a virtual table is none of its own.
            guard let name = row.text(0), row.integer(2) != 1 else { return }
            names.append(name)
            if row.integer(1) > 0 { key.append((row.integer(1), name)) }
        }
        key.sort { $0.position < $1.position }
        self.key = key.map(\.name)
        keyTerms = self.key.map(SQLiteConnection.quoted)
        columns = names.filter { !self.key.contains($0) }
        if key.isEmpty {
            // The name of the row's number that no column has taken.
            let free = ["rowid", "_rowid_", "oid"].first { word in
                !names.contains { $0.lowercased() == word }
            }
            self.key = ["rowid"]
            keyTerms = [free ?? "rowid"]
        }
    }
}

/// The rows of a table in the order of their key, compared byte by byte whatever collation the columns have.
private final class SQLiteRowCursor {
    /// The key's columns, then the others.
    let names: [String]
    let statement: OpaquePointer
    private let database: SQLiteConnection

    init(_ database: SQLiteConnection, _ shape: SQLiteTableShape, first shared: [String]) throws {
        let columns = shared + shape.columns.filter { !shared.contains($0) }
        let terms = shape.keyTerms + columns.map(SQLiteConnection.quoted)
        let order = shape.keyTerms.map { "\($0) COLLATE BINARY" }.joined(separator: ", ")
        let sql =
            "SELECT \(terms.joined(separator: ", ")) FROM \(SQLiteConnection.quoted(shape.table)) ORDER BY \(order)"
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database.handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw database.failure()
        }
        self.statement = statement
        self.database = database
        names = shape.key + columns
    }

    deinit { sqlite3_finalize(statement) }

    /// Goes on to the next row, if there is one.
    func step() throws(SQLiteFailure) -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: true
        case SQLITE_DONE: false
        default: throw database.failure()
        }
    }

    func type(_ column: Int32) -> Int32 { sqlite3_column_type(statement, column) }

    /// The bytes of a text or a BLOB, until the row is left or asked otherwise.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let pointer =
            type(column) == SQLITE_TEXT
            ? UnsafeRawPointer(sqlite3_column_text(statement, column))
            : sqlite3_column_blob(statement, column)
        let count = Int(sqlite3_column_bytes(statement, column))
        return UnsafeRawBufferPointer(start: pointer, count: pointer == nil ? 0 : count)
    }

    /// Whether a value is the same in another row: of the same kind, bit by bit.
    func isSame(_ column: Int32, as other: SQLiteRowCursor) -> Bool {
        let kind = type(column)
        guard kind == other.type(column) else { return false }
        switch kind {
        case SQLITE_NULL: return true
        case SQLITE_INTEGER:
            return sqlite3_column_int64(statement, column) == sqlite3_column_int64(other.statement, column)
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, column).bitPattern
                == sqlite3_column_double(other.statement, column).bitPattern
        default: return bytes(column).elementsEqual(other.bytes(column))
        }
    }

    func value(_ column: Int32) -> RowValue {
        switch type(column) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(statement, column))
        case SQLITE_TEXT: .shortened(text: bytes(column))
        default:
            .blob(bytes: UInt64(bytes(column).count), digest: BlobHasher.digest(bytes(column)))
        }
    }

    func fields(_ columns: Range<Int32>) -> [RowChange.Field] {
        columns.map { RowChange.Field(names[Int($0)], value($0)) }
    }

    func change(_ kind: RowChange.Kind, _ keyCount: Int32) -> RowChange {
        RowChange(kind, key: fields(0..<keyCount), fields: fields(keyCount..<Int32(names.count)))
    }
}

/// The order in which SQLite's `ORDER BY … COLLATE BINARY` gives values ("Datatypes in SQLite", section 4.1).
///
/// Texts are compared as they are stored: byte by byte in the encoding of the database.
private struct SQLiteTextOrder {
    private enum Encoding {
        case utf8, utf16LittleEndian, utf16BigEndian
    }

    private let encoding: Encoding

    init(encoding: String?) {
        self.encoding =
            switch encoding {
            case "UTF-16le": .utf16LittleEndian
            case "UTF-16be": .utf16BigEndian
            default: .utf8
            }
    }

    /// Below zero if the left row comes first, above if the right one does, zero if their keys are equal.
    func compare(_ left: SQLiteRowCursor, _ right: SQLiteRowCursor, columns: Range<Int32>) -> Int {
        for column in columns {
            let place = compare(left, right, column)
            if place != 0 { return place }
        }
        return 0
    }

    private func compare(_ left: SQLiteRowCursor, _ right: SQLiteRowCursor, _ column: Int32) -> Int {
        let (leftType, rightType) = (left.type(column), right.type(column))
        let (leftRank, rightRank) = (Self.rank(leftType), Self.rank(rightType))
        if leftRank != rightRank { return leftRank < rightRank ? -1 : 1 }
        switch leftRank {
        case 0: return 0
        case 1: return Self.compareNumbers(left, leftType, right, rightType, column)
        case 2 where encoding != .utf8: return compareWide(left, right, column)
        default: return Self.compare(left.bytes(column), right.bytes(column))
        }
    }

    private static func rank(_ type: Int32) -> Int {
        switch type {
        case SQLITE_NULL: 0
        case SQLITE_INTEGER, SQLITE_FLOAT: 1
        case SQLITE_TEXT: 2
        default: 3
        }
    }

    private static func compareNumbers(
        _ left: SQLiteRowCursor,
        _ leftType: Int32,
        _ right: SQLiteRowCursor,
        _ rightType: Int32,
        _ column: Int32
    ) -> Int {
        let (first, second) = (left.statement, right.statement)
        switch (leftType == SQLITE_INTEGER, rightType == SQLITE_INTEGER) {
        case (true, true):
            return sign(sqlite3_column_int64(first, column), sqlite3_column_int64(second, column))
        case (false, false):
            return sign(sqlite3_column_double(first, column), sqlite3_column_double(second, column))
        case (true, false):
            return compare(sqlite3_column_int64(first, column), sqlite3_column_double(second, column))
        case (false, true):
            return -compare(sqlite3_column_int64(second, column), sqlite3_column_double(first, column))
        }
    }

    /// An integer and a real, exactly: not every integer of 64 bits is one of the reals.
    private static func compare(_ integer: Int64, _ real: Double) -> Int {
        if real >= 0x1p63 { return -1 }
        if real < -0x1p63 { return 1 }
        let whole = Int64(real.rounded(.towardZero))
        return integer == whole ? sign(Double(whole), real) : sign(integer, whole)
    }

    private static func sign<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }

    private static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        if left.elementsEqual(right) { return 0 }
        return left.lexicographicallyPrecedes(right) ? -1 : 1
    }

    private func compareWide(_ left: SQLiteRowCursor, _ right: SQLiteRowCursor, _ column: Int32) -> Int {
        let (first, second) = (units(left, column), units(right, column))
        if first == second { return 0 }
        return first.lexicographicallyPrecedes(second) ? -1 : 1
    }

    /// The code units of a text as numbers in the order of their stored bytes.
    private func units(_ row: SQLiteRowCursor, _ column: Int32) -> [UInt16] {
        String(decoding: row.bytes(column), as: UTF8.self).utf16.map {
            encoding == .utf16LittleEndian ? $0.byteSwapped : $0
        }
    }
}

extension SQLiteConnection {
    /// A text as it stands in a statement.
    fileprivate static func text(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
