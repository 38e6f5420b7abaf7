import ArgumentParser
import BelayCore
import BelayKit
import BelayRepository
import BelaySystem
import BelayWorkflows

/// A command: parsed by ArgumentParser, carried out by ``execute(_:)``.
protocol BelayCommand: AsyncParsableCommand {
    var global: GlobalOptions { get }

    /// Does the work and gives the exit status; what fails is thrown.
    func execute(_ context: CommandContext) async throws -> ExitStatus
}

/// What a command works with.
struct CommandContext: Sendable {
    let console: Console
    let surroundings: Surroundings
    let belay: Belay

    /// Tells what went wrong without stopping the work, and what should be known of the snapshots that were named.
    private func tellNotes(_ workspace: Workspace) {
        for note in workspace.repository.notes { console.warn(note) }
        for notice in workspace.notices.all {
            console.warn(notice.message)
            console.hint(notice.hint)
        }
    }

    /// Runs `body` with an opened workspace, then tells its notes, however it ends.
    ///
    /// What went well with a snapshot that may be another than was meant is no success.
    func withWorkspace(_ body: (Workspace) async throws -> ExitStatus) async throws -> ExitStatus {
        let workspace = try await belay.open()
        defer { tellNotes(workspace) }
        let status = try await body(workspace)
        let isDoubtful = workspace.notices.all.contains { notice in
            if case .mayBeAnother = notice { true } else { false }
        }
        return status == .success && isDoubtful ? .incomplete : status
    }
}

extension BelayCommand {
    mutating func run() async throws {
        let status = await perform()
        if status != .success { throw ExitCode(status.rawValue) }
    }

    private func perform() async -> ExitStatus {
        let surroundings: Surroundings
        do {
            // First of all, so that whatever is relative counts from there.
            if let directory = global.directory { try start(in: directory) }
            surroundings = try Surroundings.current()
        } catch {
            let error = Self.belayError(error)
            Console(global, environment: ProcessEnvironment.all).report(error)
            return ExitStatus(rawValue: error.code.exitStatus)
        }
        let console = Console(global, environment: surroundings.environment)
        do {
            let belay = Belay(surroundings, try global.openOptions())
            return try await execute(
                CommandContext(console: console, surroundings: surroundings, belay: belay)
            )
        } catch {
            if let signal = Shutdown.signal {
                let status = ExitStatus(rawValue: 128 + signal)
                // What went wrong on the way out, such as something that could not be put back.
                let error = Self.belayError(error)
                if error.code != .cancelled { console.report(error) }
                console.reportInterruption(status)
                return status
            }
            let error = Self.belayError(error)
            console.report(error)
            return ExitStatus(rawValue: error.code.exitStatus)
        }
    }

    private func start(in directory: String) throws {
        do throws(SystemError) {
            try Paths.changeWorkingDirectory(directory)
        } catch {
            throw BelayError(
                .projectUnreadable,
                "\(directory) is not a directory that can be used: \(error.reason)",
                hint: "check the path given with -C",
                cause: error
            )
        }
    }

    private static func hint(for error: SystemError) -> String {
        if error.isFull { return "make room there, and run it again" }
        if error.isDenied { return "check who may read and write there" }
        if error.isExisting { return "another program made it at the same moment: look at what is there" }
        return "check the path, and what the system's log says of its disk"
    }

    private static func belayError(_ error: any Error) -> BelayError {
        switch error {
        case let error as BelayError: error
        case let error as SystemError:
            BelayError(.fileSystem, "\(error)", hint: hint(for: error))
        case is CancellationError:
            BelayError(.cancelled, "the command was interrupted", hint: "run it again")
        default:
            BelayError(
                .internalError,
                "something failed that should not",
                hint: "run it again with --verbose, and report what it says",
                cause: error
            )
        }
    }
}
