/// How a command finds its project and repository: the global flags.
package struct OpenOptions: Sendable {
    /// `--repo`.
    package var repository: String?
    package var passwordFile: String?
    package var passwordCommand: String?
    package var noCache = false
    package var noLock = false
    /// `--retry-lock`.
    package var lockRetry: Duration?
    /// `--limit-upload`, in bytes a second.
    package var uploadMaximum: UInt64?
    /// `--limit-download`, in bytes a second.
    package var downloadMaximum: UInt64?

    /// Asks a person for the password with such a question; `nil` if nobody can be asked.
    package var askPassword: (@Sendable (_ question: String) -> String?)?

    package init() {}
}
