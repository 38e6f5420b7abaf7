import BelayCore
import BelayFormat
import BelayProject
import BelayRules

/// Everything that parses bytes from outside, for the fuzzer and for the tests that run its seeds.
///
/// A parser may refuse anything, but it must not trap, hang, or eat memory.
package enum Parsers {
    /// Parsers by name; each takes any bytes and forgets what it made of them.
    package static let all: [String: @Sendable ([UInt8]) -> Void] = [
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
}
