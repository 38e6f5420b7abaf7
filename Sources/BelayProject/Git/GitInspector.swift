import BelaySystem

/// Asks git about a directory, without changing anything.
package enum GitInspector {
    /// The state of the working tree that `directory` lies in; `nil` if there is none or git does not answer.
    ///
    /// A missing or broken git is never a failure: a snapshot is worth taking without it. The caller's thread
    /// waits for git, for `timeLimit` at most and until the task is cancelled. Why git is not asked, or did not
    /// answer in time, is told to `notes`.
    package static func state(
        of directory: String,
        environment: [String: String],
        timeLimit: Duration = .seconds(30),
        notes: (String) -> Void = { _ in }
    ) -> GitState? {
        if let obstacle = obstacle(above: directory) {
            notes("git was not asked about \(directory): \(obstacle) is not a regular file")
            return nil
        }
        let session = Session(
            directory: directory,
            environment: quiet(environment),
            deadline: .now + timeLimit
        )
        do {
            guard let root = try session.run(["rev-parse", "--show-toplevel"]), let top = line(root),
                !top.isEmpty, let status = try session.run(["status", "--porcelain=v2", "--branch", "-z"])
            else { return nil }
            var state = GitStatusParser.state(root: top, output: status)
            // Fails if there is no stash, which is the usual case.
            let stashes = try session.run(["rev-list", "--walk-reflogs", "--count", "refs/stash", "--"])
            state.stashes = stashes.flatMap(line).flatMap { Int($0) } ?? 0
            return state
        } catch {
            notes("git did not answer within \(timeLimit.components.seconds) s, so its state is not known")
            return nil
        }
    }

    /// git took longer than it may.
    struct Late: Error {}

    /// Several questions about one directory, which share the time that there is for answers.
    struct Session {
        var directory: String
        var environment: [String: String]
        var deadline: ContinuousClock.Instant

        /// What git prints; `nil` if it fails or cannot be run.
        func run(_ arguments: [String]) throws(Late) -> [UInt8]? {
            // A file system monitor would start a process that stays, or run a program of the repository's
            // choice.
            let command = Command(
                "git",
                ["-C", directory, "-c", "core.fsmonitor=false"] + arguments,
                environment: environment
            )
            let outcome: CommandOutcome
            do {
                outcome = try command.run(
                    limit: outputBytesMaximum,
                    timeLimit: deadline - .now,
                    errors: .nothing
                )
            } catch {
                return nil
            }
            if outcome.stop == .tooMuchTime { throw Late() }
            return outcome.isSuccess ? outcome.output : nil
        }
    }

    /// A file of the repository around `directory` that git would wait for, or never come to the end of.
    private static func obstacle(above directory: String) -> String? {
        var top = directory
        while !ProjectFiles.exists("\(top)/.git") {
            let parent = PathText.split(top).parent
            if parent == top { return nil }
            top = parent
        }
        let files = [".git", ".gitignore"] + Self.ownFiles.map { ".git/\($0)" }
        return files.map { "\(top)/\($0)" }.first { path in
            // What is not there, or cannot be looked at, git does not wait for either.
            guard let facts = try? ProjectFiles.facts(of: path) else { return false }
            return !facts.isRegular && !facts.isDirectory
        }
    }

    private static let ownFiles = ["HEAD", "config", "index", "info/exclude", "packed-refs", "commondir"]

    /// The environment in which git writes nothing, asks nothing, and looks at the directory it is told.
    static func quiet(_ environment: [String: String]) -> [String: String] {
        var environment = environment
        // Set while git runs a hook; they would lead to another repository than the project's.
        for name in [
            "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
            "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX",
        ] {
            environment[name] = nil
        }
        // git-status(1), "Background refresh": without this, status rewrites the index.
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["LC_ALL"] = "C"
        return environment
    }

    /// The text before the final line end.
    private static func line(_ output: [UInt8]) -> String? {
        var text = output[...]
        if text.last == 0x0A { text = text.dropLast() }
        return String(validating: text, as: UTF8.self)
    }

    /// Some hundred thousand changed files.
    private static let outputBytesMaximum = 64 * 1_024 * 1_024
}
