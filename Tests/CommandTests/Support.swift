import Foundation
import Testing

/// A folder of its own for one test, with a home, a project and a repository in it; gone with the value.
///
/// Tests run side by side: nothing here is shared, and nothing of the machine is seen but its programs.
final class Sandbox: Sendable {
    /// What a run of a program gave.
    struct Outcome: Sendable {
        let status: Int32
        let output: [UInt8]
        let errors: String

        /// Standard output as text.
        var text: String { String(decoding: output, as: UTF8.self) }

        /// The lines of standard output, each a JSON object.
        func objects() throws -> [[String: Any]] {
            try text.split(separator: "\n").map { line in
                try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            }
        }
    }

    /// 2050-01-22 14:30:15 UTC, when tests take place unless they say otherwise.
    ///
    /// Far ahead, so that files seem to have been made long before.
    static let now: Int64 = 2_526_474_615

    let folder: String
    /// The project's directory.
    let project: String
    let home: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "belay-command-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = url.resolvingSymlinksInPath().path
        project = "\(folder)/project"
        home = "\(folder)/home"
        for path in [project, home] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    deinit {
        // A folder that cannot be removed does no harm to other tests.
        try? FileManager.default.removeItem(atPath: folder)
    }

    // MARK: - The project

    /// Writes a file of the project, making the directories above it; its time is a day before the test.
    func write(_ name: String, _ bytes: [UInt8], mode: Int = 0o644) throws {
        let path = "\(project)/\(name)"
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes(
            [
                .posixPermissions: mode,
                .modificationDate: Date(timeIntervalSince1970: Double(Self.now - 86_400)),
            ],
            ofItemAtPath: path
        )
    }

    func write(_ name: String, _ text: String, mode: Int = 0o644) throws {
        try write(name, Array(text.utf8), mode: mode)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(project)/\(name)", withDestinationPath: target)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(project)/\(name)")
    }

    // MARK: - Programs

    /// The environment of every program: as good as empty.
    private var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "HOME": home, "TZ": "UTC", "LC_ALL": "C.UTF-8",
            "BELAY_TEST_HOST": "mill",
            "BELAY_TEST_NOW": "\(Self.now)", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": folder,
        ]
    }

    /// Runs belay in the project.
    @discardableResult
    func belay(
        _ arguments: String...,
        environment added: [String: String] = [:],
        directory: String? = nil,
        input: [UInt8] = []
    ) async throws -> Outcome {
        try await run(
            [try Self.binary()] + arguments,
            environment: added,
            directory: directory ?? project,
            input: input
        )
    }

    /// Runs belay and expects it to succeed.
    @discardableResult
    func done(
        _ arguments: String...,
        environment added: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Outcome {
        let outcome = try await run([try Self.binary()] + arguments, environment: added, directory: project)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Runs a program to its end.
    ///
    /// What it prints goes through files, so that no full pipe ever stops it.
    @discardableResult
    func run(
        _ arguments: [String],
        environment added: [String: String] = [:],
        directory: String? = nil,
        input: [UInt8] = []
    ) async throws -> Outcome {
        let base = "\(folder)/run-\(UUID().uuidString)"
        let files = ["\(base).in", "\(base).out", "\(base).err"]
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        try Data(input).write(to: URL(fileURLWithPath: files[0]))
        for file in files[1...] { try Data().write(to: URL(fileURLWithPath: file)) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: arguments[0])
        process.arguments = Array(arguments.dropFirst())
        process.environment = environment.merging(added) { $1 }
        process.currentDirectoryURL = URL(fileURLWithPath: directory ?? project)
        process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: files[0]))
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: files[1]))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: files[2]))
        let status = try await withCheckedThrowingContinuation {
            (ended: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { process in
                // A signal shows as a shell shows it.
                let isSignal = process.terminationReason == .uncaughtSignal
                ended.resume(returning: process.terminationStatus + (isSignal ? 128 : 0))
            }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                ended.resume(throwing: error)
            }
        }
        return Outcome(
            status: status,
            output: Array(try Data(contentsOf: URL(fileURLWithPath: files[1]))),
            errors: String(decoding: try Data(contentsOf: URL(fileURLWithPath: files[2])), as: UTF8.self)
        )
    }

    /// The binary under test: `BELAY_BINARY`, or the one that was built beside the tests.
    static func binary() throws -> String {
        if let path = ProcessInfo.processInfo.environment["BELAY_BINARY"] { return path }
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent()
        for _ in 0..<4 {
            let path = folder.appendingPathComponent("belay").path
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
                return path
            }
            folder.deleteLastPathComponent()
        }
        throw MissingBinary()
    }

    struct MissingBinary: Error, CustomStringConvertible {
        var description: String { "no belay binary: build it, or name it in BELAY_BINARY" }
    }

    // MARK: - Repositories

    /// Sets the project up with a repository of its own and no `belay.yaml`.
    func initialize() async throws {
        try await done("init", "--repository-only")
    }

    /// Stores a snapshot at a moment; gives its id.
    @discardableResult
    func backup(_ arguments: String..., at moment: Int64 = Sandbox.now) async throws -> String {
        let outcome = try await run(
            [try Self.binary(), "backup", "--json"] + arguments,
            environment: ["BELAY_TEST_NOW": "\(moment)"]
        )
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try #require(try outcome.objects().last?["snapshot_id"] as? String)
    }

    /// restic, if there is one to compare with: named by `BELAY_TEST_RESTIC`.
    static var restic: String? { ProcessInfo.processInfo.environment["BELAY_TEST_RESTIC"] }

    /// Runs restic on the sandbox's repository and expects it to succeed.
    @discardableResult
    func restic(
        _ arguments: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Outcome {
        let restic = try #require(Self.restic)
        let keys = "\(home)/.config/belay/keys"
        let key = try #require(FileManager.default.contentsOfDirectory(atPath: keys).first)
        let outcome = try await run(
            [restic] + arguments,
            environment: [
                "RESTIC_REPOSITORY": "\(home)/.local/share/belay/repository",
                "RESTIC_PASSWORD_FILE": "\(keys)/\(key)",
                "RESTIC_CACHE_DIR": "\(folder)/restic-cache",
            ]
        )
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)", sourceLocation: sourceLocation)
        return outcome
    }

    /// The text with ids, the sandbox's path and the user's name replaced by words, for comparison.
    func normalized(_ text: String) -> String {
        var text = text.replacingOccurrences(of: folder, with: "SANDBOX")
        for (pattern, word) in [("\\b[0-9a-f]{64}\\b", "ID"), ("\\b[0-9a-f]{8}\\b", "SHORT-ID")] {
            text = text.replacingOccurrences(of: pattern, with: word, options: .regularExpression)
        }
        return text
    }
}
