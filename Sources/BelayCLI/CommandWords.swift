import ArgumentParser
import BelayCore
import BelayRules

/// The words at the start of a command line that name a command.
struct CommandWords {
    /// The command as it is typed, such as `belay key add`.
    let text: String
    /// What is wrong with them; `nil` if they name a command, or ask for help.
    let problem: BelayError?

    /// Follows the words of a line whose global flags stand behind them.
    init(_ arguments: [String]) {
        var path = "belay"
        var command = Root.configuration
        var rest = arguments[...]
        // What stands behind `help` is looked up as well: ArgumentParser shows what it found so far, and calls it well.
        let asksForHelp = rest.first == "help"
        if asksForHelp { rest = rest.dropFirst() }
        while let word = rest.first, !word.hasPrefix("-"), !command.subcommands.isEmpty {
            guard let next = command.below.first(where: { $0.names.contains(word) }) else {
                text = path
                problem = Self.unknown(word, path, command)
                return
            }
            command = next
            path += " \(word)"
            rest = rest.dropFirst()
        }
        text = path
        let isComplete = command.subcommands.isEmpty || command.defaultSubcommand != nil
        let isBare = !rest.isEmpty && ArgumentOrder.areGlobal(rest)
        problem = !isComplete && isBare && !asksForHelp ? Self.missing(path, command) : nil
    }

    private static func unknown(_ word: String, _ path: String, _ command: CommandConfiguration) -> BelayError
    {
        let nearest = NearestName.suggestion(for: word, among: command.shown.flatMap { $0.names })
        return BelayError(
            .usage,
            "there is no command '\(path) \(word)'",
            hint: nearest.map { "did you mean '\(path) \($0)'?" }
                ?? "run `\(path) --help` to see what there is"
        )
    }

    private static func missing(_ path: String, _ command: CommandConfiguration) -> BelayError {
        let names = command.shown.compactMap { $0.commandName }
        return BelayError(
            .usage,
            "'\(path)' needs the name of a command",
            hint: "name one of \(names.joined(separator: ", "))"
        )
    }
}

extension CommandConfiguration {
    /// The name and the aliases.
    fileprivate var names: [String] { [commandName].compactMap { $0 } + aliases }

    fileprivate var below: [CommandConfiguration] {
        var below: [CommandConfiguration] = []
        for command in subcommands { below.append(command.configuration) }
        return below
    }

    /// Those below that users see.
    fileprivate var shown: [CommandConfiguration] { below.filter { $0.shouldDisplay } }
}

extension BelayError {
    /// What ArgumentParser found wrong with a command line, in belay's form: `Unknown option '--jsn'. Did you mean
    /// '--json'?` becomes a message and a hint.
    static func usage(_ text: String, of command: String) -> BelayError {
        let lowered = text.prefix(1).lowercased() + text.dropFirst()
        let sentences = lowered.split(separator: ". ", maxSplits: 1)
        var message = String(sentences.first ?? "the command line cannot be understood")
        if message.hasSuffix(".") { message.removeLast() }
        var hint = "run `\(command) --help` to see what it takes"
        if sentences.count > 1 {
            hint = sentences[1].prefix(1).lowercased() + sentences[1].dropFirst()
            if hint.hasSuffix(".") { hint.removeLast() }
        }
        return BelayError(.usage, message, hint: hint)
    }
}
