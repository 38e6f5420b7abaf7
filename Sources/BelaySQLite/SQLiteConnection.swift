import BelayParts
import CSQLite

/// What SQLite answered when it could not do something.
package struct SQLiteFailure: EngineFailure, Hashable {
    /// SQLite's extended result code.
    package var code: Int32
    package var message: String

    /// Whether another connection is in the way for the moment.
    package var isBusy: Bool {
        code & 0xFF == SQLITE_BUSY || code & 0xFF == SQLITE_LOCKED
    }

    /// Whether the file is damaged.
    package var isDamage: Bool { code & 0xFF == SQLITE_CORRUPT || isForeign }

    /// Whether the file is no database, or one that only its own program can read.
    package var isForeign: Bool { code & 0xFF == SQLITE_NOTADB }
}

/// A connection to a database file; used by one thread at a time.
package final class SQLiteConnection {
    package enum Mode: Sendable {
        /// Reads a file that nobody writes, without locks.
        case immutable
        /// Reads a file without locks that somebody may write, which then gives anything.
        case unlocked
        /// Reads beside others; may bring a left-over journal to its end, as every reader must.
        case reading
        case writing
        /// Makes the file if it is not there.
        case creating
    }

    let handle: OpaquePointer
    package let path: String

    package init(_ path: String, _ mode: Mode) throws(SQLiteFailure) {
        self.path = path
        var handle: OpaquePointer?
        let flags: Int32
        var name = path
        switch mode {
        case .immutable, .unlocked:
            flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            name = "file:\(Self.escaped(path))?immutable=1"
        case .reading, .writing: flags = SQLITE_OPEN_READWRITE
        case .creating: flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        }
        var status = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
        if mode == .reading, status & 0xFF == SQLITE_CANTOPEN || status & 0xFF == SQLITE_READONLY {
            sqlite3_close_v2(handle)
            handle = nil
            status = sqlite3_open_v2(name, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
        }
        guard status == SQLITE_OK, let handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            let code = handle.map { sqlite3_extended_errcode($0) } ?? status
            sqlite3_close_v2(handle)
            throw SQLiteFailure(code: code, message: message)
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 2_000)
        // Pages of a file that nobody writes, nor cuts short, need not be copied to be read.
        if mode == .immutable { try execute("PRAGMA mmap_size = \(1 << 40)") }
    }

    deinit { sqlite3_close_v2(handle) }

    /// Carries statements out, and throws away what they give.
    package func execute(_ sql: String) throws(SQLiteFailure) {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        if status != SQLITE_OK { throw failure() }
    }

    /// Calls `body` for every row that a statement gives.
    ///
    /// - Throws: ``SQLiteFailure``, or what `body` throws, which ends the statement.
    package func forEachRow(
        of sql: String,
        _ body: (SQLiteRow) throws -> Void
    ) throws {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw failure()
        }
        defer { sqlite3_finalize(statement) }
        let row = SQLiteRow(statement: statement)
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try body(row)
            case SQLITE_DONE: return
            default: throw failure()
            }
        }
    }

    /// The first column of the first row as text; `nil` if there is no row or it is NULL.
    package func text(_ sql: String) throws -> String? {
        var result: String?
        var isFirst = true
        try forEachRow(of: sql) { row in
            if isFirst { result = row.text(0) }
            isFirst = false
        }
        return result
    }

    func failure() -> SQLiteFailure {
        SQLiteFailure(
            code: sqlite3_extended_errcode(handle),
            message: String(cString: sqlite3_errmsg(handle))
        )
    }

    /// A name as it stands in a statement.
    package static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// A path as it stands in a URI.
    private static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in path.utf8 {
            switch byte {
            case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x2F, 0x2E, 0x2D, 0x5F: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A row that a statement has come to; valid until it goes on.
package struct SQLiteRow {
    let statement: OpaquePointer

    package var count: Int32 { sqlite3_column_count(statement) }

    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    /// The column as text; `nil` for NULL.
    package func text(_ column: Int32) -> String? {
        guard sqlite3_column_type(statement, column) != SQLITE_NULL else { return nil }
        // The pointer first: asking for it may change the encoding, and with it the length.
        guard let pointer = sqlite3_column_text(statement, column) else { return nil }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: pointer, count: count), as: UTF8.self)
    }

    /// Hands every column over as its type and bytes: what a digest of the row is made of.
    func encode(into digest: inout RowDigest) {
        for column in 0..<count {
            let type = sqlite3_column_type(statement, column)
            switch type {
            case SQLITE_INTEGER: digest.add(type, number: UInt64(bitPattern: integer(column)))
            case SQLITE_FLOAT: digest.add(type, number: sqlite3_column_double(statement, column).bitPattern)
            case SQLITE_NULL: digest.add(type, number: 0)
            default:
                let pointer =
                    type == SQLITE_TEXT
                    ? UnsafeRawPointer(sqlite3_column_text(statement, column))
                    : sqlite3_column_blob(statement, column)
                let length = Int(sqlite3_column_bytes(statement, column))
                digest.add(
                    type,
                    bytes: UnsafeRawBufferPointer(start: pointer, count: pointer == nil ? 0 : length)
                )
            }
        }
    }
}
