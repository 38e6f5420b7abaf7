import ArgumentParser
import BelayCore
import BelayReport
import BelayRepository
import BelayWorkflows

/// The command `belay list`.
struct ListCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List snapshots, newest first.",
        aliases: ["snapshots"]
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: .long, help: "List the snapshots of every project in the repository.")
    var allProjects = false

    @Option(
        name: .long,
        help: .init("List only snapshots with all these tags; may be repeated.", valueName: "tags")
    )
    var tag: [String] = []

    @Option(
        name: [.customShort("H"), .long],
        help: .init("List only snapshots of this host; may be repeated.", valueName: "name")
    )
    var host: [String] = []

    @Option(
        name: .long,
        help: .init("List only snapshots of this absolute path; may be repeated.", valueName: "path")
    )
    var path: [String] = []

    @Option(
        name: .long,
        parsing: .unconditional,
        help: .init("List only the newest n of each host and path.", valueName: "n")
    )
    var latest: Int?

    func validate() throws {
        if let latest, latest < 1 { throw ValidationError("--latest takes a number from 1 on.") }
    }

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            let catalog = try await SnapshotCatalog.load(workspace)
            var request = ListRequest()
            request.allProjects = allProjects
            request.tags = tag.map { $0.split(separator: ",").map(String.init) }
            request.hosts = host
            request.paths = path
            request.newest = latest
            let (listed, isComplete) = try await ListWorkflow(workspace).run(catalog, request)
            let document = SnapshotListDocument(
                listed,
                latest: catalog.ofProject.last?.id,
                allProjects: allProjects,
                isNarrowed: !(allProjects ? catalog.all : catalog.ofProject).isEmpty
                    || !catalog.unreadable.isEmpty,
                in: workspace
            )
            try context.console.print(document)
            for snapshot in catalog.unreadable {
                context.console.warn("snapshot \(snapshot.id.short) cannot be read: \(snapshot.error)")
            }
            return catalog.unreadable.isEmpty && isComplete ? .success : .incomplete
        }
    }
}
