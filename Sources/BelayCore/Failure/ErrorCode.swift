/// The stable name of a kind of failure, and the exit status it leads to.
///
/// A name is never changed or used again for something else; scripts rely on it.
package struct ErrorCode: Hashable, Sendable {
    /// Dotted name, such as `repository.locked`.
    package let name: String
    package let exitStatus: Int32
    /// What it means, in one sentence, for the reference page.
    package let meaning: String

    private init(_ name: String, _ exitStatus: Int32 = 1, _ meaning: String) {
        self.name = name
        self.exitStatus = exitStatus
        self.meaning = meaning
    }

    package static func == (left: ErrorCode, right: ErrorCode) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension ErrorCode {
    package static let usage = ErrorCode(
        "usage",
        2,
        "The command line does not say something that belay can do."
    )
    package static let configurationInvalid = ErrorCode(
        "configuration.invalid",
        2,
        "`belay.yaml` has an unknown key, a wrong type or a wrong value."
    )
    package static let configurationUnreadable = ErrorCode(
        "configuration.unreadable",
        1,
        "`belay.yaml` is there but cannot be read."
    )
    package static let projectUnreadable = ErrorCode(
        "project.unreadable",
        1,
        "The project's directory, or one of its parts, is missing or cannot be read."
    )
    package static let projectEmpty = ErrorCode(
        "project.empty",
        1,
        "There is nothing to store, where something was expected."
    )
    package static let databaseUnreadable = ErrorCode(
        "database.unreadable",
        1,
        "A database of the project cannot be read; the other parts of the snapshot are stored."
    )
    package static let databaseUnrestorable = ErrorCode(
        "database.unrestorable",
        1,
        "A stored state of a database cannot be loaded or put in its place; the live database is as it was."
    )
    package static let databaseProgramsMissing = ErrorCode(
        "database.programs-missing",
        1,
        "The programs of a database's engine are not installed."
    )
    package static let captureFailed = ErrorCode(
        "capture.failed",
        1,
        "A command whose output belongs into the snapshot failed, or printed nothing."
    )
    package static let sourceIncomplete = ErrorCode(
        "source.incomplete",
        3,
        "A snapshot was stored, but something could not be read."
    )
    package static let snapshotNotFound = ErrorCode(
        "snapshot.not-found",
        1,
        "No snapshot matches."
    )
    package static let snapshotAmbiguous = ErrorCode(
        "snapshot.ambiguous",
        1,
        "More than one snapshot matches."
    )
    package static let pathNotFound = ErrorCode(
        "path.not-found",
        1,
        "A snapshot does not hold that path."
    )
    package static let checkpointExists = ErrorCode(
        "checkpoint.exists",
        1,
        "Another checkpoint has that name."
    )
    package static let targetNotUsable = ErrorCode(
        "target.not-usable",
        1,
        "The directory to restore into cannot be used."
    )
    package static let restoreIncomplete = ErrorCode(
        "restore.incomplete",
        1,
        "Something could not be restored."
    )
    package static let repositoryMissing = ErrorCode(
        "repository.missing",
        10,
        "There is no repository at that place."
    )
    package static let repositoryExists = ErrorCode(
        "repository.exists",
        1,
        "There is a repository at that place already."
    )
    package static let repositoryLocked = ErrorCode(
        "repository.locked",
        11,
        "Somebody else works in the repository."
    )
    package static let repositoryReadOnly = ErrorCode(
        "repository.read-only",
        1,
        "The repository has a format that belay reads but does not write."
    )
    package static let repositoryUnsupported = ErrorCode(
        "repository.unsupported",
        1,
        "The repository has a format that belay does not know."
    )
    package static let repositoryDamaged = ErrorCode(
        "repository.damaged",
        1,
        "Something in the repository is missing or not what it was."
    )
    package static let repositoryUnavailable = ErrorCode(
        "repository.unavailable",
        1,
        "The repository cannot be reached, read or written."
    )
    package static let repositoryFull = ErrorCode(
        "repository.full",
        1,
        "There is no space left for the repository."
    )
    package static let passwordWrong = ErrorCode(
        "password.wrong",
        12,
        "No key of the repository opens with that password."
    )
    package static let passwordMissing = ErrorCode(
        "password.missing",
        12,
        "No password or key is known for the repository."
    )
    package static let keyInUse = ErrorCode(
        "key.in-use",
        1,
        "The key that opened the repository cannot be removed."
    )
    package static let keyNotFound = ErrorCode(
        "key.not-found",
        1,
        "The repository has no such key."
    )
    package static let retentionRefused = ErrorCode(
        "retention.refused",
        2,
        "The rules would keep nothing, or there are none."
    )
    package static let verificationFailed = ErrorCode(
        "verification.failed",
        1,
        "The repository or a snapshot is not what it should be."
    )
    package static let differenceTooLarge = ErrorCode(
        "difference.too-large",
        1,
        "Two states cannot be compared within the limits."
    )
    package static let fileSystem = ErrorCode(
        "file-system",
        1,
        "The operating system refused a file operation."
    )
    package static let cancelled = ErrorCode(
        "run.cancelled",
        130,
        "The command was interrupted."
    )
    package static let internalError = ErrorCode(
        "internal",
        1,
        "belay met a state that should not occur."
    )

    /// Every code, in the order of the reference page.
    package static let all: [ErrorCode] = [
        .usage, .configurationInvalid, .configurationUnreadable, .projectUnreadable, .projectEmpty,
        .databaseUnreadable, .databaseUnrestorable, .databaseProgramsMissing, .captureFailed,
        .sourceIncomplete, .snapshotNotFound,
        .snapshotAmbiguous,
        .pathNotFound, .checkpointExists,
        .targetNotUsable, .restoreIncomplete, .repositoryMissing, .repositoryExists, .repositoryLocked,
        .repositoryReadOnly, .repositoryUnsupported, .repositoryDamaged, .repositoryUnavailable,
        .repositoryFull, .passwordWrong, .passwordMissing, .keyInUse, .keyNotFound, .retentionRefused,
        .verificationFailed, .differenceTooLarge, .fileSystem, .cancelled, .internalError,
    ]
}
