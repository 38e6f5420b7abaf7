import ArgumentParser

/// The completion for fish: ArgumentParser's script, which knows neither aliases nor what follows `help`, with both
/// added.
struct FishCompletion {
    let text: String

    init(_ tree: CommandTree) {
        var lines: [String] = []
        var parent = tree.root
        for line in CompletionRoot.completionScript(for: .fish).split(
            separator: "\n",
            omittingEmptySubsequences: false
        ) {
            // The script goes through the commands of the topmost level two steps in, and below each one step further.
            if let command = tree.root.shownSubcommands.first(where: {
                line == "        case '\($0.commandName)'"
            }) {
                parent = command
            }
            lines += Self.translation(below: parent, before: line) + [String(line)]
            lines += Self.offers(of: tree, like: line)
        }
        let names = tree.root.shownSubcommands.map(\.commandName).joined(separator: " ")
        let condition = Self.position("belay help", 1)
        if lines.last == "" { lines.removeLast() }
        lines.append("complete -c 'belay' -n '\(condition)' -fa '\(names)'")
        text = lines.joined(separator: "\n") + "\n"
    }

    /// Where the script looks at the name of a subcommand, an alias is made the name that it stands for.
    private static func translation(below parent: CommandDescription, before line: Substring) -> [String] {
        let indent = line.prefix { $0 == " " }
        guard indent.count >= 8, line == "\(indent)switch $unparsed_tokens[1]", !parent.aliasesBelow.isEmpty
        else {
            return []
        }
        return ["\(indent)switch $unparsed_tokens[1]"]
            + parent.aliasesBelow.flatMap {
                ["\(indent)case '\($0.alias)'", "\(indent)    set unparsed_tokens[1] '\($0.name)'"]
            } + ["\(indent)end"]
    }

    /// The line that offers a name, once more for each of its aliases.
    private static func offers(of tree: CommandTree, like line: Substring) -> [String] {
        for parent in [tree.root] + tree.commands where line.contains("'\(position(parent.fullName, 1))'") {
            return parent.aliasesBelow.filter { line.contains(" -fa '\($0.name)' ") }.map {
                String(line).replacing(" -fa '\($0.name)' ", with: " -fa '\($0.alias)' ")
            }
        }
        return []
    }

    private static func position(_ command: String, _ number: Int) -> String {
        "__belay_should_offer_completions_for_positional \"\(command)\" -eq \(number)"
    }
}
