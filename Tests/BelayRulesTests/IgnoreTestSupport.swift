import BelayRules
import Foundation

/// What the tests of the ignore rules share: seeded randomness, folders that go away, and other programs to
/// ask.
enum IgnoreTesting {
    /// A small generator whose whole sequence follows from its seed (SplitMix64).
    struct Randomness: RandomNumberGenerator {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }

        mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
        mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
        mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
    }

    /// A folder that exists as long as the value, with paths of any bytes.
    final class Folder {
        let path: String

        init() throws {
            path =
                FileManager.default.temporaryDirectory
                .appendingPathComponent("belay-ignore-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit {
            // A folder left behind in the temporary directory does no harm.
            try? FileManager.default.removeItem(atPath: path)
        }

        private func withPath<Result>(_ relative: [UInt8], _ body: (UnsafePointer<CChar>) -> Result) -> Result
        {
            let bytes = Array(path.utf8) + [0x2F] + relative + [0]
            return bytes.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
                // Invariant: the buffer has at least the terminating NUL.
                buffer.baseAddress.map(body)
            }.unsafelyUnwrapped
        }

        func makeDirectory(_ relative: [UInt8]) {
            let parts = relative.split(separator: 0x2F)
            for count in parts.indices {
                _ = withPath(Array(parts[...count].joined(separator: [0x2F]))) { mkdir($0, 0o755) }
            }
        }

        func makeLink(_ relative: [UInt8], to target: String) {
            _ = withPath(relative) { symlink(target, $0) }
        }

        func write(_ contents: [UInt8], to relative: [UInt8]) throws {
            if let slash = relative.lastIndex(of: 0x2F) { makeDirectory(Array(relative[..<slash])) }
            let descriptor = withPath(relative) { open($0, O_WRONLY | O_CREAT | O_TRUNC, 0o644) }
            guard descriptor >= 0 else { throw Failure(text: "cannot write \(show(relative)): \(errno)") }
            defer { close(descriptor) }
            let written = contents.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard written == contents.count else { throw Failure(text: "short write") }
        }

        func read(_ relative: String) throws -> [UInt8] {
            Array(try Data(contentsOf: URL(fileURLWithPath: path + "/" + relative)))
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }

    struct Output {
        let status: Int32
        let standardOutput: [UInt8]
        let standardError: String

        /// The parts of the output between NULs.
        var fields: [[UInt8]] {
            standardOutput.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
        }
    }

    /// Runs a program with an environment that no configuration of the machine reaches.
    static func run(
        _ program: String,
        _ arguments: [String],
        in folder: Folder,
        input: [UInt8] = [],
        environment: [String: String] = [:],
        mayFail: Bool = false
    ) throws -> Output {
        // Files instead of pipes: neither side can wait for the other.
        let files = try Folder()
        try files.write(input, to: Array("in".utf8))
        try files.write([], to: Array("out".utf8))
        try files.write([], to: Array("err".utf8))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = [
            "HOME": files.path,
            "PATH": "/usr/bin:/bin",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CEILING_DIRECTORIES": (folder.path as NSString).deletingLastPathComponent,
            "LC_ALL": "C",
        ].merging(environment) { $1 }
        process.standardInput = FileHandle(forReadingAtPath: files.path + "/in")
        process.standardOutput = FileHandle(forWritingAtPath: files.path + "/out")
        process.standardError = FileHandle(forWritingAtPath: files.path + "/err")
        try process.run()
        process.waitUntilExit()
        let output = Output(
            status: process.terminationStatus,
            standardOutput: try files.read("out"),
            standardError: String(decoding: try files.read("err"), as: UTF8.self)
        )
        if output.status != 0, !mayFail {
            throw Failure(text: "\(program) \(arguments): \(output.status) \(output.standardError)")
        }
        return output
    }

    /// The path of a program, from the variable or from the search path; `nil` if it is not installed.
    static func program(_ name: String, variable: String) -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment[variable] { return path }
        return (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static let git = program("git", variable: "BELAY_TEST_GIT")
    static let restic = program("restic", variable: "RESTIC")

    static func git(
        _ arguments: [String],
        in folder: Folder,
        input: [UInt8] = [],
        mayFail: Bool = false
    ) throws -> Output {
        guard let git else { throw Failure(text: "git is not installed") }
        return try run(git, arguments, in: folder, input: input, mayFail: mayFail)
    }

    /// What `git init` makes, without starting git.
    static func makeRepository(in folder: Folder, configuration: String = "") throws {
        folder.makeDirectory(Array(".git/objects".utf8))
        folder.makeDirectory(Array(".git/refs".utf8))
        folder.makeDirectory(Array(".git/info".utf8))
        try folder.write(Array("ref: refs/heads/main\n".utf8), to: Array(".git/HEAD".utf8))
        let text = "[core]\n\trepositoryformatversion = 0\n\tprotectNTFS = false\n\tprotectHFS = false\n"
        try folder.write(Array((text + configuration).utf8), to: Array(".git/config".utf8))
    }

    /// Whether the git at hand lets the stars of `foo**/bar` reach over slashes, as it did up to 2.51.
    static let doubleStarNeedsSlash: Bool = {
        guard let folder = try? Folder() else { return false }
        do {
            try makeRepository(in: folder)
            try folder.write(Array("foo**/bar\n".utf8), to: Array(".gitignore".utf8))
            return try git(["check-ignore", "-q", "foobar"], in: folder, mayFail: true).status == 1
        } catch {
            // Without git, nothing is compared with it.
            return false
        }
    }()

    /// Bytes for people: what is not printable ASCII as `\xNN`.
    static func show(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { $0 >= 0x20 && $0 < 0x7F ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }
            .joined()
    }
}
