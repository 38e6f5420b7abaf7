// One program for all parsers of bytes from outside: `belay-fuzz PARSER [libFuzzer arguments]`.
//
// Built only when BELAY_FUZZ names the fuzzer's runtime; see Scripts/fuzz.sh. A parser may refuse anything, but it
// must not trap, hang, or eat memory: that is all that is asserted here, and all that libFuzzer looks for.

import BelayCore
import BelayFormat
import BelayProject
import BelayRules
import Glibc

/// Parsers by name; each takes any bytes.
let parsers: [String: @Sendable ([UInt8]) -> Void] = [
    "tree": { _ = try? TreeDecoding.examine($0) },
    "index": { _ = try? IndexFile.decode($0) },
    "snapshot": { _ = try? SnapshotCoding.decode($0) },
    "lock": { _ = try? LockFile.decode($0) },
    "config": { _ = try? RepositoryConfig.decode($0) },
    "key": { _ = try? KeyFile.decode($0) },
    "pack-header": { bytes in bytes.withUnsafeBytes { _ = try? PackHeader.decode($0) } },
    "zstd": { bytes in bytes.withUnsafeBytes { _ = try? ZstdDecompressor().decompress($0, limit: 1 << 20) } },
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

@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) var chosen: @Sendable ([UInt8]) -> Void = { _ in }

guard CommandLine.arguments.count > 1, let parser = parsers[CommandLine.arguments[1]] else {
    print(parsers.keys.sorted().joined(separator: "\n"))
    exit(2)
}
chosen = parser
// The program's name, then what is left for the fuzzer.
var words = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) }
words.append(nil)
var count = CInt(words.count - 1)
let status = words.withUnsafeMutableBufferPointer { words in
    // Invariant: there is at least the program's name.
    var start = words.baseAddress.unsafelyUnwrapped
    return runFuzzer(&count, &start) { bytes, length in
        chosen(Array(UnsafeBufferPointer(start: bytes, count: length)))
        return 0
    }
}
exit(status)
