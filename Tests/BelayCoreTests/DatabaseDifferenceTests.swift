import BelayCore
import Testing

@Suite struct `What became of a database` {
    private func side(
        _ tables: [(String, UInt64, String?)],
        engine: String = "sqlite",
        fingerprint: String? = nil,
        schema: String? = nil,
        checks: [String: String] = [:]
    ) -> DatabaseDifference.Side {
        let tables = tables.map { Manifest.Table(name: $0.0, rows: $0.1, digest: $0.2) }
        let database = Manifest.Database(
            name: "main",
            engine: engine,
            path: "",
            tables: tables,
            fingerprint: fingerprint,
            checks: checks
        )
        return DatabaseDifference.Side(database, schema: schema)
    }

    @Test func `is told if only one side has it`() {
        let side = side([("item", 3, "a")])
        #expect(DatabaseDifference(nil, side)?.state == .appeared)
        #expect(DatabaseDifference(side, nil)?.state == .vanished)
        #expect(DatabaseDifference(side, nil)?.tables == [.init(name: "item", before: 3, after: nil)])
        #expect(DatabaseDifference(nil, nil) == nil)
    }

    @Test func `is nothing if fingerprints, bytes or all digests are equal`() {
        let (old, new) = (side([("item", 3, "a")], schema: ""), side([("item", 3, "a")], schema: ""))
        #expect(DatabaseDifference(old, new)?.state == .unchanged)
        let marked = side([("item", 3, nil)], engine: "postgres", fingerprint: "1")
        #expect(DatabaseDifference(marked, marked)?.state == .unchanged)
        let stream = side([], engine: "command")
        #expect(DatabaseDifference(stream, stream, areSameBytes: true)?.state == .unchanged)
    }

    @Test func `is that somebody wrote where numbers of rows are all that is known`() {
        let old = side([("item", 3, nil)], engine: "postgres", fingerprint: "1", schema: "a")
        let new = side([("item", 3, nil)], engine: "postgres", fingerprint: "2", schema: "a")
        let difference = DatabaseDifference(old, new)
        #expect(difference?.state == .written && difference?.tables == [])
        let stream = side([], engine: "command")
        #expect(DatabaseDifference(stream, stream)?.state == .changed)
    }

    /// Its tables could not be read, so that none differ.
    @Test func `is not nothing if a side is damaged`() {
        let broken = side([], schema: "", checks: ["integrity": "page 3 is lost"])
        #expect(DatabaseDifference(broken, broken)?.state == .written)
    }

    @Test func `is told by table, in the order of their names`() {
        let old = side([("price", 9, "a"), ("gone", 1, "b"), ("item", 5000, "c"), ("same", 1, "d")])
        let new = side([("item", 5013, "x"), ("price", 9, "y"), ("fresh", 2, "z"), ("same", 1, "d")])
        let difference = DatabaseDifference(old, new)
        #expect(difference?.state == .changed)
        #expect(
            difference?.tables == [
                .init(name: "fresh", before: nil, after: 2), .init(name: "gone", before: 1, after: nil),
                .init(name: "item", before: 5000, after: 5013), .init(name: "price", before: 9, after: 9),
            ]
        )
    }

    @Test func `is told if the engine is another one`() {
        let difference = DatabaseDifference(side([], fingerprint: "1"), side([], engine: "postgres"))
        #expect(difference?.state == .changed && difference?.engineBefore == "sqlite")
    }
}

@Suite struct `The definitions of a database` {
    private static let old = """
        CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE "odd name" (a);
        CREATE UNIQUE INDEX by_name ON item(name);
        CREATE TRIGGER log AFTER INSERT ON item BEGIN
        SELECT 1;
        SELECT 2;
        END;

        """

    @Test func `do not differ if they are equal`() {
        #expect(SchemaObjects.difference(Self.old, Self.old) == nil)
    }

    @Test(
        arguments: [
            ("CREATE UNIQUE INDEX by_name ON item(name);\n", "", "index by_name removed"),
            ("name TEXT)", "name TEXT, price REAL)", "table item changed"),
            ("CREATE TABLE \"odd name\" (a);\n", "", "table \"odd name\" removed"),
            ("CREATE UNIQUE", "CREATE VIEW v AS SELECT 1;\nCREATE UNIQUE", "view v added"),
            ("SELECT 2", "SELECT 3", "trigger log changed"),
            (
                "CREATE UNIQUE", "CREATE TABLE a(x);\nCREATE TABLE b(x);\nCREATE TABLE c(x);\nCREATE UNIQUE",
                "3 tables added"
            ),
        ]
    )
    func `are told by object`(part: String, replacement: String, words: String) {
        let new = Self.old.replacing(part, with: replacement)
        #expect(new != Self.old)
        #expect(SchemaObjects.difference(Self.old, new) == words)
    }

    @Test func `of PostgreSQL are told by object, too`() {
        let old = """
            --
            -- Name: item; Type: TABLE; Schema: public; Owner: -
            --

            CREATE TABLE public.item (
                id integer NOT NULL
            );


            ALTER TABLE public.item OWNER TO ada;

            --
            -- Name: item item_pkey; Type: CONSTRAINT; Schema: public; Owner: -
            --

            ALTER TABLE ONLY public.item
                ADD CONSTRAINT item_pkey PRIMARY KEY (id);

            """
        let keyless = old.replacing("ADD CONSTRAINT item_pkey PRIMARY KEY (id)", with: "DISABLE TRIGGER ALL")
        #expect(SchemaObjects.difference(old, keyless) == "table public.item changed")
        let more =
            old + "\nCREATE MATERIALIZED VIEW public.sums AS\n SELECT 1;\nCREATE EXTENSION IF NOT EXISTS x;\n"
        #expect(SchemaObjects.difference(old, more) == "extension x added, view public.sums added")
        #expect(SchemaObjects.difference(old, old + "-- a remark\n") == "")
    }
}
