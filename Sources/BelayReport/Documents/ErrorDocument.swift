package import BelayCore

/// A failure, as the last line on standard error in JSON mode.
package struct ErrorDocument: ReportDocument {
    package let messageType = "exit_error"
    package let code: Int32
    package let error: String
    package let message: String
    package let hint: String?
    package let subjects: [String]
    package let cause: String?

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case code, error, message, hint, subjects, cause
    }

    /// The status is that of the error's code unless another is given, as after a signal.
    package init(_ error: BelayError, exitStatus: Int32? = nil) {
        code = exitStatus ?? error.code.exitStatus
        self.error = error.code.name
        message = error.message
        hint = error.hint
        subjects = error.subjects
        cause = error.cause.map { "\($0)" }
    }

    package func text(_ style: TextStyle) -> String { message }

    /// The document, or the bare message should it not be possible to encode.
    package var line: String { (try? json()) ?? message }
}
