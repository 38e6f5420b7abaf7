/// Writes the `belay.yaml` that `belay init` begins with.
package struct ConfigurationWriter: Sendable {
    /// What stands behind `repository:`.
    package var repository = "default"

    package init() {}

    /// The text of the file, which ``ProjectConfiguration`` reads back.
    package func text(for project: DiscoveredProject) -> String {
        [
            heading(project), repositorySection, componentSection(project), fileSection(project),
            databaseSection(project), captureSection(project), retentionSection,
        ].compactMap { $0 }.joined(separator: "\n")
    }

    private func heading(_ project: DiscoveredProject) -> String {
        var lines = [
            "# What belay stores of this project. Everything here is optional; unknown keys are errors.",
            "# `belay backup --dry-run --verbose` names what would be stored. ${NAME} takes a variable from the",
            "# environment, so that no password needs to stand here.",
        ]
        if !project.isComplete {
            lines.append("# The project is large or deep: `belay init` did not look at all of it.")
        }
        return (lines + ["", "project: \(YAMLText.scalar(project.name))", ""]).joined(separator: "\n")
    }

    private var repositorySection: String {
        """
        # Where snapshots go. `default` is one repository for all your projects; a path works too.
        repository: \(YAMLText.scalar(repository))

        """
    }

    private func componentSection(_ project: DiscoveredProject) -> String? {
        guard !project.components.isEmpty else { return nil }
        var lines = ["components:"]
        for component in project.components {
            var fields = ["paths: \(YAMLText.list(component.paths))"]
            if !component.keep.isEmpty { fields.append("keep: \(YAMLText.list(component.keep))") }
            if !component.exclude.isEmpty { fields.append("exclude: \(YAMLText.list(component.exclude))") }
            lines.append("  \(YAMLText.scalar(component.name)): { \(fields.joined(separator: ", ")) }")
        }
        return """
            # Parts that can be named alone (`--only NAME`). A rollback leaves alone what `keep` names.
            \(lines.joined(separator: "\n"))

            """
    }

    private func fileSection(_ project: DiscoveredProject) -> String {
        var text = """
            # `respect` leaves out what .gitignore names; `ignore` stores it.
            gitignore: respect

            """
        if project.environmentFiles.isEmpty {
            text += "# include: [.env]   # wanted although .gitignore names it\n"
        } else {
            text +=
                "include: \(YAMLText.list(project.environmentFiles))   # wanted although .gitignore names it\n"
        }
        let examples = project.isInGit ? [] : project.generatedDirectories
        text += "# exclude: \(YAMLText.list(examples.isEmpty ? ["*.tmp"] : examples))   # never stored\n"
        return text
    }

    private func databaseSection(_ project: DiscoveredProject) -> String? {
        guard !project.databases.isEmpty else { return nil }
        let lines =
            ["databases:"]
            + project.databases.map { database in
                "  \(YAMLText.scalar(database.name)): { sqlite: \(YAMLText.scalar(database.path)) }"
            }
        let comment =
            "# SQLite databases that were found. They are stored as consistent copies, also while they are in use."
        return "\(comment)\n\(lines.joined(separator: "\n"))\n"
    }

    private func captureSection(_ project: DiscoveredProject) -> String? {
        guard !project.captures.isEmpty else { return nil }
        let lines =
            ["captures:"]
            + project.captures.map { capture in
                var fields = ["run: \(YAMLText.scalar(capture.run))"]
                if let restore = capture.restore { fields.append("restore: \(YAMLText.scalar(restore))") }
                return "  \(YAMLText.scalar(capture.name)): { \(fields.joined(separator: ", ")) }"
            }
        let comment =
            "# What is installed, as these commands print it. A command that fails or prints nothing is told."
        return "\(comment)\n\(lines.joined(separator: "\n"))\n"
    }

    private var retentionSection: String {
        """
        # What `belay cleanup` keeps. Checkpoints stay in any case.
        retention: { keep_last: 10, keep_hourly: 24, keep_daily: 7, keep_weekly: 4, keep_within: 30d }

        """
    }
}

/// Texts as YAML writes them.
enum YAMLText {
    /// The text as a scalar that any YAML reader takes for that text, on one line.
    static func scalar(_ text: String) -> String {
        isPlain(text) ? text : quoted(text)
    }

    /// The texts as a list on one line.
    static func list(_ texts: [String]) -> String {
        "[\(texts.map(scalar).joined(separator: ", "))]"
    }

    private static func isPlain(_ text: String) -> Bool {
        let words: Set<String> = [
            "true", "false", "yes", "no", "on", "off", "null", "y", "n", ".inf", ".nan",
        ]
        guard let first = text.utf8.first, !words.contains(text.lowercased()) else { return false }
        let beginsPlain = isLetter(first) || first == UInt8(ascii: ".") || first == UInt8(ascii: "/")
        let isNumber = first == UInt8(ascii: ".") && text.utf8.dropFirst().first.map { !isLetter($0) } ?? true
        return beginsPlain && !isNumber
            && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "._/-".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        // `$${` is how the configuration spells `${`.
        var rest = Array(text.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"", "\\":
                result += "\\\(scalar)"
            case "$" where rest.first == "{":
                result += "$$"
            default:
                switch scalar.properties.generalCategory {
                case .control, .lineSeparator, .paragraphSeparator, .format, .unassigned, .privateUse,
                    .surrogate:
                    let digits = String(scalar.value, radix: 16)
                    result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
                default:
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
