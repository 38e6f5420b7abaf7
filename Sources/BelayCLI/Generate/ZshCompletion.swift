import ArgumentParser

/// The completion for zsh: ArgumentParser's script, which knows neither aliases nor what follows `help`, with both
/// added.
struct ZshCompletion {
    let text: String

    init(_ tree: CommandTree) {
        var text = CompletionRoot.completionScript(for: .zsh)
        for command in [tree.root] + tree.commands { Self.addAliases(below: command, to: &text) }
        let names = tree.root.shownSubcommands.map(\.commandName).joined(separator: " ")
        text = text.replacing("'*:subcommands:'", with: "'*:subcommands:(\(names))'")
        self.text = text
    }

    /// Offers the aliases behind the names, and completes behind them what belongs to the names.
    private static func addAliases(below parent: CommandDescription, to text: inout String) {
        let function = "_" + parent.fullName.split(separator: " ").joined(separator: "_")
        guard let head = text.firstRange(of: "\n\(function)() {\n"),
            let end = text[head.upperBound...].firstRange(of: "\n}\n")
        else { return }
        var body = String(text[head.upperBound..<end.lowerBound])
        var functions = ""
        for (alias, name) in parent.aliasesBelow {
            let lines = body.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
                let parts = line.split(separator: "'\(name):", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, parts[0].allSatisfy({ $0 == " " }) else { return [String(line)] }
                return [String(line), "\(parts[0])'\(alias):\(parts[1])"]
            }
            body = lines.joined(separator: "\n").replacing("|\(name)|", with: "|\(name)|\(alias)|")
            functions += "\n\(function)_\(alias)() {\n    \(function)_\(name)\n}\n"
        }
        text.replaceSubrange(head.upperBound..<end.upperBound, with: "\(body)\n}\n\(functions)")
    }
}
