import ArgumentParser
import BelayCore
import BelaySystem

/// `belay`: the root of all commands.
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "belay",
        abstract: "The safety line of a software project.",
        discussion: """
            One snapshot holds the state of a project; one command brings it back. Snapshots lie in a restic
            repository: restic can check, mount and restore them without belay.
            """,
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
            CommandGroup(name: "Bring back", subcommands: [RestoreCommand.self]),
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
    /// Wrong usage, as the product counts it.
    private static let usageStatus: Int32 = 2

    /// The arguments are those after the program's name.
    package static func run(_ arguments: [String]) async -> Int32 {
        ProcessResources.raiseFileLimit()
        ProcessResources.returnLargeBlocks()
        let task = Task { await perform(ArgumentOrder.normalized(arguments)) }
        Shutdown.onSignal { task.cancel() }
        return await task.value
    }

    /// What cannot be taken as it was typed must not become something else.
    private static func refusal() -> String? {
        if let number = ProgramArguments.firstInvalid {
            return "argument \(number) is not valid UTF-8, so it cannot be told which file it means; "
                + "name the file with a pattern, such as --include '*.txt', or its folder"
        }
        if !ProgramArguments.worksInValidDirectory {
            return "the path of this directory is not valid UTF-8; rename it, or come through a symbolic link"
        }
        return nil
    }

    private static func perform(_ arguments: [String]) async -> Int32 {
        if let refusal = refusal() {
            Terminal.write("error: \(refusal)\n", to: 2)
            return usageStatus
        }
        do {
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
            let status = Root.exitCode(for: error)
            let message = Root.fullMessage(for: error)
            if status == .success {
                Terminal.write(message + "\n", to: 1)
                return 0
            }
            Terminal.write(message + "\n", to: 2)
            return usageStatus
        }
    }
}
