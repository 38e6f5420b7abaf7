import ArgumentParser
import BelayCore
import BelayReport
import BelaySystem
import BelayWorkflows

/// The command `belay rollback`.
struct RollbackCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Bring databases of the project back to a snapshot, in place.",
        discussion: .flowing(
            """
            What is there is stored first. Then every database is loaded beside the live one and compared with
            what was counted when it was stored; only if all are as they should be, each takes its place in one
            moment. What is replaced is kept beside it. Databases of other engines and captures are brought back by
            their own `restore` commands, last. Files are brought back with `belay restore`.
            """
        )
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The snapshot: latest, latest~2, a checkpoint's name, a time, or the start of an id.")
    var snap: String

    @Option(
        name: .long,
        help: .init(
            "A database, a collection as in json/tasks, or a capture; may be repeated.",
            valueName: "part"
        )
    )
    var only: [String] = []

    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.")
    var dryRun = false

    @Flag(name: [.customShort("y"), .long], help: "Do not ask.")
    var yes = false

    @Flag(
        name: .long,
        help: "Replace also what cannot be stored first; it is only kept, by a command not even that."
    )
    var force = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        guard !only.isEmpty else {
            throw BelayError(
                .usage,
                "no part is named",
                hint: "name each with --only; files are brought back with `belay restore`"
            )
        }
        guard yes || dryRun || Terminal.canAsk else {
            throw BelayError(
                .usage,
                "a rollback replaces databases, and there is nobody to ask",
                hint: "look at the plan with --dry-run, then add --yes"
            )
        }
        return try await context.withWorkspace { workspace in
            let request = RollbackRequest(snapshot: snap, only: only, isForced: force)
            var isRefused = false
            let parts = PartProgress()
            let result = try await ProgressDisplay.during(context.console, .parts(parts)) {
                try await RollbackWorkflow(workspace, request, progress: parts).run { plan in
                    try context.console.print(RollbackPlanDocument(plan, in: workspace))
                    if dryRun || plan.changing.isEmpty { return false }
                    if yes { return true }
                    let answer = Terminal.ask("go on? [y/N] ")
                    isRefused = answer.map { !["y", "yes"].contains($0.lowercased()) } ?? true
                    return !isRefused
                }
            }
            if let result { try context.console.print(RollbackDocument(result)) }
            if isRefused { context.console.tell("nothing was changed") }
            return isRefused ? .failure : .success
        }
    }
}
