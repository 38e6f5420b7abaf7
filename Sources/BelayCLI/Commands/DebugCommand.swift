import ArgumentParser
import BelayArchive
import BelayCore

/// `belay debug`: measuring instruments, not for users.
struct DebugCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "debug",
        abstract: "Instruments for benchmarks.",
        shouldDisplay: false,
        subcommands: [WalkCommand.self]
    )
}

/// `belay debug walk`: looks at every entry below a directory, and does nothing with it.
struct WalkCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "walk",
        abstract: "Walk a tree as a backup does, comparing and storing nothing."
    )

    @OptionGroup var global: GlobalOptions

    @Argument var directory: String

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        let count = try await BareWalk.count(directory)
        context.console.tell("\(count) entries")
        return .success
    }
}
