import ArgumentParser
import BelayArchive
import BelayCore
import BelayReport
import BelayWorkflows

/// `belay diff`: what has changed.
struct DiffCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what differs between two snapshots, or a snapshot and the project now.",
        discussion: .flowing(
            """
            Without snapshots, compares the latest with the project as it is now; with one, that one. In front of
            each path stands + for added, - for removed, M for changed contents, T for another type, U for changed
            metadata, and ? where contents differ although the file system says that nobody changed them.

            Databases are compared by their tables, numbers of rows and definitions, and captures by what the command
            prints. For a database that somebody has written to since, that takes as long as reading it.
            """
        )
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: .init("The older snapshot; the latest if none is named.", valueName: "a"))
    var from: String?

    @Argument(help: .init("The newer snapshot; the project now if none is named.", valueName: "b"))
    var to: String?

    @Flag(name: .long, help: "Print a patch that `git apply` and `patch -p1` take.")
    var patch = false

    @Flag(name: .long, help: "Count the lines that were added to texts and removed.")
    var stat = false

    @Flag(name: .long, help: "Tell also of what differs only in mode, owner, time or attributes.")
    var metadata = false

    @Flag(name: .long, help: "Tell which rows of SQLite databases and JSON documents differ, by their keys.")
    var rows = false

    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("With --rows, tell at most so many rows of a table.", valueName: "n")
    )
    var limit = 20

    @Option(
        name: .long,
        help: .init("Compare only this part or path; may be repeated.", valueName: "part|path")
    )
    var only: [String] = []

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must not be negative.") }
        if patch && stat { throw ValidationError("--patch and --stat exclude each other.") }
    }

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        var request = DiffRequest()
        request.from = from
        request.to = to
        request.only = only
        request.includesMetadata = metadata
        request.comparesTexts = patch || stat
        request.comparesRows = rows
        request.rowsMaximum = limit
        let form: DiffForm = patch ? .patch : stat ? .lineCounts : .names
        let isPlainPatch = patch && !context.console.isJSON
        return try await context.withWorkspace { workspace in
            let progress = CaptureProgress(wantsTotal: ProgressDisplay.showsTotals(context.console))
            let workflow = DiffWorkflow(workspace, request, progress: progress)
            return try await ResultOutput.during(context.console) { output in
                let result = try await workflow.run { scan in
                    try await ProgressDisplay.during(context.console, .scan(progress), scan)
                } begin: { sides in
                    if isPlainPatch { return }
                    let notices = workspace.notices.all
                    try output.print(DiffSidesDocument(sides, zone: workspace.zone, notices: notices))
                } _: { entry in
                    let document = DiffChangeDocument(entry, form: form)
                    if context.console.isJSON {
                        try output.print(document)
                    } else {
                        try output.write(document.bytes(context.console.style))
                    }
                }
                try Self.tellParts(result, form, output, context.console)
                if !isPlainPatch { try output.print(DiffTotalsDocument(result, form: form)) }
                for failure in result.failures {
                    context.console.warn("\(failure.path) was not compared: \(failure.reason)")
                }
                return result.failures.isEmpty ? .success : .incomplete
            }
        }
    }
}

extension DiffCommand {
    /// Databases and captures, after the files.
    private static func tellParts(
        _ result: DiffResult,
        _ form: DiffForm,
        _ output: ResultOutput,
        _ console: Console
    ) throws {
        let isPatch = form == .patch && !console.isJSON
        let hasParts = !result.databases.isEmpty || !result.captures.isEmpty
        if hasParts, !console.isJSON, !isPatch, !result.totals.isEmpty { try output.write([0x0A]) }
        // A patch of nothing is empty.
        for diff in result.databases where !isPatch || diff.difference.state != .unchanged {
            try output.print(DiffDatabaseDocument(diff, form: form))
        }
        for diff in result.captures where !isPatch || diff.state != .unchanged {
            try output.print(DiffCaptureDocument(diff, form: form))
        }
    }
}

extension ProgressDisplay.Source {
    fileprivate static func scan(_ progress: CaptureProgress) -> Self {
        Self {
            ProgressDisplay.Sample(
                action: "looking at the project",
                filesDone: progress.filesDone,
                bytesDone: progress.bytesDone,
                filesTotal: nil,
                bytesTotal: nil,
                current: progress.current
            )
        }
    }
}
