import ArgumentParser

/// The commands as completion knows them: with the global flags in front of a command's name as well.
struct CompletionRoot: AsyncParsableCommand {
    static let configuration = Root.configuration

    @OptionGroup var global: GlobalOptions
}

/// The completion for bash: ArgumentParser's script, which knows neither aliases nor what follows `help`, with
/// both added.
struct BashCompletion {
    let text: String

    init(_ tree: CommandTree) {
        var text = CompletionRoot.completionScript(for: .bash)
        for command in [tree.root] + tree.commands { Self.addAliases(below: command, to: &text) }
        if let head = text.firstRange(of: "\n_belay_help() {\n"),
            let end = text[head.upperBound...].firstRange(of: "\n}\n")
        {
            let names = tree.root.shownSubcommands.map(\.commandName).joined(separator: " ")
            let offer = "    COMPREPLY+=($(compgen -W '\(names)' -- \"${cur}\"))"
            text.replaceSubrange(head.upperBound..<end.lowerBound, with: offer)
        }
        self.text = text
    }

    /// Offers the aliases where the names are offered, and completes behind them what belongs to the names.
    private static func addAliases(below parent: CommandDescription, to text: inout String) {
        let aliases = parent.aliasesBelow
        if aliases.isEmpty { return }
        // `help` is ArgumentParser's own, at the end.
        var names = parent.shownSubcommands.map(\.commandName)
        if parent.superCommands?.isEmpty ?? true { names.append("help") }
        let all = names + aliases.map(\.alias)
        for separator in ["|", " "] {
            text = text.replacing(names.joined(separator: separator), with: all.joined(separator: separator))
        }
        let function = "_" + parent.fullName.split(separator: " ").joined(separator: "_")
        let functions = aliases.map { "\(function)_\($0.alias)() {\n    \(function)_\($0.name)\n}\n\n" }
            .joined()
        let end = "complete -o filenames"
        text = text.replacing(end, with: functions + end)
    }
}
