import Foundation
import Testing

/// What a program did.
struct Output: CustomStringConvertible {
    var command: String
    /// The exit status, or the signal that ended it, negated.
    var status: Int32
    var bytes: [UInt8]
    /// What it said on standard error.
    var said: String

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var lines: [Substring] { text.split(separator: "\n") }

    var description: String {
        "\(command)\nended with \(status)\n\(text.prefix(4_000))\n\(said.suffix(4_000))"
    }

    /// The last line of standard output, which is the result where progress comes before it.
    func document<Document: Decodable>(_ type: Document.Type = Document.self) throws -> Document {
        let line = try #require(lines.last, "\(self)")
        return try Self.decode(Array(line.utf8), self)
    }

    /// The last line on standard error, where failures are told in JSON.
    func failure() throws -> FailureDocument {
        let line = try #require(said.split(separator: "\n").last, "\(self)")
        return try Self.decode(Array(line.utf8), self)
    }

    private static func decode<Document: Decodable>(_ bytes: [UInt8], _ output: Output) throws -> Document {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(Document.self, from: Data(bytes))
        } catch {
            throw Trouble("\(error)\n\(output)")
        }
    }
}

/// A test cannot go on.
struct Trouble: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A program that was started, with its output in files so that neither side can wait for the other.
final class RunningProgram {
    let process: pid_t
    private let command: String
    private let output: Int32
    private let errors: Int32
    private var ending: Int32?

    /// Longer than anything here may take on a busy machine.
    private static let limitSeconds = 240.0

    /// Starts it in a directory.
    init(_ arguments: [[UInt8]], in directory: String, environment: [String: String]) throws {
        command = arguments.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        output = try Self.temporaryFile()
        errors = try Self.temporaryFile()

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)

        // Whatever the test runner ignores or blocks is nothing to the program.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // env(1) changes the directory and becomes the program.
        let command = ["/usr/bin/env", "-C", directory].map { Array($0.utf8) } + arguments
        let texts = environment.map { Array("\($0.key)=\($0.value)".utf8) }
        var process = pid_t()
        let failure = withTexts(command) { arguments in
            withTexts(texts) { environment in
                posix_spawn(&process, "/usr/bin/env", &actions, &attributes, arguments, environment)
            }
        }
        self.process = failure == 0 ? process : 0
        guard failure == 0 else { throw Trouble("\(self.command): \(String(cString: strerror(failure)))") }
    }

    deinit {
        // Zero, to which a signal would go to this whole group, if it could not be started.
        if ending == nil, process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(output)
        close(errors)
    }

    /// Sends it a signal, unless it has ended and its number may be another's.
    func signal(_ number: Int32) {
        if isRunning { kill(process, number) }
    }

    /// Stops it in the middle of its work; `false` if it has ended before.
    func stop() -> Bool {
        signal(SIGSTOP)
        var state: Int32 = 0
        guard ending == nil, waitpid(process, &state, WUNTRACED) == process else { return false }
        // As wait(2) encodes that it stands still.
        if state & 0xFF == 0x7F { return true }
        note(state)
        return false
    }

    /// Whether it has not ended yet.
    var isRunning: Bool {
        if ending != nil { return false }
        var state: Int32 = 0
        guard waitpid(process, &state, WNOHANG) == process else { return true }
        note(state)
        return false
    }

    /// Takes the end from what wait(2) says.
    private func note(_ state: Int32) {
        ending = state & 0x7F == 0 ? (state >> 8) & 0xFF : -(state & 0x7F)
    }

    /// Waits until it has ended.
    func finish() throws -> Output {
        guard eventually(within: Self.limitSeconds, { !isRunning }) else {
            signal(SIGKILL)
            throw Trouble("\(command) does not end; it said: \(try said())")
        }
        return Output(
            command: command,
            status: ending ?? 0,
            bytes: try Self.contents(output),
            said: try said()
        )
    }

    private func said() throws -> String { String(decoding: try Self.contents(errors), as: UTF8.self) }

    private static func temporaryFile() throws -> Int32 {
        var template = Array("/tmp/belay-interop-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw Trouble("no temporary file: \(errno)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        return descriptor
    }

    private static func contents(_ descriptor: Int32) throws -> [UInt8] {
        let length = Int(lseek(descriptor, 0, SEEK_END))
        return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            count = max(0, pread(descriptor, buffer.baseAddress, length, 0))
        }
    }
}

/// Looks again and again until something holds; `false` if it does not in that time.
///
/// Another process cannot be told to say when it has got somewhere.
func eventually(within seconds: Double = 60, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = Date().addingTimeInterval(seconds)
    while true {
        if try condition() { return true }
        if Date() > end { return false }
        usleep(1_000)
    }
}

/// Calls `body` with pointers to texts that end in NUL, and a null pointer behind them.
private func withTexts<Result>(
    _ texts: [[UInt8]],
    _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let pointers = texts.map { text in strdup(text.map { CChar(bitPattern: $0) } + [0]) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
