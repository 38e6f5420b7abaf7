import BelayCore

/// What is in one state of a database: its tables, their rows, and whether it is sound.
struct SQLiteSurvey {
    var version: String
    var tables: [Manifest.Table] = []
    /// Every definition, in the order in which they can be carried out.
    var schema = ""
    /// `ok`, or the first of what is wrong.
    var integrity = ""
    /// Rows whose foreign key points at nothing.
    var danglingKeys = 0

    /// How many faults are named.
    private static let faultsMaximum = 10

    /// Looks at a copy that nobody writes.
    ///
    /// - Throws: ``SQLiteFailure``, or `CancellationError`.
    init(_ path: String) throws {
        try self.init(of: try SQLiteConnection(path, .immutable))
    }

    /// Looks at the state that a connection sees all the while; reads it several times.
    ///
    /// - Throws: ``SQLiteFailure``, or `CancellationError`.
    init(of database: SQLiteConnection) throws {
        version = try database.text("SELECT sqlite_version()") ?? ""
        var faults: [String] = []
        do {
            try database.forEachRow(of: "PRAGMA integrity_check(\(Self.faultsMaximum))") { row in
                faults.append(row.text(0) ?? "")
            }
        } catch let failure as SQLiteFailure where failure.isDamage {
            // So damaged that it cannot even be checked.
            faults.append(failure.message)
        }
        integrity = faults.joined(separator: "; ")
        try Task.checkCancellation()
        // Without a damaged file what follows cannot fail for other reasons than that.
        guard integrity == "ok" else { return }
        try database.forEachRow(of: "PRAGMA foreign_key_check") { _ in danglingKeys += 1 }
        var names: [String] = []
        let definitions =
            "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL "
            + "ORDER BY type = 'trigger', type = 'view', type = 'index', name"
        try database.forEachRow(of: definitions) { row in
            guard let type = row.text(0), let name = row.text(1), let sql = row.text(2) else { return }
            if !name.hasPrefix("sqlite_") { schema += sql + ";\n" }
            // A virtual table's rows are in tables of its own, which are in the list, too.
            if type == "table", !sql.uppercased().hasPrefix("CREATE VIRTUAL") { names.append(name) }
        }
        // What programs number their schemas with.
        for setting in ["user_version", "application_id"] {
            guard let value = try database.text("PRAGMA \(setting)"), value != "0" else { continue }
            schema += "PRAGMA \(setting) = \(value);\n"
        }
        for name in names {
            try Task.checkCancellation()
            tables.append(try Self.table(name, in: database))
        }
    }

    private static func table(_ name: String, in database: SQLiteConnection) throws -> Manifest.Table {
        var digest = RowDigest()
        var rows: UInt64 = 0
        // In the order in which they lie, which is that of their key.
        try database.forEachRow(of: "SELECT * FROM \(SQLiteConnection.quoted(name))") { row in
            rows += 1
            row.encode(into: &digest)
            digest.endRow(columns: row.count)
        }
        return Manifest.Table(name: name, rows: rows, digest: digest.finish())
    }
}
