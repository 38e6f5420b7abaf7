import ArgumentParser
import BelayCore
import BelayFormat
import BelayKit
import BelayProject
import BelayReport
import BelayRepository
import BelayStore
import BelaySystem
import BelayWorkflows

/// The command `belay key`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Passwords and keys of the repository.",
        subcommands: [
            KeyListCommand.self, KeyAddCommand.self, KeyRemoveCommand.self, KeyChangeCommand.self,
            KeyRecoveryCommand.self,
        ],
        defaultSubcommand: KeyListCommand.self
    )
}

/// The command `belay key list`.
struct KeyListCommand: BelayCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys.")

    @OptionGroup var global: GlobalOptions

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            try context.console.print(KeyListDocument(try await workspace.repository.keys(), in: workspace))
            return .success
        }
    }
}

/// Where a new password comes from.
struct NewPasswordOptions: ParsableArguments {
    @Option(
        name: .long,
        help: .init("Read the new password from this file.", valueName: "file"),
        completion: .file()
    )
    var newPasswordFile: String?

    /// The new password, from the file, or asked for twice on a terminal.
    ///
    /// - Throws: `usage` for one that could not be given back, such as one with spaces at its ends.
    func password(_ context: CommandContext) throws -> [UInt8] {
        let text: [UInt8]
        if let newPasswordFile {
            let source = PasswordSource.file(path: newPasswordFile, namedBy: "--new-password-file")
            text = try source.password(
                environment: context.surroundings.environment,
                workingDirectory: context.surroundings.workingDirectory
            ).reveal()
        } else {
            guard Terminal.canAsk else {
                throw BelayError(
                    .usage,
                    "there is no terminal to ask for the new password on",
                    hint: "give it with --new-password-file FILE"
                )
            }
            guard let first = Terminal.askHidden("new password: "),
                let second = Terminal.askHidden("again: ")
            else { throw BelayError(.usage, "no password was given", hint: "run the command again") }
            guard second == first else {
                throw BelayError(.usage, "the two passwords differ", hint: "run the command again")
            }
            text = Array(first.utf8)
        }
        let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D, 0x0B, 0x0C]
        guard let first = text.first, let last = text.last else {
            throw BelayError(.usage, "an empty password protects nothing", hint: "choose another")
        }
        guard !spaces.contains(first), !spaces.contains(last) else {
            throw BelayError(
                .usage,
                "a password with spaces at its ends cannot be read from a file",
                hint: "choose another"
            )
        }
        return text
    }
}

/// The command `belay key add`.
struct KeyAddCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a password that opens the repository."
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var password: NewPasswordOptions

    @Option(name: .long, help: .init("Name shown in the list of keys.", valueName: "name"))
    var user: String?

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            // Before anybody is asked for a password.
            try workspace.repository.requireWritable()
            let id = try await workspace.repository.addKey(
                password: try password.password(context),
                parameters: .human,
                label: user
            )
            try context.console.print(KeyChangeDocument(.added, id))
            return .success
        }
    }
}

/// The command `belay key remove`.
struct KeyRemoveCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a key other than the one in use."
    )

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The key's id, or the start of it.")
    var id: String

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            let keys = try await workspace.repository.keys().filter { $0.id.hexadecimal.hasPrefix(id) }
            guard let key = keys.first, !id.isEmpty else {
                throw BelayError(
                    .keyNotFound,
                    "the repository has no key '\(id)'",
                    hint: "run `belay key list`"
                )
            }
            guard keys.count == 1 else {
                throw BelayError(
                    .keyNotFound,
                    "'\(id)' is the start of \(keys.count) keys",
                    hint: "give more of the id",
                    subjects: keys.map(\.id.hexadecimal)
                )
            }
            try await workspace.repository.removeKey(key.id)
            try context.console.print(KeyChangeDocument(.removed, key.id))
            return .success
        }
    }
}

/// The command `belay key change`.
struct KeyChangeCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "change",
        abstract: "Change the password of the key in use.",
        aliases: ["passwd"]
    )

    @OptionGroup var global: GlobalOptions
    @OptionGroup var password: NewPasswordOptions

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            let choice = try context.belay.repositoryChoice(workspace.project)
            if case .keyFile(let path)? = try context.belay.passwordSource(choice) {
                throw BelayError(
                    .keyInUse,
                    "the repository was opened with the key file \(path), whose key is random",
                    hint:
                        "add a password with `belay key add`; remove the key with `belay key remove` while using that"
                )
            }
            try workspace.repository.requireWritable()
            let id = try await workspace.repository.changeKey(
                password: try password.password(context),
                parameters: .human
            )
            try context.console.print(KeyChangeDocument(.changed, id))
            return .success
        }
    }
}

/// The command `belay key recovery`.
struct KeyRecoveryCommand: BelayCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery",
        abstract: "Print a recovery key to keep on paper.",
        discussion: .flowing(
            """
            Prints the random key that opens the repository; if it was opened with a password, or with --new, a
            new key is made and added. Whoever has the sheet can read all snapshots.
            """
        )
    )

    @OptionGroup var global: GlobalOptions

    @Flag(name: .long, help: "Make and add a new key.")
    var new = false

    func execute(_ context: CommandContext) async throws -> ExitStatus {
        try await context.withWorkspace { workspace in
            let choice = try context.belay.repositoryChoice(workspace.project)
            var key: RecoveryKey?
            var id = workspace.repository.keyID
            if !new, case .keyFile(let path)? = try context.belay.passwordSource(choice) {
                // A key file that belay did not make holds some other text: then a new key is made.
                key = try? RecoveryKey(typed: KeyFile.read(path).revealText())
            }
            let isNew = key == nil
            if key == nil {
                guard let made = RecoveryKey(randomBytes: RandomBytes.bytes(RecoveryKey.byteCount)) else {
                    throw BelayError(.internalError, "cannot make a key")
                }
                id = try await workspace.repository.addKey(
                    password: made.secret.reveal(),
                    parameters: .randomKey,
                    label: "recovery"
                )
                key = made
            }
            guard let key else { throw BelayError(.internalError, "cannot make a key") }
            let sheet = key.sheet(
                repository: workspace.repository.store.properties.location,
                keyID: id.short,
                date: workspace.clock.now().localText(in: workspace.zone)
            )
            let document = RecoveryDocument(id: id, groups: key.groups, sheet: sheet, isNew: isNew)
            if isNew {
                try await hand(document, of: id, to: context.console, workspace.repository)
            } else {
                try context.console.print(document)
            }
            return .success
        }
    }

    /// Prints a new key, or removes it again: one that nobody has seen would only be a door more.
    private func hand(
        _ document: RecoveryDocument,
        of id: KeyID,
        to console: Console,
        _ repository: Repository
    ) async throws {
        let failure: any Error
        do {
            if try console.print(document) { return }
            failure = BelayError(
                .fileSystem,
                "nobody read the recovery key, so it was removed again",
                hint: "run the command again, and let its output be read to the end"
            )
        } catch {
            failure = error
        }
        do {
            try await repository.removeKey(id)
        } catch {
            throw BelayError(
                .fileSystem,
                "the recovery key could not be printed, and its key \(id.short) could not be removed again",
                hint: "run `belay key remove \(id.short)`",
                cause: error
            )
        }
        throw failure
    }

    private typealias KeyFile = BelayProject.KeyFile
}
