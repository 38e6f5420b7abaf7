import ArgumentParser
import BelayCore

/// A file that is made from the commands' own definitions and checked in.
package struct GeneratedFile: Sendable {
    /// Below the folder of its kind.
    package let path: String
    package let text: String
}

/// Everything that is generated: reference pages, manual pages, completions.
///
/// The same program always gives the same bytes, so a test can tell whether what is checked in is still true.
package enum GeneratedFiles {
    /// What can be generated, and where it is checked in, from the project's root.
    package enum Kind: String, CaseIterable, Sendable {
        case man
        case completions
        case reference
        case errors

        package var folder: String {
            switch self {
            case .man: "share/man"
            case .completions: "share/completions"
            case .reference, .errors: "docs/reference"
            }
        }
    }

    /// The files of a kind.
    ///
    /// - Throws: `internal` if the commands' definitions cannot be read.
    package static func files(_ kind: Kind) throws -> [GeneratedFile] {
        switch kind {
        case .man:
            return try ManualPages(commands()).files
        case .completions:
            return [
                GeneratedFile(path: "bash/belay", text: try BashCompletion(commands()).text),
                GeneratedFile(path: "zsh/_belay", text: try ZshCompletion(commands()).text),
                GeneratedFile(path: "fish/belay.fish", text: try FishCompletion(commands()).text),
            ]
        case .reference:
            return [GeneratedFile(path: "commands.md", text: try ReferencePage(commands()).text)]
        case .errors:
            return [GeneratedFile(path: "errors.md", text: ErrorPage.text)]
        }
    }

    private static func commands() throws -> CommandTree {
        do {
            return CommandTree(
                root: try CommandDescription.decode(Root._dumpHelp()),
                global: try CommandDescription.decode(GlobalOptions._dumpHelp())
            )
        } catch {
            throw BelayError(.internalError, "the definitions of the commands cannot be read", cause: error)
        }
    }
}
