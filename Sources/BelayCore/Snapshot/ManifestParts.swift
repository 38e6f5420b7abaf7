// What the manifest tells of databases and captures, and of parts that could not be stored.
extension Manifest {
    /// A database in the snapshot.
    package struct Database: Codable, Hashable, Sendable {
        package var name: String
        /// `sqlite`, `postgres`, `mariadb`, `redis`, `json` or `command`.
        package var engine: String
        /// Version of the engine that held it.
        package var version: String?
        /// Where its state lies in the snapshot: a file, or a directory of files, below the root.
        package var path: String
        /// Where it lay in the project's directory, if it is a file or a directory there.
        package var source: String?
        /// Size of its stored state.
        package var bytes: UInt64
        package var tables: [Table]
        /// What tells, compared with a later one, that nothing was written in between; `nil` if nothing does.
        package var fingerprint: String?
        /// What checks of the stored state found, such as `integrity: ok`.
        package var checks: [String: String]
        /// Whether the state was taken over from an earlier snapshot because nothing had been written.
        package var isReused: Bool
        /// How finely its state was cut, as a power of two; absent where that is unknown.
        package var chunkBits: Int?

        package init(
            name: String,
            engine: String,
            version: String? = nil,
            path: String,
            source: String? = nil,
            bytes: UInt64 = 0,
            tables: [Table] = [],
            fingerprint: String? = nil,
            checks: [String: String] = [:],
            isReused: Bool = false,
            chunkBits: Int? = nil
        ) {
            self.name = name
            self.engine = engine
            self.version = version
            self.path = path
            self.source = source
            self.bytes = bytes
            self.tables = tables
            self.fingerprint = fingerprint
            self.checks = checks
            self.isReused = isReused
            self.chunkBits = chunkBits
        }

        private enum CodingKeys: String, CodingKey {
            case name, engine, version, path, source, bytes, tables, fingerprint, checks
            case isReused = "reused"
            case chunkBits = "chunk_bits"
        }
    }

    /// A table of a database, or a collection.
    package struct Table: Codable, Hashable, Sendable {
        package var name: String
        package var rows: UInt64
        /// Digest of all rows in the order of their key; `nil` where none was made.
        package var digest: String?

        package init(name: String, rows: UInt64, digest: String? = nil) {
            self.name = name
            self.rows = rows
            self.digest = digest
        }
    }

    /// The output of a command in the snapshot.
    package struct Capture: Codable, Hashable, Sendable {
        package var name: String
        package var run: String
        /// Where the output lies in the snapshot.
        package var path: String
        package var bytes: UInt64
        package var restore: String?

        package init(name: String, run: String, path: String, bytes: UInt64, restore: String?) {
            self.name = name
            self.run = run
            self.path = path
            self.bytes = bytes
            self.restore = restore
        }
    }

    /// A part that should be in the snapshot and is not.
    package struct MissingPart: Codable, Hashable, Sendable {
        package var name: String
        /// `database` or `capture`.
        package var kind: String
        package var reason: String

        package init(name: String, kind: String, reason: String) {
            self.name = name
            self.kind = kind
            self.reason = reason
        }
    }
}
