import ArgumentParser
import BelayReport
import BelayRepository
import BelayWorkflows

/// The command `belay repair`.
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Repair a damaged repository.",
        discussion: .flowing(
            """
            First make a copy of the repository if there is room. Then: repair index, repair packs, repair
            snapshots, and verify after each. With --dry-run each says what it would do and what is lost.
            """
        ),
        subcommands: [RepairIndexCommand.self, RepairPacksCommand.self, RepairSnapshotsCommand.self]
    )
}

/// The command `belay repair index`.
struct RepairIndexCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Make the index anew from the packs that are there.",
        discussion: "Reads the headers of packs that the index does not describe rightly."
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: .long, help: "Read the headers of all packs.")
    var readAllPacks = false

    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.")
    var dryRun = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await repair(context, dryRun) { workflow in
            let plan = try await workflow.index(readingAll: readAllPacks)
            return (
                IndexRepairDocument(plan, isDryRun: dryRun),
                plan.missingPacks.isEmpty && plan.unreadablePacks.isEmpty ? ExitStatus.success : .incomplete
            )
        }
    }
}

/// The command `belay repair packs`.
struct RepairPacksCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "packs",
        abstract: "Save what is still good in damaged packs.",
        discussion: "Without names all packs are read to find the damaged ones."
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The packs, by their 64 digits.")
    var packs: [String] = []

    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.")
    var dryRun = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await repair(context, dryRun) { workflow in
            let plan = try await workflow.packs(packs)
            return (
                PackRepairDocument(plan, isDryRun: dryRun),
                plan.packs.allSatisfy(\.lost.isEmpty) ? ExitStatus.success : .incomplete
            )
        }
    }
}

/// The command `belay repair snapshots`.
struct RepairSnapshotsCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots",
        abstract: "Store what is left of damaged snapshots as new ones.",
        discussion: .flowing(
            """
            A file that has lost something keeps its other pieces under a name that ends in .repaired, so that it
            cannot pass for the whole one. What is lost is listed.
            """
        )
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The snapshots; all if none is given.")
    var snaps: [String] = []

    @Flag(name: .long, help: "Remove the damaged snapshots.")
    var forget = false

    @Flag(name: .long, help: "Read all data first, to find damage that the index does not show.")
    var readData = false

    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.")
    var dryRun = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await repair(context, dryRun) { workflow in
            let plan = try await workflow.snapshots(snaps, forgetting: forget, readingData: readData)
            return (
                SnapshotRepairDocument(plan, isDryRun: dryRun, forgets: forget),
                plan.isEmpty && plan.unreadable.isEmpty ? ExitStatus.success : .incomplete
            )
        }
    }
}

extension BelayCommand {
    fileprivate func repair<Document: ReportDocument>(
        _ context: CommandContext,
        _ isDryRun: Bool,
        _ body: (RepairWorkflow) async throws -> (Document, ExitStatus)
    ) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            let progress = UpkeepProgress()
            let (document, status) = try await ProgressDisplay.during(context.console, .upkeep(progress)) {
                try await body(RepairWorkflow(workspace, isDryRun: isDryRun, progress: progress))
            }
            try context.console.print(document)
            return status
        }
    }
}
