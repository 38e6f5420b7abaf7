import BelayCore
import BelayFormat
import BelayParts
import BelayProject
import BelayRules
import BelaySQLite

/// Everything that parses bytes from outside, for the fuzzer and for the tests that run its seeds.
///
/// A parser may refuse anything, but it must not trap, hang, or eat memory.
package enum Parsers {
    /// Parsers by name; each takes any bytes and forgets what it made of them.
    package static let all = files.merging(databases) { first, _ in first }

    private static let files: [String: @Sendable ([UInt8]) -> Void] = [
        "tree": { _ = try? TreeDecoding.examine($0) },
        "index": { _ = try? IndexFile.decode($0) },
        "snapshot": { _ = try? SnapshotCoding.decode($0) },
        "lock": { _ = try? LockFile.decode($0) },
        "config": { _ = try? RepositoryConfig.decode($0) },
        "key": { _ = try? KeyFile.decode($0) },
        "pack-header": { bytes in bytes.withUnsafeBytes { _ = try? PackHeader.decode($0) } },
        "zstd": { bytes in
            bytes.withUnsafeBytes { _ = try? ZstdDecompressor().decompress($0, limit: 1 << 20) }
        },
        "name": { _ = NameQuoting.unquoted($0) },
        "ignore-file": { bytes in
            guard let file = try? IgnoreFile(bytes) else { return }
            _ = IgnoreRules(infoExclude: file).verdict(
                name: Array("b".utf8),
                relativePath: Array("a/b".utf8),
                isDirectory: false
            )
        },
        "git-index": { _ = try? GitIndex($0) },
        "git-config": { _ = try? GitConfigText($0) },
        "belay-yaml": { bytes in
            _ = try? ProjectConfiguration(
                parsing: String(decoding: bytes, as: UTF8.self),
                file: "belay.yaml",
                environment: [:]
            )
        },
        "zone": { _ = try? TimeZoneRules(zoneFile: $0) },
        "snapshot-reference": { _ = SnapshotReference(String(decoding: $0, as: UTF8.self)) },
        "recovery-key": { _ = try? RecoveryKey(typed: String(decoding: $0, as: UTF8.self)) },
    ]

    private static let databases: [String: @Sendable ([UInt8]) -> Void] = [
        "sqlite-header": { bytes in bytes.withUnsafeBytes { _ = SQLiteHeader($0) } },
        "postgres-address": { bytes in
            let connection = PostgresConnection(String(decoding: bytes, as: UTF8.self))
            _ = connection?.environment([:])
            _ = connection?.database("other").remainder
        },
        "service-address": { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            _ = MariaDBConnection(text)?.environment([:])
            _ = RedisConnection(text)?.environment([:])
        },
        "postgres-contents": { bytes in
            let contents = PostgresContents(String(decoding: bytes, as: UTF8.self))
            _ = contents.owners(notAmong: ["postgres", ""])
            _ = contents.database + contents.privileges
        },
        "sql-statements": { bytes in
            for statement in SQLStatements.split(String(decoding: bytes, as: UTF8.self)) {
                _ = SQLStatements.renamed(statement, to: "other")
                _ = SQLStatements.roles(in: statement)
            }
        },
        "mariadb-dump": { bytes in
            var reader = MariaDBDumpReader()
            inPieces(bytes) { reader.take($0) }
            _ = reader.tables
            bytes.withUnsafeBytes { _ = MariaDBDumpReader.database(in: $0) }
        },
        "redis-dump": { bytes in
            for recordsEntries in [false, true] {
                var reader = RDBReader(recordsEntries: recordsEntries)
                _ = try? inPieces(bytes) { _ = try reader.take($0) }
            }
        },
        "json-document": { bytes in bytes.withUnsafeBytes { _ = try? JSONDocument.count($0) } },
    ]

    /// Hands bytes over as a stream would, cut anywhere.
    private static func inPieces(
        _ bytes: [UInt8],
        _ body: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        try bytes.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: 37) {
                try body(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 37, bytes.count)]))
            }
        }
    }
}
