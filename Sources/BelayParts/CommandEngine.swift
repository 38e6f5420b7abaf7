package import BelayCore
package import BelaySystem

/// Any database that a command can print, or a capture.
package struct CommandEngine: DatabaseEngine {
    package let kind: String
    package let name: String
    let command: Command

    /// The name of its file in a snapshot.
    let file: String

    /// The database `name`, which the shell line of `command` prints.
    package init(name: String, command: Command) {
        self.name = name
        self.command = command
        kind = "command"
        file = "\(name).dump"
    }

    /// The capture `name`.
    package init(capture name: String, command: Command) {
        self.name = name
        self.command = command
        kind = "capture"
        file = "\(name).txt"
    }

    private var isCapture: Bool { kind == "capture" }

    package var title: String { "the \(isCapture ? "capture" : "database") '\(name)'" }

    package var advice: EngineAdvice {
        EngineAdvice(
            reading:
                "run the command yourself to see what it says: \(command.arguments.last ?? command.program)",
            restoring:
                "look at what its command under `restore` has done"
        )
    }

    package func fingerprint() async throws -> String? { nil }

    package func dump(to sink: any PartSink) async throws -> DatabaseState {
        try await CommandOutput(part: title, command, code: isCapture ? .captureFailed : .databaseUnreadable)
            .store(file, in: sink)
        return DatabaseState()
    }
}

/// What a command prints, as a part of a snapshot.
package struct CommandOutput: Sendable {
    private let part: String
    private let command: Command
    private let code: ErrorCode

    package init(part: String, _ command: Command, code: ErrorCode) {
        self.part = part
        self.command = command
        self.code = code
    }

    /// Runs the command and stores its output as it comes.
    ///
    /// - Throws: unless it ends with status 0 and has printed something. What was stored then belongs to nothing.
    @discardableResult
    package func store(_ file: String, in sink: any PartSink) async throws -> UInt64 {
        try await withTaskExecutorPreference(BlockingPool.files) {
            let running: RunningCommand
            do throws(SystemError) {
                running = try .start(command)
            } catch {
                throw failure("its command cannot be started: \(error.reason)")
            }
            return try await withTaskCancellationHandler {
                let size = try await sink.store(file, standingFor: nil) { try running.fill($0) }
                let ending = try running.finish()
                try Task.checkCancellation()
                guard ending.isSuccess else {
                    throw failure("its command \(ending)\(Self.words(running.said))")
                }
                guard size > 0 else { throw failure("its command has printed nothing") }
                return size
            } onCancel: {
                running.terminate()
            }
        }
    }

    /// The last line that a program has said, for a message.
    package static func words(_ said: String) -> String {
        let last = said.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
        return last.map { ": \($0)" } ?? ""
    }

    private func failure(_ reason: String) -> BelayError {
        BelayError(
            code,
            "\(part) is not stored: \(reason)",
            hint: "run the command yourself to see what it says: \(command.arguments.last ?? command.program)"
        )
    }
}
