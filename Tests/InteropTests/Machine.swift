import Foundation
import Testing

/// The other program whose repositories belay shares.
struct Restic: Hashable, Sendable, CustomTestStringConvertible {
    let path: String
    let isOld: Bool

    var testDescription: String { isOld ? "restic 0.14" : "restic 0.18" }

    /// Version 0.18, from `BELAY_TEST_RESTIC`.
    static let current = named("BELAY_TEST_RESTIC", isOld: false)
    /// Debian 12's 0.14, from `BELAY_TEST_RESTIC_OLD`.
    static let old = named("BELAY_TEST_RESTIC_OLD", isOld: true)

    /// Those that tests run with.
    ///
    /// In CI all of them: a test that needs one which is not there fails.
    static let all = [current, old].filter { Machine.isCI || $0.exists }
    static let isWanted = Machine.isCI || current.exists

    private var exists: Bool { !path.isEmpty }

    private static func named(_ variable: String, isOld: Bool) -> Restic {
        Restic(path: ProcessInfo.processInfo.environment[variable] ?? "", isOld: isOld)
    }

    /// The path, once it is known to be one.
    func program() throws -> String {
        try #require(
            !path.isEmpty,
            "set \(isOld ? "BELAY_TEST_RESTIC_OLD" : "BELAY_TEST_RESTIC") to the path of \(testDescription)"
        )
        return path
    }
}

/// What the machine allows a test.
enum Machine {
    static let isCI = !(ProcessInfo.processInfo.environment["CI"] ?? "").isEmpty
    /// Whether owners, devices and mounts can be made.
    static let isRoot = geteuid() == 0
    /// Whether file systems of programs can be mounted.
    static let hasFuse = access("/dev/fuse", R_OK | W_OK) == 0 && access("/usr/bin/fusermount", X_OK) == 0

    /// Whether system calls of a program can be made to fail; CI must have what that needs.
    static let hasTracer = isCI || access("/usr/bin/strace", X_OK) == 0

    /// The binary under test: from `BELAY_BINARY`, or what was built with the tests.
    static let belay: String = {
        if let path = ProcessInfo.processInfo.environment["BELAY_BINARY"] { return path }
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        let folders = sequence(first: tests.deletingLastPathComponent()) { $0.deletingLastPathComponent() }
        let places = folders.prefix(4).map { $0.appendingPathComponent("belay").path }
        // A missing binary shows in the first test that runs it.
        return places.first {
            (try? FileManager.default.attributesOfItem(atPath: $0)[.type] as? FileAttributeType)
                == .typeRegular
        } ?? places[0]
    }()
}
