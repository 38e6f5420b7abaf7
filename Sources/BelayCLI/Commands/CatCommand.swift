import ArgumentParser
import BelayArchive
import BelayCore
import BelayReport
import BelayWorkflows

/// `belay cat`: the bytes of something in a snapshot.
struct CatCommand: BelayCommand {
    /// How a directory is given.
    enum ArchiveFormat: String, ExpressibleByArgument, CaseIterable {
        case tar
    }

    static let configuration = CommandConfiguration(
        commandName: "cat",
        abstract: "Print a file of a snapshot, or a directory as an archive.",
        discussion: .flowing(
            """
            Every byte is checked before it is printed. Names of one file stay hard links in an archive. Ends with
            3 if something that the snapshot holds is missing in the archive; sockets, which no archive can hold,
            are only named. With --json the bytes are printed as well, and only what fails is told as JSON.
            """
        ),
        aliases: ["dump"]
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: .init("A snapshot: latest, a checkpoint's name, a time or an id.", valueName: "snap"))
    var snapshot: String

    @Argument(help: .init("A file in it, or a directory.", valueName: "path"))
    var path: String

    @Option(name: .shortAndLong, help: .init("The format for a directory: tar.", valueName: "format"))
    var archive = ArchiveFormat.tar

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            try await ResultOutput.during(context.console) { output in
                var isComplete = true
                try await ContentWorkflow(workspace).run(snapshot, path: path) {
                    guard context.console.style.columns != nil else { return }
                    throw BelayError(
                        .usage,
                        "'\(path)' is a directory, and an archive of it is nothing for a terminal",
                        hint: "write it to a file: belay cat \(snapshot) \(path) > archive.tar"
                    )
                } to: { bytes in
                    try output.write(bytes)
                } omitted: { path, omission in
                    if omission.isLoss { isComplete = false }
                    context.console.warn("'\(PrintableText.of(path))' is left out: \(omission.reason)")
                }
                return isComplete ? .success : .incomplete
            }
        }
    }
}
