#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A command as ArgumentParser describes it.
struct CommandDescription: Decodable, Sendable {
    let commandName: String
    let superCommands: [String]?
    let aliases: [String]?
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool
    let subcommands: [CommandDescription]?
    let arguments: [Argument]?

    /// An argument, option or flag.
    struct Argument: Decodable, Sendable {
        enum Kind: String, Decodable, Sendable {
            case positional
            case option
            case flag
        }

        struct Name: Decodable, Hashable, Sendable {
            let kind: String
            let name: String

            var text: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: Kind
        let shouldDisplay: Bool
        let isOptional: Bool
        let isRepeating: Bool
        let names: [Name]?
        let preferredName: Name?
        let valueName: String?
        let defaultValue: String?
        let abstract: String?
        let discussion: String?
    }

    private struct Document: Decodable {
        let command: CommandDescription
    }

    static func decode(_ json: String) throws -> CommandDescription {
        try JSONDecoder().decode(Document.self, from: Data(json.utf8)).command
    }

    /// The whole name, such as `belay key add`.
    var fullName: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }

    /// Commands that users see; `help` is ArgumentParser's own.
    var shownSubcommands: [CommandDescription] {
        (subcommands ?? []).filter { $0.shouldDisplay && $0.commandName != "help" }
    }

    /// The other names of those.
    var aliasesBelow: [(alias: String, name: String)] {
        shownSubcommands.flatMap { command in
            (command.aliases ?? []).map { (alias: $0, name: command.commandName) }
        }
    }
}

extension CommandDescription.Argument {
    /// The names as they are typed, the short one first, with the value's place: `-m, --message <text>`.
    var spelling: String {
        if kind == .positional { return "<\(valueName ?? "value")>" }
        let names = (names ?? []).sorted { ($0.kind == "long" ? 1 : 0) < ($1.kind == "long" ? 1 : 0) }
        let text = names.map(\.text).joined(separator: ", ")
        return kind == .option ? "\(text) <\(valueName ?? "value")>" : text
    }

    /// How it stands in a line of usage.
    var usage: String {
        var text: String
        if kind == .positional {
            text = spelling + (isRepeating ? "..." : "")
        } else {
            text = preferredName?.text ?? ""
            if kind == .option { text += " <\(valueName ?? "value")>" }
        }
        return isOptional ? "[\(text)]" : text
    }

    /// What it means, with the default where there is one.
    var meaning: String {
        var text = Paragraphs(abstract ?? "").joined
        if let discussion { text += " " + Paragraphs(discussion).joined }
        if let defaultValue, kind == .option { text += " (default: \(defaultValue))" }
        return text
    }
}

/// The commands, and the options that all of them have.
struct CommandTree: Sendable {
    let root: CommandDescription
    let globalOptions: [CommandDescription.Argument]
    private let globalNames: Set<CommandDescription.Argument.Name>

    init(root: CommandDescription, global: CommandDescription) {
        self.root = root
        // Help and version come with every dump; the root's are kept, so that each is there once.
        let own = Set((root.arguments ?? []).compactMap(\.preferredName))
        globalOptions =
            ((global.arguments ?? []).filter { $0.preferredName.map { !own.contains($0) } ?? true }
            + (root.arguments ?? [])).filter(\.shouldDisplay)
        globalNames = Set(globalOptions.compactMap(\.preferredName))
    }

    /// The arguments of a command that not all commands have: what must be given first.
    func ownArguments(_ command: CommandDescription) -> [CommandDescription.Argument] {
        let own = (command.arguments ?? []).filter { argument in
            argument.shouldDisplay && !(argument.preferredName.map(globalNames.contains) ?? false)
        }
        return own.filter { $0.kind == .positional } + own.filter { $0.kind != .positional }
    }

    /// The line of usage: `belay restore <snap> [<paths>...] --to <dir> [options]`.
    func usage(_ command: CommandDescription) -> String {
        let own = ownArguments(command)
        var words = [command.fullName]
        words += own.filter { $0.kind == .positional || !$0.isOptional }.map(\.usage)
        if !command.shownSubcommands.isEmpty { words.append("<command>") }
        return (words + ["[options]"]).joined(separator: " ")
    }

    /// All commands that users see, each before its own subcommands.
    var commands: [CommandDescription] {
        root.shownSubcommands.flatMap { [$0] + $0.shownSubcommands }
    }
}
