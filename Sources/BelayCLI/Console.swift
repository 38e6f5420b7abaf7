import BelayCore
import BelayReport
import BelaySystem

#if canImport(Glibc)
import Glibc
#endif

/// Where a command's words go: results to standard output, all else to standard error.
struct Console: Sendable {
    let isJSON: Bool
    let isQuiet: Bool
    let isVerbose: Bool
    /// Colours and other niceties of standard output.
    let style: TextStyle
    let errorStyle: TextStyle

    init(_ options: GlobalOptions, environment: [String: String]) {
        isJSON = options.json
        isQuiet = options.quiet
        isVerbose = options.verbose
        let mayColor =
            !options.noColor && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        style = TextStyle(
            isColored: mayColor && Terminal.outputColumns != nil,
            columns: Terminal.outputColumns
        )
        errorStyle = TextStyle(
            isColored: mayColor && Terminal.errorColumns != nil,
            columns: Terminal.errorColumns
        )
    }

    /// Prints a result: as one JSON document or as text.
    func print(_ document: some ReportDocument) throws {
        let text = isJSON ? try document.json() : document.text(style)
        if text.isEmpty || printLine(text) || Terminal.isReaderGone { return }
        throw BelayError(
            .fileSystem,
            "the result could not be written to standard output",
            hint: "check the space left where the output goes; what was done is done"
        )
    }

    /// A line of the result; `false` if it could not be written.
    @discardableResult
    func printLine(_ text: String) -> Bool {
        Terminal.write(text + "\n", to: STDOUT_FILENO)
    }

    /// Bytes of the result, as they are; `false` if nobody reads them any more.
    @discardableResult
    func printBytes(_ bytes: UnsafeRawBufferPointer) -> Bool {
        Terminal.write(bytes, to: STDOUT_FILENO)
    }

    /// Something a person should know that is not the result.
    func tell(_ text: String) {
        if !isQuiet { Terminal.write(text + "\n", to: STDERR_FILENO) }
    }

    func warn(_ text: String) {
        Terminal.write(errorStyle.warning("warning:") + " \(text)\n", to: STDERR_FILENO)
    }

    /// What to do about a warning.
    func hint(_ text: String) {
        Terminal.write(errorStyle.hint("hint:") + " \(text)\n", to: STDERR_FILENO)
    }

    /// What failed, why, and what to do.
    func report(_ error: BelayError) {
        if isJSON {
            Terminal.write(ErrorDocument(error).line + "\n", to: STDERR_FILENO)
            return
        }
        var text = errorStyle.failure("error:") + " \(error.message)\n"
        if let cause = error.cause { text += "  because: \(cause)\n" }
        for subject in error.subjects where !error.message.contains(subject) {
            text += "  affects: \(subject)\n"
        }
        if let hint = error.hint { text += errorStyle.hint("hint:") + " \(hint)\n" }
        if isVerbose { text += "  code: \(error.code.name)\n" }
        Terminal.write(text, to: STDERR_FILENO)
    }
}
