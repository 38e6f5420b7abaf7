/// How a command ended, for the shell.
struct ExitStatus: Hashable, Sendable {
    let rawValue: Int32

    static let success = ExitStatus(rawValue: 0)
    static let failure = ExitStatus(rawValue: 1)
    static let usage = ExitStatus(rawValue: 2)
    /// Done, but something could not be read or a check failed.
    static let incomplete = ExitStatus(rawValue: 3)
}
