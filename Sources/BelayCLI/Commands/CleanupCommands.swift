import ArgumentParser
import BelayCore
import BelayReport
import BelayRepository
import BelayRules
import BelayWorkflows

/// Flags that say what to keep, with restic's names and meaning.
struct RetentionOptions: ParsableArguments {
    @Option(
        name: [.customShort("l"), .long],
        parsing: .unconditional,
        help: .init("Keep the newest n snapshots.", valueName: "n")
    )
    var keepLast: String?
    @Option(
        name: [.customShort("H"), .long],
        parsing: .unconditional,
        help: .init("Keep the newest of each of the last n hours that have one.", valueName: "n")
    )
    var keepHourly: String?
    @Option(
        name: [.customShort("d"), .long],
        parsing: .unconditional,
        help: .init("Keep the newest of each of the last n days that have one.", valueName: "n")
    )
    var keepDaily: String?
    @Option(
        name: [.customShort("w"), .long],
        parsing: .unconditional,
        help: .init("Keep the newest of each of the last n weeks that have one.", valueName: "n")
    )
    var keepWeekly: String?
    @Option(
        name: [.customShort("m"), .long],
        parsing: .unconditional,
        help: .init("Keep the newest of each of the last n months that have one.", valueName: "n")
    )
    var keepMonthly: String?
    @Option(
        name: [.customShort("y"), .long],
        parsing: .unconditional,
        help: .init("Keep the newest of each of the last n years that have one.", valueName: "n")
    )
    var keepYearly: String?
    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Keep what is younger than this, such as 2y5m7d3h.", valueName: "span")
    )
    var keepWithin: String?
    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Keep hourly snapshots younger than this.", valueName: "span")
    )
    var keepWithinHourly: String?
    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Keep daily snapshots younger than this.", valueName: "span")
    )
    var keepWithinDaily: String?
    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Keep weekly snapshots younger than this.", valueName: "span")
    )
    var keepWithinWeekly: String?
    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Keep monthly snapshots younger than this.", valueName: "span")
    )
    var keepWithinMonthly: String?
    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Keep yearly snapshots younger than this.", valueName: "span")
    )
    var keepWithinYearly: String?
    @Option(
        name: .long,
        help: .init("Keep snapshots with all these tags; may be repeated.", valueName: "tags")
    )
    var keepTag: [String] = []
    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("Of what is kept for its time, at most n a day.", valueName: "n")
    )
    var maxPerDay: Int?
    @Option(
        name: .long,
        help: .init("Apply the rules to groups of equal host, paths, tags.", valueName: "fields"),
        completion: .list(["host", "paths", "tags"])
    )
    var groupBy: String?
    @Option(
        name: .long,
        help: .init("Look only at snapshots with all these tags; may be repeated.", valueName: "tags")
    )
    var tag: [String] = []
    @Option(
        name: .long,
        help: .init("Look only at snapshots of this host; may be repeated.", valueName: "name")
    )
    var host: [String] = []
    @Flag(name: .long, help: "Look at the snapshots of every project in the repository.")
    var allProjects = false

    /// Puts what the flags say into a request; without rules those of belay.yaml hold.
    func apply(to request: inout CleanupRequest) throws {
        var policy = RetentionPolicy()
        policy.keepLast = try limit(keepLast, "--keep-last")
        policy.keepHourly = try limit(keepHourly, "--keep-hourly")
        policy.keepDaily = try limit(keepDaily, "--keep-daily")
        policy.keepWeekly = try limit(keepWeekly, "--keep-weekly")
        policy.keepMonthly = try limit(keepMonthly, "--keep-monthly")
        policy.keepYearly = try limit(keepYearly, "--keep-yearly")
        policy.keepWithin = try span(keepWithin, "--keep-within")
        policy.keepWithinHourly = try span(keepWithinHourly, "--keep-within-hourly")
        policy.keepWithinDaily = try span(keepWithinDaily, "--keep-within-daily")
        policy.keepWithinWeekly = try span(keepWithinWeekly, "--keep-within-weekly")
        policy.keepWithinMonthly = try span(keepWithinMonthly, "--keep-within-monthly")
        policy.keepWithinYearly = try span(keepWithinYearly, "--keep-within-yearly")
        policy.keepTags = keepTag.map { RetentionPolicy.tagList($0) }
        policy.maxPerDay = maxPerDay
        // A rule of 0 is one as well: it must not bring back those of belay.yaml.
        request.policy = policy == RetentionPolicy() ? nil : policy
        request.tags = tag.map { RetentionPolicy.tagList($0) }
        request.hosts = host
        request.allProjects = allProjects
        if let groupBy {
            guard let grouping = SnapshotGrouping(groupBy) else {
                throw BelayError(
                    .usage,
                    "snapshots cannot be grouped by '\(groupBy)'",
                    hint: "use host, paths, tags, or several with commas"
                )
            }
            request.grouping = grouping
        }
    }

    private func limit(_ text: String?, _ flag: String) throws -> RetentionPolicy.Limit? {
        guard let text else { return nil }
        guard let limit = RetentionPolicy.Limit(text) else {
            throw BelayError(
                .usage,
                "'\(text)' is no number of snapshots",
                hint: "write \(flag) 10, or \(flag) unlimited"
            )
        }
        return limit
    }

    private func span(_ text: String?, _ flag: String) throws -> CalendarSpan? {
        guard let text else { return nil }
        guard let span = CalendarSpan(text) else {
            throw BelayError(
                .usage,
                "'\(text)' is no span of time",
                hint: "write years, months, days, hours: \(flag) 1y6m14d12h"
            )
        }
        return span
    }
}

/// Flags of commands that reclaim space, with restic's names and meaning.
struct SpaceOptions: ParsableArguments {
    @Option(
        name: .long,
        help: .init(
            "Leave so much unused where taking it out means copying: 5%, 200M, 0, unlimited.",
            valueName: "limit"
        )
    )
    var maxUnused: String = "5%"
    @Option(name: .long, help: .init("Copy at most so much.", valueName: "size"))
    var maxRepackSize: String?

    @Flag(name: .long, help: "Reclaim everything, although there is not one snapshot.")
    var allowEmpty = false

    func rules() throws -> CleanupRules {
        guard let limit = CleanupRules.UnusedLimit(maxUnused) else {
            throw BelayError(
                .usage,
                "'\(maxUnused)' is no limit",
                hint: "write a share or a size: --max-unused 5%"
            )
        }
        var rules = CleanupRules(unusedLimit: limit)
        if let maxRepackSize {
            guard let size = ByteCount(maxRepackSize) else {
                throw BelayError(.usage, "'\(maxRepackSize)' is no size", hint: "write it like 512MiB")
            }
            rules.repackMaximum = size
        }
        return rules
    }
}

/// The command `belay cleanup`.
struct CleanupCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Remove snapshots that no rule keeps, and reclaim their space.",
        discussion: .flowing(
            """
            The rules come from the flags, or from `retention` in belay.yaml. Checkpoints and the newest snapshot
            always stay. Snapshots of single parts (--only) are counted apart from those of the whole project. Numbers
            are from 0 on, or `unlimited`. --dry-run tells of each snapshot why it stays or goes. What is removed cannot be brought
            back.
            """
        )
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var retention: RetentionOptions
    @OptionGroup var space: SpaceOptions

    @Flag(name: [.customShort("n"), .long], help: "Say what would be removed and why, and remove nothing.")
    var dryRun = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        var request = CleanupRequest()
        try retention.apply(to: &request)
        request.rules = try space.rules()
        request.allowsEmpty = space.allowEmpty
        request.isDryRun = dryRun
        return try await cleanUp(request, context)
    }
}

/// The command `belay forget`.
struct ForgetCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Remove snapshots by the rules, or those named; the first half of cleanup."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var retention: RetentionOptions
    @OptionGroup var space: SpaceOptions

    @Argument(help: "Snapshots to remove, whatever the rules say.")
    var snaps: [String] = []

    @Flag(name: .long, help: "Reclaim the space as well.")
    var prune = false

    @Flag(name: [.customShort("n"), .long], help: "Say what would be removed and why, and remove nothing.")
    var dryRun = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        var request = CleanupRequest()
        try retention.apply(to: &request)
        request.explicit = snaps
        request.prunes = prune
        request.rules = try space.rules()
        request.allowsEmpty = space.allowEmpty
        request.isDryRun = dryRun
        guard snaps.isEmpty || request.policy == nil else {
            throw BelayError(.usage, "snapshots and rules exclude each other", hint: "give one of them")
        }
        return try await cleanUp(request, context)
    }
}

/// The command `belay prune`.
struct PruneCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Reclaim the space of what no snapshot needs; the second half of cleanup."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var space: SpaceOptions

    @Flag(name: [.customShort("n"), .long], help: "Say what would be removed, and remove nothing.")
    var dryRun = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        var request = CleanupRequest()
        request.forgets = false
        request.rules = try space.rules()
        request.allowsEmpty = space.allowEmpty
        request.isDryRun = dryRun
        return try await cleanUp(request, context)
    }
}

extension BelayCommand {
    fileprivate func cleanUp(_ request: CleanupRequest, _ context: CommandContext) async throws -> ExitStatus
    {
        try await context.withWorkspace { workspace in
            let progress = UpkeepProgress()
            let outcome = try await ProgressDisplay.during(context.console, .upkeep(progress)) {
                try await CleanupWorkflow(workspace, request, progress: progress).run()
            }
            try context.console.print(CleanupDocument(outcome, in: workspace))
            return .success
        }
    }
}
