import BelayCore
import BelaySystem
import Synchronization

/// A `psql` that is kept open and asked one thing after the other.
///
/// Calls block; a second one waits for the first.
final class PostgresSession: Sendable {
    private struct State {
        var unread: [UInt8] = []
        var questions = 0
    }

    private let command: RunningCommand
    private let state = Mutex(State())

    /// Separators that no name of a person's contains.
    private static let (field, record) = (UInt8(0x1F), UInt8(0x1E))

    init(
        _ connection: PostgresConnection,
        _ programs: PostgresPrograms,
        _ environment: [String: String]
    ) throws(SystemError) {
        var arguments = [
            "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password", "--set=ON_ERROR_STOP=1",
            "--field-separator=\u{1F}", "--record-separator=\u{1E}", "--file=-",
        ]
        if let remainder = connection.remainder { arguments.append("--dbname=\(remainder)") }
        command = try .start(
            Command(
                programs.path("psql"),
                arguments,
                environment: connection.environment(environment).merging(["PGCLIENTENCODING": "UTF8"]) { $1 }
            ),
            input: .pipe
        )
    }

    /// What a statement gives, row by row.
    ///
    /// - Throws: ``PostgresFailure`` with the server's words.
    func rows(_ sql: String) throws -> [[String]] {
        try state.withLock { state in
            state.questions += 1
            // What psql itself prints marks the end of an answer.
            let mark = "\u{1E}belay-\(state.questions)\u{1E}"
            do {
                try command.write("\(sql);\n\\echo -n '\(mark)'\n")
            } catch {
                throw try ended()
            }
            return try answer(before: Array(mark.utf8), &state).split(separator: Self.record).map(Self.fields)
        }
    }

    private static func fields(_ row: ArraySlice<UInt8>) -> [String] {
        row.split(separator: field, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Reads on until the mark comes.
    private func answer(before mark: [UInt8], _ state: inout State) throws -> [UInt8] {
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            if let range = state.unread.firstRange(of: mark) {
                var answer = Array(state.unread[..<range.lowerBound])
                // psql ends the last row with a newline, whatever separates rows.
                if answer.last == 0x0A { answer.removeLast() }
                state.unread.removeSubrange(..<range.upperBound)
                return answer
            }
            let count = try command.read(into: &room)
            if count == 0 { throw try ended() }
            state.unread += room[..<count]
        }
    }

    /// The first field of the first row.
    func value(_ sql: String) throws -> String { try rows(sql).first?.first ?? "" }

    /// Ends it; what it has open is rolled back by the server.
    func close() throws {
        _ = try command.finish()
    }

    private func ended() throws -> PostgresFailure {
        _ = try command.finish()
        return PostgresFailure(said: command.said)
    }
}

/// What PostgreSQL's programs said when they could not do something.
struct PostgresFailure: EngineFailure {
    let message: String

    /// The last line is what matters, without the program's name and the place in a script.
    init(said: String) {
        let lines = said.split(separator: "\n").map(String.init)
        let line =
            lines.last { $0.contains("ERROR:") || $0.contains("FATAL:") || $0.contains("error:") }
            ?? lines.last
        var text = line ?? "it ended without a word"
        for mark in ["FATAL:  ", "ERROR:  ", "error: "] {
            if let range = text.firstRange(of: mark) { text = String(text[range.upperBound...]) }
        }
        message = text
    }

    init(_ message: String) { self.message = message }
}
