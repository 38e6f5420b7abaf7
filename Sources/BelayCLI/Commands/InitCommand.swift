import ArgumentParser
import BelayCore
import BelayKit
import BelayReport

/// The command `belay init`.
struct InitCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Set a project up: repository, key and belay.yaml.",
        discussion: .flowing(
            """
            Looks at the project, creates the repository and a random key if they are missing, and writes a
            commented belay.yaml. What is there already is left alone.
            """
        )
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: .long, help: "Create only the repository, and write nothing into the project.")
    var repositoryOnly = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        let result = try await context.belay.initialize(repositoryOnly: repositoryOnly)
        try context.console.print(InitializationDocument(result))
        return .success
    }
}
