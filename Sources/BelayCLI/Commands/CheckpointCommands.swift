import ArgumentParser
import BelayCore
import BelayReport
import BelayRules
import BelayWorkflows

/// The command `belay checkpoint`.
struct CheckpointCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Store a named snapshot that is kept until it is released.",
        discussion: .flowing(
            """
            With --git-tag, the commit that is checked out gets a tag of the same name in git, once the snapshot is
            stored. A tag that is there is never moved; if there can be none, the checkpoint stays, and the command
            ends with 3.
            """
        )
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var options: BackupOptions

    @Argument(help: "A name for it, such as before-upgrade.")
    var name: String

    @Flag(name: .long, help: "Tag the commit that is checked out with the name, in git.")
    var gitTag = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        guard SnapshotReference.isUsableAsName(name) else {
            throw BelayError(
                .usage,
                "'\(name)' cannot be the name of a checkpoint",
                hint: "use a word that is neither a time nor like an id, such as before-upgrade"
            )
        }
        var request = try options.request(context)
        guard request.only.isEmpty else {
            throw BelayError(
                .usage,
                "a checkpoint holds the whole project",
                hint: "leave --only out, or use belay backup"
            )
        }
        request.kind = .checkpoint
        request.name = name
        request.tagsCommit = gitTag
        request.skipsUnchanged = false
        return try await store(request, context)
    }
}

/// The command `belay release`.
struct ReleaseCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Unpin a checkpoint: from now on retention decides about it.",
        discussion: "The snapshot stays, without its name, until `belay cleanup` finds no rule that keeps it."
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The checkpoint's name.")
    var name: String

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            let released = try await ReleaseWorkflow(workspace).run(name)
            try context.console.print(ReleaseDocument(name: name, released, in: workspace))
            return .success
        }
    }
}
