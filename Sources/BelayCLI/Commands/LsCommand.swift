import ArgumentParser
import BelayCore
import BelayReport
import BelayWorkflows

/// `belay ls`: what is in a snapshot.
struct LsCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List what is in a snapshot.",
        discussion: .flowing(
            """
            Paths count from the project's directory; with a slash in front, from the root of the snapshot. Each
            line is a path that `belay cat` and `belay restore` take, but for names with control characters, which
            are shown escaped, and bytes that are no UTF-8, which are shown as �; such files come back with the
            directory that they are in. Ends with 3 if the snapshot holds names that no file can have: they are
            left out.
            """
        )
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: .init("A snapshot: latest, a checkpoint's name, a time or an id.", valueName: "snap"))
    var snapshot: String

    @Argument(help: .init("A directory or file in it.", valueName: "path"))
    var path = "."

    @Flag(name: [.customShort("R"), .long], help: "List what is below directories too.")
    var recursive = false

    @Flag(name: .shortAndLong, help: "Show mode, owner, size, time and where symlinks lead.")
    var long = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            try await ResultOutput.during(context.console) { output in
                var isComplete = true
                try await ListingWorkflow(workspace).run(snapshot, path: path, isRecursive: recursive) {
                    snapshot in
                    try output.print(LsSnapshotDocument(snapshot.stored, in: workspace))
                } refused: { path, reason in
                    isComplete = false
                    context.console.warn("'\(PrintableText.of(path))' is left out: \(reason)")
                } _: { entry in
                    try output.print(LsNodeDocument(entry, isLong: long, zone: workspace.zone))
                }
                return isComplete ? .success : .incomplete
            }
        }
    }
}
