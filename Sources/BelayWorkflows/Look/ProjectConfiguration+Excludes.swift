import BelayProject

extension ProjectConfiguration {
    /// The project's patterns, and those of its components below their paths.
    var allExcludes: [String] {
        exclude
            + components.flatMap { component in
                component.paths.flatMap { path in component.exclude.map { Self.pattern($0, below: path) } }
            }
    }

    private static func pattern(_ pattern: String, below path: String) -> String {
        let isAnchored = pattern.dropLast().contains("/")
        let rest = pattern.hasPrefix("/") ? String(pattern.dropFirst()) : pattern
        let base = path == "." ? "" : "/\(path)"
        return isAnchored ? "\(base)/\(rest)" : "\(base)/**/\(rest)"
    }
}
