import ArgumentParser
import BelayCore
import BelayKit
import BelaySystem

/// The command `belay generate`: what is checked in of the commands' definitions.
struct GenerateCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write manual pages, completions or reference pages into a directory.",
        discussion: "`make docs` runs it for all of them.",
        shouldDisplay: false
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "What to write: man, completions, reference or errors.")
    var kind: String

    @Argument(help: "The directory to write into.")
    var directory: String

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        guard let kind = GeneratedFiles.Kind(rawValue: kind) else {
            let known = GeneratedFiles.Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw BelayError(.usage, "'\(kind)' cannot be generated", hint: "use one of \(known)")
        }
        let base = Paths.absolute(directory, from: context.surroundings.workingDirectory)
        for file in try GeneratedFiles.files(kind) {
            let path = "\(base)/\(file.path)"
            guard let folder = Paths.parent(of: path), let name = path.split(separator: "/").last else {
                continue
            }
            try Paths.makeFolders(folder, mode: 0o755)
            try AtomicFile.write(Array(file.text.utf8), to: String(name), inFolder: folder, mode: 0o644)
            context.console.tell("wrote \(path)")
        }
        return .success
    }
}
