import ArgumentParser
import BelayCore
import BelayReport
import BelayRules
import BelayWorkflows

/// `belay find`: names in all snapshots.
struct FindCommand: BelayCommand {
    /// What kinds of entries are looked for, as in find(1).
    enum EntryType: String, ExpressibleByArgument, CaseIterable {
        case f
        case d
        case l

        var kind: Node.Kind {
            switch self {
            case .f: .file
            case .d: .directory
            case .l: .symlink
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Find files by name in all snapshots.",
        discussion: """
            A pattern is compared with names: `*.sql`. With a slash in it, it is compared with the end of paths:
            `src/*.c`; with a slash in front, with whole paths from the project's directory. `**` stands for any
            number of directories. For each path it is told in which snapshots it is, and where it changed.
            """
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "What to look for.")
    var pattern: [String]

    @Option(
        name: .shortAndLong,
        help: .init("Look only in this snapshot; may be repeated.", valueName: "snap")
    )
    var snapshot: [String] = []

    @Option(name: .long, help: "Find only files (f), directories (d) or symlinks (l); may be repeated.")
    var type: [EntryType] = []

    @Flag(name: .long, help: "Tell only of the newest contents of each path.")
    var newest = false

    @Flag(name: [.customShort("i"), .long], help: "Find names whatever the case of letters.")
    var ignoreCase = false

    @Flag(name: .long, help: "Look in the snapshots of every project in the repository.")
    var allProjects = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        var request = FindRequest(
            patterns: try pattern.map { text in
                guard let pattern = PathPattern(Array(text.utf8), ignoresCase: ignoreCase) else {
                    throw BelayError(
                        .usage,
                        "'\(text)' is no pattern",
                        hint: "close brackets, or put a backslash before them"
                    )
                }
                return pattern
            }
        )
        request.snapshots = snapshot
        request.kinds = Set(type.map(\.kind))
        request.searchesAllProjects = allProjects
        return try await context.withWorkspace { workspace in
            let groups = try await FindWorkflow(workspace, request).run()
            try context.console.print(FindDocument(groups, newestOnly: newest, zone: workspace.zone))
            return .success
        }
    }
}
