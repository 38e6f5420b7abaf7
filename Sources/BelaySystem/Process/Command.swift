/// A program to run: which, with what arguments, where, and what it finds in its environment.
package struct Command: Hashable, Sendable {
    /// A path, or a name to be looked up in the `PATH` of ``environment``.
    package var program: String
    package var arguments: [String]
    package var environment: [String: String]
    /// Where it starts; `nil` for the directory of this process.
    package var directory: String?

    package init(
        _ program: String,
        _ arguments: [String] = [],
        environment: [String: String],
        directory: String? = nil
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
    }

    /// A line for the shell.
    package static func shell(
        _ line: String,
        environment: [String: String],
        directory: String? = nil
    ) -> Command {
        Command("/bin/sh", ["-c", line], environment: environment, directory: directory)
    }

    /// Where the program lies; `nil` if the name is on no part of the search path.
    package var path: String? {
        if program.contains("/") { return program }
        let searchPath = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in searchPath.split(separator: ":") {
            let candidate = "\(folder)/\(program)"
            if Paths.isProgram(candidate) { return candidate }
        }
        return nil
    }
}

/// How a program ended.
package enum CommandEnding: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let status): "ended with status \(status)"
        case .signalled(let number): "was ended by signal \(number)"
        }
    }
}
