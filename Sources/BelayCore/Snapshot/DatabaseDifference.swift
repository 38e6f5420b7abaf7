/// What became of a database between two states of a project, as far as their manifests and schemas tell.
package struct DatabaseDifference: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        /// Only the newer side has it.
        case appeared
        /// Only the older side has it.
        case vanished
        case unchanged
        case changed
        /// Somebody has written to it, and nothing that is told of its tables differs; its rows may.
        case written
    }

    /// One side: what the manifest tells, and the definitions, if they are known.
    package struct Side: Hashable, Sendable {
        package var database: Manifest.Database
        package var schema: String?

        package init(_ database: Manifest.Database, schema: String? = nil) {
            self.database = database
            self.schema = schema
        }
    }

    /// A table that is not the same on both sides.
    package struct Table: Hashable, Sendable {
        package var name: String
        /// Number of rows; `nil` where the table is not there.
        package var before: UInt64?
        package var after: UInt64?

        package init(name: String, before: UInt64?, after: UInt64?) {
            self.name = name
            self.before = before
            self.after = after
        }
    }

    package var name: String
    package var engine: String
    /// The engine of the older side, where it was another one.
    package var engineBefore: String?
    package var state: State
    /// In the order of their names.
    ///
    /// Those with as many rows as before have other ones.
    package var tables: [Table] = []
    /// What became of the definitions, in words; `nil` if nothing did, or if they are not known.
    package var schema: String?
    /// Whether the definitions of both sides were compared.
    package var comparesSchemas = false

    /// Compares two sides, of which there is at least one.
    ///
    /// `areSameBytes` tells that both are stored as the very same bytes; `nil` where that is not known.
    package init?(_ old: Side?, _ new: Side?, areSameBytes: Bool? = nil) {
        guard let side = new ?? old else { return nil }
        name = side.database.name
        engine = side.database.engine
        guard let old, let new else {
            state = old == nil ? .appeared : .vanished
            tables = Self.tables(old?.database.tables ?? [], new?.database.tables ?? [])
            return
        }
        let (before, after) = (old.database, new.database)
        let isSameEngine = before.engine == after.engine
        if !isSameEngine { engineBefore = before.engine }
        if isSameEngine, areSameBytes == true || before.fingerprint.map({ $0 == after.fingerprint }) == true {
            state = .unchanged
            return
        }
        tables = Self.tables(before.tables, after.tables)
        if let earlier = old.schema, let later = new.schema {
            comparesSchemas = true
            schema = SchemaObjects.difference(earlier, later)
        }
        let known = before.tables + after.tables
        if !isSameEngine || !tables.isEmpty || schema != nil {
            state = .changed
        } else if Self.tellsAll(before, after), comparesSchemas || !known.isEmpty {
            state = .unchanged
        } else {
            // Of a stream nothing is known but its bytes.
            state = known.isEmpty && !comparesSchemas ? .changed : .written
        }
    }

    /// Whether digests tell of every row on both sides; of a damaged database not even the tables are known.
    private static func tellsAll(_ old: Manifest.Database, _ new: Manifest.Database) -> Bool {
        [old, new].allSatisfy { database in
            database.tables.allSatisfy { $0.digest != nil } && database.checks["integrity"] ?? "ok" == "ok"
        }
    }

    private static func tables(_ old: [Manifest.Table], _ new: [Manifest.Table]) -> [Table] {
        let before = Dictionary(old.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            let (earlier, later) = (before[name], after[name])
            // Without digests equal numbers of rows say nothing, and are not told.
            let isSame =
                earlier != nil && later != nil && earlier?.rows == later?.rows
                && (earlier?.digest == nil || later?.digest == nil || earlier?.digest == later?.digest)
            return isSame ? nil : Table(name: name, before: earlier?.rows, after: later?.rows)
        }
    }
}
