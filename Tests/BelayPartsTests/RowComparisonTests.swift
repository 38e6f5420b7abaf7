import BelayCore
import BelayParts
import BelaySQLite
import BelayTestKit
import Testing

@Suite struct `The rows of two SQLite databases` {
    /// What differs in a table `t` of two databases made by statements.
    private func compare(
        _ setup: String,
        _ change: String,
        both: String = "",
        limit: Int = 100
    ) throws -> TableRows {
        let scratch = try Scratch()
        let paths = ["old", "new"].map { "\(scratch.path)/\($0).sqlite" }
        for (path, statements) in zip(paths, [setup, setup + ";" + change]) {
            let database = try SQLiteConnection(path, .creating)
            try database.execute(both + ";" + statements)
        }
        let rows = try SQLiteRows().compare(
            ["t"],
            from: ["a.sqlite": paths[0]],
            to: ["a.sqlite": paths[1]],
            limit: limit
        )
        return try #require(rows.first)
    }

    @Test(arguments: ["INTEGER PRIMARY KEY", "INT PRIMARY KEY", "TEXT PRIMARY KEY COLLATE NOCASE"])
    func `are paired by their key`(key: String) throws {
        let rows = try compare(
            "CREATE TABLE t(id \(key), name TEXT, price REAL); "
                + "INSERT INTO t VALUES (1, 'a', 1.5), (2, 'b', NULL), (3, 'c', 3), (10, 'd', 4)",
            "DELETE FROM t WHERE id = 2; UPDATE t SET price = 9 WHERE id = 3; INSERT INTO t VALUES (7, 'x', 0)"
        )
        #expect((rows.added, rows.removed, rows.changed) == (1, 1, 1))
        #expect(rows.unshown == 0 && rows.problem == nil)
        let changed = try #require(rows.shown.first { $0.kind == .changed })
        #expect(changed.changes == [.init("price", .real(3), .real(9))])
        let removed = try #require(rows.shown.first { $0.kind == .removed })
        #expect(removed.fields == [.init("name", .text("b", bytes: 1)), .init("price", .null)])
    }

    /// In the order of every type, and of every encoding: a wrong order would tear rows apart.
    @Test(arguments: ["UTF-8", "UTF-16le", "UTF-16be"], ["", "WITHOUT ROWID"])
    func `are paired whatever their keys are`(encoding: String, suffix: String) throws {
        // Text whose order differs between the encodings: a private use character and one beyond 16 bits.
        let values =
            "(1), (1.5), (9007199254740993), (9007199254740992.0), (-3), ('a'), ('B'), ('\u{E000}'), ('\u{1F600}'), "
            + "('z'), (''), (x''), (x'00'), (x'ff'), ('\u{100}'), ('\u{201}')"
        let rows = try compare(
            "CREATE TABLE t(k PRIMARY KEY, n) \(suffix); INSERT INTO t(k) VALUES \(values)",
            "UPDATE t SET n = 1; INSERT INTO t(k) VALUES ('new')",
            both: "PRAGMA encoding = '\(encoding)'"
        )
        #expect((rows.added, rows.removed, rows.changed) == (1, 0, 16), "\(rows)")
    }

    @Test func `are paired by several columns, and by number where there is no key`() throws {
        let pairs = try compare(
            "CREATE TABLE t(b TEXT, a INT, n INT, PRIMARY KEY (a, b)); "
                + "INSERT INTO t VALUES ('x', 2, 1), ('y', 1, 1), ('x', 1, 1)",
            "UPDATE t SET n = 2 WHERE a = 1 AND b = 'y'"
        )
        #expect((pairs.added, pairs.removed, pairs.changed) == (0, 0, 1))
        #expect(pairs.shown[0].key == [.init("a", .integer(1)), .init("b", .text("y", bytes: 1))])
        let numbered = try compare(
            "CREATE TABLE t(rowid TEXT, n INT); INSERT INTO t VALUES ('a', 1), ('b', 2)",
            "DELETE FROM t WHERE n = 1"
        )
        #expect((numbered.removed, numbered.changed) == (1, 0))
        #expect(numbered.shown[0].key == [.init("rowid", .integer(1))])
    }

    @Test func `are compared without the columns that only one side has`() throws {
        let rows = try compare(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT); INSERT INTO t VALUES (1, 1), (2, 2)",
            "ALTER TABLE t ADD COLUMN extra TEXT DEFAULT 'x'; UPDATE t SET n = 3 WHERE id = 2"
        )
        #expect((rows.added, rows.removed, rows.changed) == (0, 0, 1))
        let other = try compare(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT)",
            "DROP TABLE t; CREATE TABLE t(n INT PRIMARY KEY)"
        )
        #expect(other.problem == "its primary key is another one")
    }

    @Test func `are told up to a limit, and all are counted`() throws {
        let rows = try compare(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, data BLOB)",
            "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10000) "
                + "INSERT INTO t SELECT n, zeroblob(100) FROM c",
            limit: 3
        )
        #expect(rows.added == 10_000 && rows.shown.count == 3 && rows.unshown == 9997)
        guard case .blob(100, _) = rows.shown[0].fields[0].value else {
            Issue.record("no BLOB: \(rows.shown[0])")
            return
        }
    }

    @Test func `tell a type that has changed, and no long text as a whole`() throws {
        let rows = try compare(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 1), (2, '\(String(repeating: "é", count: 5000))')",
            "UPDATE t SET v = '1' WHERE id = 1; UPDATE t SET v = v || 'x' WHERE id = 2"
        )
        #expect(rows.shown[0].changes == [.init("v", .integer(1), .text("1", bytes: 1))])
        guard case .text(let start, 10_000)? = rows.shown[1].changes[0].before else {
            Issue.record("\(rows.shown[1])")
            return
        }
        #expect(start == String(repeating: "é", count: RowValue.textMaximum / 2))
    }
}

@Suite struct `The elements of two JSON documents` {
    private func compare(_ old: String, _ new: String, limit: Int = 100) throws -> TableRows {
        let scratch = try Scratch()
        try scratch.write(old, to: "old")
        try scratch.write(new, to: "new")
        let rows = try JSONRows().compare(
            ["t"],
            from: ["json/t.json": "\(scratch.path)/old"],
            to: ["json/t.json": "\(scratch.path)/new"],
            limit: limit
        )
        return try #require(rows.first)
    }

    @Test func `are paired by id, whatever their order and spacing`() throws {
        let rows = try compare(
            #"[{"id": 1, "name": "a"}, {"id": 2, "name": "b", "tags": [1, 2]}, {"id": 3}]"#,
            #"[{"name":"é","id":4},{"tags":[1,2],"id":2,"name":"\u0062"},{"id":1,"name":"A","n":null}]"#
        )
        #expect((rows.added, rows.removed, rows.changed) == (1, 1, 1))
        #expect(rows.shown.map(\.kind) == [.changed, .removed, .added])
        #expect(
            rows.shown[0].changes == [
                .init("name", .text("a", bytes: 1), .text("A", bytes: 1)), .init("n", nil, .null),
            ]
        )
        #expect(rows.shown[2].key == [.init("id", .integer(4))])
        #expect(rows.shown[2].fields == [.init("name", .text("é", bytes: 2))])
    }

    @Test func `are paired by key or by position otherwise`() throws {
        let keyed = try compare(#"{"a": 1, "b": {"x": 1}}"#, #"{"b": {"x": 1.50}, "c": true}"#)
        #expect((keyed.added, keyed.removed, keyed.changed) == (1, 1, 1))
        #expect(keyed.shown[0].key == [.init("key", .text("a", bytes: 1))])
        #expect(keyed.shown[1].changes == [.init("x", .integer(1), .json("1.50", bytes: 4))])
        let listed = try compare(#"[1, [2, "a b"], 3]"#, #"[1, [ 2,"a b" ], 4, null]"#)
        #expect((listed.added, listed.removed, listed.changed) == (1, 0, 1))
        #expect(listed.shown[0].key == [.init("position", .integer(2))])
        // Two of one id, or an element without: the position is all there is.
        let doubled = try compare(#"[{"id": 1}, {"id": 1}]"#, #"[{"id": 1}]"#)
        #expect(doubled.removed == 1 && doubled.shown[0].key == [.init("position", .integer(1))])
    }

    @Test func `that are no JSON say so`() throws {
        #expect(try compare("[1]", "[1").problem != nil)
    }
}
