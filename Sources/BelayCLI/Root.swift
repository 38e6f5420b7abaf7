import ArgumentParser
import BelayCore
import BelayReport
import BelaySystem

/// `belay`: the root of all commands.
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "belay",
        abstract: "The safety line of a software project.",
        discussion: .flowing(
            """
            One snapshot holds the state of a project; one command brings it back. Snapshots lie in a restic
            repository: restic can check, mount and restore them without belay.
            """
        ),
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Store",
                subcommands: [
                    InitCommand.self, BackupCommand.self, CheckpointCommand.self, ReleaseCommand.self,
                ]
            ),
            CommandGroup(
                name: "Look",
                subcommands: [
                    ListCommand.self, ShowCommand.self, LsCommand.self, CatCommand.self, FindCommand.self,
                    DiffCommand.self,
                ]
            ),
            CommandGroup(name: "Bring back", subcommands: [RestoreCommand.self, RollbackCommand.self]),
            CommandGroup(
                name: "Keep",
                subcommands: [
                    VerifyCommand.self, CleanupCommand.self, ForgetCommand.self, PruneCommand.self,
                    RepairCommand.self, KeyCommand.self, UnlockCommand.self, CacheCommand.self,
                ]
            ),
            CommandGroup(name: "Internal", subcommands: [DebugCommand.self, GenerateCommand.self]),
        ]
    )
}

/// Runs the program: parses the arguments, carries the command out, and gives the exit status.
package enum CommandLineProgram {
    /// The arguments are those after the program's name.
    package static func run(_ arguments: [String]) async -> Int32 {
        ProcessResources.raiseFileLimit()
        ProcessResources.returnLargeBlocks()
        let task = Task { await perform(arguments) }
        Shutdown.onSignal { task.cancel() }
        return await task.value
    }

    /// What cannot be taken as it was typed must not become something else.
    private static func refusal() -> BelayError? {
        if let number = ProgramArguments.firstInvalid {
            return BelayError(
                .usage,
                "argument \(number) is not valid UTF-8, so it cannot be told which file it means",
                hint: "name the folder that it is in; what is below comes along, whatever it is called"
            )
        }
        if !ProgramArguments.worksInValidDirectory {
            return BelayError(
                .usage,
                "the path of this directory is not valid UTF-8",
                hint: "rename it, or come through a symbolic link"
            )
        }
        return nil
    }

    private static func perform(_ given: [String]) async -> Int32 {
        let arguments = ArgumentOrder.normalized(given)
        let words = CommandWords(arguments)
        do {
            if let problem = refusal() ?? words.problem { throw problem }
            var command = try Root.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let status as ExitCode {
            return status.rawValue
        } catch {
            let console = Console(unparsed: given, environment: ProcessEnvironment.all)
            guard Root.exitCode(for: error) == .success else {
                let problem = error as? BelayError ?? .usage(Root.message(for: error), of: words.text)
                console.report(problem)
                return problem.code.exitStatus
            }
            // Help or the version.
            let message = Root.fullMessage(for: error)
            guard console.isJSON, message == Version.current else {
                console.printLine(message)
                return 0
            }
            // It always encodes; where it cannot be written, nobody reads it.
            _ = try? console.print(VersionDocument())
            return 0
        }
    }
}
