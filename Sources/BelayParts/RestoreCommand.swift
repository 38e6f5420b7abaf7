package import BelayCore
import BelaySystem

/// A database or a capture that a command of the project's brings back.
///
/// The command gets the stored state on its standard input, or in a file whose path stands where its line says
/// `{file}`. It works on what is live: nothing is loaded beside it, compared, or kept.
package struct RestoreCommand: RestorableEngine {
    private let engine: CommandEngine
    private let line: String
    private let scratch: String

    /// What `engine` has stored, brought back by the shell line `line`; in `scratch` it may make folders for a while.
    package init(_ engine: CommandEngine, line: String, scratch: String) {
        self.engine = engine
        self.line = line
        self.scratch = scratch
    }

    package var name: String { engine.name }
    package var kind: String { engine.kind }
    package var title: String { engine.title }
    package var advice: EngineAdvice { engine.advice }
    package var keepsReplaced: Bool { false }

    package func fingerprint() async throws -> String? { nil }

    package func dump(to sink: any PartSink) async throws -> DatabaseState { try await engine.dump(to: sink) }

    package func isThere() async throws -> Bool { true }

    package func rehearse(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> DatabaseState {
        throw BelayError(
            .databaseProgramsMissing,
            "\(title) cannot be tried out: its command knows the live one only"
        )
    }

    package func stage(
        _ stored: Manifest.Database,
        from source: any PartSource
    ) async throws -> any StagedDatabase {
        try await restoring {
            // As a whole, and checked, before the command changes anything.
            let folder = try await ScratchFolder.filled(in: scratch, for: name) { folder in
                _ = try await source.place(engine.file, in: folder)
            }
            return StagedForCommand(part: self, folder: folder)
        }
    }

    package func kept() async throws -> [KeptDatabase] { [] }

    package func takeBack(_ kept: KeptDatabase, at moment: Timestamp) async throws -> KeptDatabase? {
        throw BelayError(.internalError, "\(title) is never kept")
    }

    package func drop(_ kept: KeptDatabase) async throws {}

    /// Runs the command with a stored state.
    fileprivate func run(_ file: String) async throws {
        let isNamed = line.contains("{file}")
        var command = engine.command
        command.arguments = ["-c", line.replacing("{file}", with: Self.quoted(file))]
        let running = try RunningCommand.start(
            command,
            input: isNamed ? .nothing : .pipe,
            output: .nothing
        )
        try await withTaskCancellationHandler {
            if !isNamed { try Self.write(file, to: running) }
            let ending = try running.finish()
            try Task.checkCancellation()
            guard ending.isSuccess else {
                throw CommandFailure(message: "its command \(ending)\(CommandOutput.words(running.said))")
            }
        } onCancel: {
            running.terminate()
        }
    }

    private static func write(_ file: String, to running: RunningCommand) throws(SystemError) {
        let source = try OpenFile.reading(path: file)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { room.deallocate() }
        while true {
            let count = try source.read(into: room)
            if count == 0 { break }
            do throws(SystemError) {
                try running.write(UnsafeRawBufferPointer(rebasing: room[..<count]))
            } catch {
                // It has read what it wanted to, or has ended: its status tells.
                if error.isUnread { break }
                throw error
            }
        }
        running.closeInput()
    }

    private static func quoted(_ path: String) -> String { "'" + path.replacing("'", with: "'\\''") + "'" }
}

/// What a command of the project's did not do.
struct CommandFailure: EngineFailure {
    let message: String
}

/// A stored state in a file, for a command to take in.
private struct StagedForCommand: StagedDatabase {
    let part: RestoreCommand
    let folder: ScratchFolder

    func survey() async throws -> DatabaseState { DatabaseState() }

    func swap(at moment: Timestamp) async throws -> KeptDatabase? {
        try await part.restoring { try await part.run("\(folder.path)/\(part.file)") }
        return nil
    }

    func discard() async throws {
        try await part.restoring { try folder.remove() }
    }
}

extension RestoreCommand {
    fileprivate var file: String { engine.file }
}
