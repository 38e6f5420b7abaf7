import BelaySystem

/// A `redis-cli` on this machine, and the server that it is to connect to.
///
/// Calls block.
struct RedisClient: Sendable {
    private let connection: RedisConnection
    private let environment: [String: String]
    private let program: String

    /// `nil` if there is no such program on the search path.
    init?(_ connection: RedisConnection, _ environment: [String: String]) {
        self.connection = connection
        self.environment = connection.environment(environment)
        let found = ["redis-cli", "valkey-cli"].lazy.compactMap { Command($0, environment: environment).path }
        guard let program = found.first else { return nil }
        self.program = program
    }

    /// A program that prints the server's state.
    ///
    /// - Throws: ``RedisFailure`` if redis-cli is older than 6.2, which knows no `-`.
    func streaming() throws -> RunningCommand {
        let text = try Command(program, ["--version"], environment: environment).run(limit: 4096).text
        let numbers = text.split(separator: " ").dropFirst().first?.split(separator: ".").compactMap {
            Int($0)
        }
        if let numbers, numbers.count >= 2, (numbers[0], numbers[1]) < (6, 2) {
            throw RedisFailure(
                "redis-cli \(numbers[0]).\(numbers[1]) cannot print a stream; 6.2 or newer can"
            )
        }
        return try start(["--rdb", "-"], input: .nothing)
    }

    /// What a command gives, as redis-cli prints it.
    ///
    /// - Throws: ``RedisFailure`` with the server's words.
    func answer(_ command: String...) throws -> String {
        let running = try start(command, input: .nothing)
        var text = String(decoding: try running.readToEnd(), as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        guard try running.finish().isSuccess, !RedisFailure.isError(text) else {
            throw RedisFailure(said: running.said.isEmpty ? text : running.said)
        }
        return text
    }

    /// The lines `name:value` of what `INFO` tells.
    func facts(_ section: String) throws -> [String: String] {
        var facts: [String: String] = [:]
        for line in try answer("INFO", section).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        return facts
    }

    /// A program that passes on commands in Redis' own protocol, and tells at its end how many failed.
    ///
    /// However long the server takes over one of them.
    func piping() throws -> RunningCommand { try start(["--pipe", "--pipe-timeout", "0"], input: .pipe) }

    private func start(
        _ arguments: [String],
        input: RunningCommand.Input
    ) throws(SystemError) -> RunningCommand {
        try .start(
            Command(program, connection.arguments + arguments, environment: environment, directory: "/"),
            input: input
        )
    }
}

/// What Redis or redis-cli said when they could not do something.
struct RedisFailure: EngineFailure {
    let message: String

    /// The last line is what matters.
    init(said: String) {
        let line = said.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
        var text = line.map(String.init) ?? "it ended without a word"
        for mark in ["SYNC with master failed: -", "AUTH failed: ", "ERR "] where text.hasPrefix(mark) {
            text = String(text.dropFirst(mark.count))
        }
        message = text
    }

    init(_ message: String) { self.message = message }

    /// Whether an answer is an error, which begins with a word in capitals, such as `NOAUTH`.
    static func isError(_ answer: String) -> Bool {
        let word = answer.prefix { $0 != " " }
        return word.count < answer.count && word.count > 2
            && word.allSatisfy { $0.isUppercase && $0.isLetter }
    }
}
