import ArgumentParser
import BelayCore
import BelayReport
import BelayWorkflows

/// `belay show`: everything about a snapshot.
struct ShowCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about a snapshot.",
        discussion: "When, where and why it was made, the state of git then, what it holds by types of files."
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: .init("A snapshot: latest, a checkpoint's name, a time or an id.", valueName: "snap"))
    var snapshot = "latest"

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            let result = try await ShowWorkflow(workspace).run(snapshot)
            try context.console.print(ShowDocument(result, in: workspace))
            guard let problem = result.manifestProblem else { return .success }
            let id = result.snapshot.stored.id.short
            context.console.warn(
                "the manifest of snapshot \(id) cannot be shown: \(problem.cause.map { "\($0)" } ?? problem.message)"
            )
            return .incomplete
        }
    }
}
