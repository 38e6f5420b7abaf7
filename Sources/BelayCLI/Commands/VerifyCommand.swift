import ArgumentParser
import BelayCore
import BelayReport
import BelayRepository
import BelayWorkflows

/// The command `belay verify`.
struct VerifyCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that the repository is whole.",
        discussion: .flowing(
            """
            Checks its structure: that all that snapshots refer to is there, and that every directory can be
            read. With --read-data also every byte of every file against its hash: of the given snapshot, or of
            all. Damage is told with the snapshots and files that it affects. With --deep also what databases
            mean: each is loaded into a scratch place and compared with what was counted when it was stored.
            Nothing is changed.
            """
        ),
        aliases: ["check"]
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "With --read-data: read only what this snapshot needs. With --deep: load its databases.")
    var snap: String?

    @Flag(name: .long, help: "Verify all snapshots; this is what happens if none is given.")
    var all = false

    @Flag(name: .long, help: "Read the contents of files, and check every byte.")
    var readData = false

    @Option(name: .long, help: .init("Read a part of the contents: 5%, 1/10 or 500M.", valueName: "part"))
    var readDataSubset: String?

    @Flag(
        name: .long,
        help: "Load databases into a scratch place and compare them: of the snapshot, the latest, or --all."
    )
    var deep = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        guard !(all && snap != nil) else {
            throw BelayError(.usage, "a snapshot and --all exclude each other", hint: "give one of them")
        }
        guard !(readData && readDataSubset != nil) else {
            throw BelayError(
                .usage,
                "--read-data and --read-data-subset exclude each other",
                hint: "give one of them"
            )
        }
        let depth: VerifyDepth = readDataSubset.map { .subset($0) } ?? (readData ? .data : .structure)
        return try await context.withWorkspace { workspace in
            let progress = UpkeepProgress()
            let parts = PartProgress()
            let source = ProgressDisplay.Source.parts(parts, or: .upkeep(progress))
            let result = try await ProgressDisplay.during(context.console, source) {
                try await VerifyWorkflow(
                    workspace,
                    snapshot: snap,
                    depth: depth,
                    loading: deep ? (all ? .all : .one) : .none,
                    progress: progress,
                    parts: parts
                ).run()
            }
            try context.console.print(VerifyDocument(result))
            if result.hasErrors { return .failure }
            return result.isIncomplete ? .incomplete : .success
        }
    }
}

extension ProgressDisplay.Source {
    static func upkeep(_ progress: UpkeepProgress) -> Self {
        Self {
            let state = progress.state
            let isBytes = state.unit == .bytes
            return ProgressDisplay.Sample(
                action: action(state.phase),
                filesDone: isBytes ? 0 : state.done,
                bytesDone: isBytes ? state.done : 0,
                filesTotal: isBytes || state.total == 0 ? nil : state.total,
                bytesTotal: isBytes && state.total > 0 ? state.total : nil,
                current: ""
            )
        }
    }

    private static func action(_ phase: UpkeepProgress.Phase) -> String {
        switch phase {
        case .reading: "reading snapshots and indexes"
        case .walkingTrees: "reading directories"
        case .readingPacks: "reading packs"
        case .readingHeaders: "reading pack headers"
        case .findingPaths: "finding what is affected"
        case .forgetting: "removing snapshots"
        case .copyingBlobs: "copying what is used"
        case .writingIndex: "writing indexes"
        case .removingFiles: "removing packs"
        }
    }
}
