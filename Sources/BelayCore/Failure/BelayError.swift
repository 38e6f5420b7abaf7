/// A failure that a person reads.
///
/// It says what could not be done and to what, what to type next, and why it happened. The code decides the
/// exit status and never changes its meaning.
package struct BelayError: Error, Sendable {
    package let code: ErrorCode
    /// What could not be done, and to what: lower case, no full stop.
    package let message: String
    /// One imperative sentence with the command to type, when there is one.
    package let hint: String?
    /// Which snapshots, files or parts are affected, one each.
    package let subjects: [String]
    /// What lay beneath, for `--verbose`.
    package let cause: (any Error)?

    package init(
        _ code: ErrorCode,
        _ message: String,
        hint: String? = nil,
        subjects: [String] = [],
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.subjects = subjects
        self.cause = cause
    }
}

extension BelayError: CustomStringConvertible {
    package var description: String {
        var text = message
        if let cause { text += ": \(cause)" }
        return text
    }
}
