package import BelayCore
import BelaySystem

/// Where the password of a repository comes from.
package enum PasswordSource: Equatable, Sendable {
    /// The value of an environment variable, to the byte.
    case value(Secret, variable: String)
    /// A file; `namedBy` is the flag or variable that names it.
    case file(path: String, namedBy: String)
    /// The output of a command; `namedBy` is the flag or variable that holds it.
    case command(String, namedBy: String)
    /// The key that belay made for this repository.
    case keyFile(path: String)
}

extension PasswordSource {
    /// The first of: the flags, the `BELAY_PASSWORD` variables, restic's, and the key file if it exists.
    ///
    /// An empty variable is as good as none. `nil` means that somebody has to be asked.
    ///
    /// - Throws: `usage` if both flags are given.
    package static func choose(
        passwordFileFlag: String?,
        passwordCommandFlag: String?,
        environment: [String: String],
        keyFile: String?
    ) throws(BelayError) -> PasswordSource? {
        if passwordFileFlag != nil, passwordCommandFlag != nil {
            throw BelayError(
                .usage,
                "`--password-file` and `--password-command` exclude each other",
                hint: "give one of them"
            )
        }
        if let path = passwordFileFlag { return .file(path: path, namedBy: "`--password-file`") }
        if let command = passwordCommandFlag { return .command(command, namedBy: "`--password-command`") }
        for program in ["BELAY", "RESTIC"] {
            func value(_ suffix: String) -> String? {
                environment["\(program)_PASSWORD\(suffix)"].flatMap { $0.isEmpty ? nil : $0 }
            }
            if let text = value("") { return .value(Secret(text), variable: "\(program)_PASSWORD") }
            if let path = value("_FILE") { return .file(path: path, namedBy: "`\(program)_PASSWORD_FILE`") }
            if let command = value("_COMMAND") {
                return .command(command, namedBy: "`\(program)_PASSWORD_COMMAND`")
            }
        }
        if let keyFile, ProjectFiles.exists(keyFile) { return .keyFile(path: keyFile) }
        return nil
    }

    /// The password.
    ///
    /// What a file or a command yields loses white space at both ends and a byte order mark; an environment
    /// variable is taken as it is. The command is split into words as a shell would, but run without one; it
    /// gets no input and may take its time. The caller's thread waits.
    ///
    /// - Throws: `password.missing` if the source yields none, with a message that never quotes what it
    ///   yielded.
    package func password(
        environment: [String: String],
        workingDirectory: String
    ) throws(BelayError) -> Secret {
        switch self {
        case .value(let secret, _):
            return secret
        case .file(let path, let origin):
            return try Self.read(PathText.join(workingDirectory, path), namedBy: origin)
        case .command(let line, let origin):
            return try Self.run(line, namedBy: origin, environment: environment)
        case .keyFile(let path):
            return try KeyFile.read(path)
        }
    }

    private static func read(_ path: String, namedBy origin: String) throws(BelayError) -> Secret {
        let bytes: [UInt8]
        do {
            bytes = try ProjectFiles.read(path, limit: Limit.passwordBytes)
        } catch {
            throw BelayError(
                .passwordMissing,
                "cannot read the password file `\(path)` named by \(origin): \(error)",
                hint: "name a file that holds the password with \(origin)",
                subjects: [path]
            )
        }
        let secret = Secret(bytes: SecretText.trimmed(bytes))
        guard !secret.isEmpty else {
            throw BelayError(
                .passwordMissing,
                "the password file `\(path)` named by \(origin) is empty",
                hint: "write the password into it, or name another file with \(origin)",
                subjects: [path]
            )
        }
        return secret
    }

    private static func run(
        _ line: String,
        namedBy origin: String,
        environment: [String: String]
    ) throws(BelayError) -> Secret {
        let words: [String]
        do {
            words = try ShellWords.split(line)
        } catch {
            throw BelayError(
                .usage,
                "cannot understand the password command of \(origin): \(error)",
                hint: "write it as for a shell, such as `pass show backup`"
            )
        }
        // Only the program is told: its arguments may be secret.
        let subject = "the password command of \(origin), `\(Printable.text(words[0]))`,"
        func failure(_ reason: String) -> BelayError {
            BelayError(
                .passwordMissing,
                "\(subject) \(reason)",
                hint: "run it by itself: it has to print the password and to end with status 0"
            )
        }
        let outcome: CommandOutcome
        do {
            // In our own group: it may want to ask something on the terminal.
            outcome = try Command(words[0], Array(words.dropFirst()), environment: environment).run(
                limit: Limit.passwordBytes,
                errors: .ours,
                leadsGroup: false
            )
        } catch {
            let reason = error.isMissing ? "there is no such program" : "the system refused it"
            throw failure("did not start: \(reason)")
        }
        if outcome.stop == .tooMuchOutput {
            throw failure("printed more than \(Limit.passwordBytes) bytes")
        }
        switch outcome.ending {
        case .exited(0): break
        case .exited(let status):
            throw failure("failed with status \(status)")
        case .signalled(let number):
            throw failure("was ended by signal \(number)")
        }
        let secret = Secret(bytes: SecretText.trimmed(outcome.output))
        guard !secret.isEmpty else { throw failure("printed nothing") }
        return secret
    }

    /// Bounds on what is read.
    enum Limit {
        /// Far beyond any password, and small enough to hold: the wrong file is noticed instead of swallowed.
        static let passwordBytes = 64 * 1_024
    }
}

extension PasswordSource: CustomStringConvertible {
    /// Who supplies the password, never the password.
    package var description: String {
        switch self {
        case .value(_, let variable): "`\(variable)`"
        case .file(_, let origin), .command(_, let origin): origin
        case .keyFile(let path): "the key file `\(path)`"
        }
    }
}
