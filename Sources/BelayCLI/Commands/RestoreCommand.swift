import ArgumentParser
import BelayArchive
import BelayCore
import BelayKit
import BelayReport
import BelayRules
import BelaySystem
import BelayWorkflows

/// The command `belay restore`.
struct RestoreCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a snapshot, or paths of it, into another directory.",
        discussion: .flowing(
            """
            Never touches what is in the project. Every chunk is checked before it is written. A file that is
            there is replaced only by the whole of another. Nothing outside the directory is ever written.
            """
        )
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The snapshot: latest, latest~2, a checkpoint's name, a time, or the start of an id.")
    var snap: String

    @Argument(help: "Paths in the snapshot; everything if none is given.")
    var paths: [String] = []

    @Option(
        name: [.customLong("to"), .customLong("target"), .customShort("t")],
        help: .init("The directory to restore into.", valueName: "dir"),
        completion: .directory
    )
    var to: String

    @Option(
        name: [.customShort("i"), .long],
        help: .init("Restore only what matches; may be repeated.", valueName: "pattern")
    )
    var include: [String] = []

    @Option(name: .long, help: .init("Like --include, whatever the case of letters.", valueName: "pattern"))
    var iinclude: [String] = []

    @Option(
        name: [.customShort("e"), .long],
        help: .init("Leave out what matches; may be repeated.", valueName: "pattern")
    )
    var exclude: [String] = []

    @Option(name: .long, help: .init("Like --exclude, whatever the case of letters.", valueName: "pattern"))
    var iexclude: [String] = []

    @Option(
        name: .long,
        help: .init(
            "What becomes of files that are there: always, if-changed, if-newer or never.",
            valueName: "policy"
        ),
        completion: .list(OverwritePolicy.allCases.map(\.rawValue))
    )
    var overwrite: String?

    @Flag(name: .long, help: "Read everything back after writing it.")
    var verify = false

    @Flag(name: [.customShort("n"), .long], help: "Say what would be restored, and write nothing.")
    var dryRun = false

    @Flag(name: .long, help: "Restore the folder .belay that belay added to the snapshot as well.")
    var includeGenerated = false

    @Flag(name: .long, help: "Restore the folder .belay as well, and write dumps of PostgreSQL as SQL.")
    var asSql = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        let base = context.surroundings.workingDirectory
        var request = RestoreCommandRequest(snapshot: snap, target: Paths.absolute(to, from: base))
        request.paths = paths
        request.verifies = verify
        request.isDryRun = dryRun
        request.includesGenerated = includeGenerated || asSql
        request.writesSQL = asSql
        request.patterns = try patterns()
        if let overwrite {
            guard let policy = OverwritePolicy(rawValue: overwrite) else {
                throw BelayError(
                    .usage,
                    "'\(overwrite)' says nothing about files that are there",
                    hint: "use always, if-changed, if-newer or never"
                )
            }
            request.overwrite = policy
        }
        return try await context.withWorkspace { workspace in
            let progress = RestoreProgress()
            let result = try await ProgressDisplay.during(context.console, .restore(progress)) {
                try await RestoreWorkflow(workspace, request, progress: progress).run()
            }
            try context.console.print(RestoreDocument(result, in: workspace))
            return result.report.isComplete ? .success : .failure
        }
    }
}

extension RestoreCommand {
    private func patterns() throws -> RestorePatterns? {
        let (include, exclude) = (
            try BackupExcludes(texts: include, ignoringCase: iinclude),
            try BackupExcludes(texts: exclude, ignoringCase: iexclude)
        )
        let patterns = RestorePatterns(
            include: include.isEmpty ? nil : include,
            exclude: exclude.isEmpty ? nil : exclude
        )
        return patterns.include == nil && patterns.exclude == nil ? nil : patterns
    }
}

extension ProgressDisplay.Source {
    static func restore(_ progress: RestoreProgress) -> Self {
        Self {
            ProgressDisplay.Sample(
                action: "restoring",
                filesDone: progress.entriesDone,
                bytesDone: progress.bytesDone,
                filesTotal: progress.entriesTotal,
                bytesTotal: progress.bytesTotal,
                current: progress.current
            )
        }
    }
}
