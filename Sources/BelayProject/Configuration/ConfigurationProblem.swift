package import BelayCore

/// A place in a file; lines and columns count from 1, columns in Unicode scalars.
package struct SourcePosition: Hashable, Sendable, Comparable {
    package let line: Int
    package let column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One thing that is wrong with a configuration.
package struct ConfigurationProblem: Error, Hashable, Sendable {
    /// Where it stands.
    package let position: SourcePosition
    /// The keys that lead there, such as `components.backend.paths[0]`; empty for the file as a whole.
    package let keyPath: String
    /// What is wrong and what was expected; never a value that came from the environment or may be secret.
    package let message: String
    /// The known key or word that was probably meant.
    package let suggestion: String?

    package init(position: SourcePosition, keyPath: String, message: String, suggestion: String? = nil) {
        self.position = position
        self.keyPath = keyPath
        self.message = message
        self.suggestion = suggestion
    }
}

extension ConfigurationProblem: CustomStringConvertible {
    /// `4:1: unknown key …`, to follow the name of the file and a colon.
    package var description: String {
        var text = "\(position.line):\(position.column): "
        if !keyPath.isEmpty { text += "\(keyPath): " }
        text += message
        if let suggestion { text += "; did you mean `\(suggestion)`?" }
        return text
    }
}

/// Everything that is wrong with a configuration, in the order of the file.
package struct ConfigurationError: Error, Hashable, Sendable {
    /// The file's name, as it is to be shown.
    package let file: String
    /// At least one.
    package let problems: [ConfigurationProblem]
    /// Problems beyond the limit, which are only counted.
    package let furtherProblems: Int

    package init(file: String, problems: [ConfigurationProblem], furtherProblems: Int = 0) {
        self.file = file
        self.problems = problems
        self.furtherProblems = furtherProblems
    }

    /// The same for a person: one line for each problem, which begins with the place in the file.
    package var belayError: BelayError {
        let count = problems.count + furtherProblems
        let head = "cannot use `\(file)`: \(count == 1 ? "1 problem" : "\(count) problems")"
        return BelayError(
            .configurationInvalid,
            "\(head)\n\(description)",
            hint: "correct \(count == 1 ? "that line" : "those lines"), and run the command again",
            subjects: [file]
        )
    }
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String {
        var lines = problems.map { "\(file):\($0)" }
        if furtherProblems > 0 { lines.append("and \(furtherProblems) more") }
        return lines.joined(separator: "\n")
    }
}
