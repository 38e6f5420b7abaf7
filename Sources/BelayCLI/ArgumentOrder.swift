/// Where global flags may stand.
///
/// ArgumentParser wants them behind the command's name; people write `belay -C DIR list` as well.
enum ArgumentOrder {
    private static let valued: Set<String> = [
        "-C", "--directory", "-r", "--repo", "-p", "--password-file", "--password-command", "--retry-lock",
        "--limit-upload", "--limit-download",
    ]
    private static let flags: Set<String> = [
        "--json", "-q", "--quiet", "-v", "--verbose", "--no-color", "--no-cache", "--no-lock",
    ]
    /// Commands with commands of their own.
    private static let groups: Set<String> = ["key", "repair", "cache", "debug", "generate"]

    /// The arguments with global flags that stand before the command moved behind it.
    static func normalized(_ arguments: [String]) -> [String] {
        var (moved, rest) = split(arguments[...])
        guard !moved.isEmpty, let command = rest.first else { return arguments }
        // What help and the version say depends on no other flag.
        if command.hasPrefix("-") {
            return rest == ["--version"] || rest == ["--help"] ? Array(rest) : arguments
        }
        var head = [command]
        rest = rest.dropFirst()
        if groups.contains(command), let inner = rest.first, !inner.hasPrefix("-") {
            head.append(inner)
            rest = rest.dropFirst()
        }
        return head + moved + rest
    }

    /// Whether there is nothing but global flags.
    static func areGlobal(_ arguments: ArraySlice<String>) -> Bool {
        split(arguments).rest.isEmpty
    }

    /// The global flags at the start, with their values, and what comes behind them.
    private static func split(
        _ arguments: ArraySlice<String>
    ) -> (global: [String], rest: ArraySlice<String>) {
        var global: [String] = []
        var rest = arguments
        while let first = rest.first {
            let name = String(first.prefix { $0 != "=" })
            if flags.contains(first) || (valued.contains(name) && name != first) {
                global.append(first)
                rest = rest.dropFirst()
            } else if valued.contains(first), rest.count > 1 {
                global.append(contentsOf: rest.prefix(2))
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        return (global, rest)
    }
}
