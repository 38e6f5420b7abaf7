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
        discussion: .flowing(
            """
            A pattern is compared with names: `*.sql`. With a slash in it, it is compared with the end of paths:
            `src/*.c`; with a slash in front, with whole paths from the project's directory. `**` stands for any
            number of directories. For each path it is told in which snapshots it is, and where it changed.
            """
        )
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
            try await ResultOutput.during(context.console) { output in
                var list = FindOutput(output, context.console)
                let isComplete = try await FindWorkflow(workspace, request).run { scope in
                    try list.begin(scope)
                } _: { found in
                    try list.add(FindDocument(found, newestOnly: newest, zone: workspace.zone))
                }
                try list.end()
                return isComplete ? .success : .incomplete
            }
        }
    }
}

/// What was found on its way to standard output: one after the other for people, one list for programs.
private struct FindOutput {
    private let output: ResultOutput
    private let console: Console
    private var scope: FindScope?
    private var count = 0
    private var project: String?

    init(_ output: ResultOutput, _ console: Console) {
        self.output = output
        self.console = console
    }

    mutating func begin(_ scope: FindScope) throws {
        self.scope = scope
        if console.isJSON { try output.write(Array("[".utf8)) }
    }

    mutating func add(_ document: FindDocument) throws {
        count += 1
        if console.isJSON {
            return try output.write(Array(((count > 1 ? "," : "") + document.json()).utf8))
        }
        if let scope, scope.projectCount > 1, document.project != project {
            let title = "project \(PrintableText.of(document.project))\n"
            try output.write(Array(((project == nil ? "" : "\n") + title).utf8))
            project = document.project
        }
        try output.print(document)
    }

    func end() throws {
        if console.isJSON { return try output.write(Array("]\n".utf8)) }
        guard count == 0, let scope else { return }
        try output.write(Array("nothing found in \(Count.text(scope.snapshotCount, "snapshot"))\n".utf8))
    }
}
