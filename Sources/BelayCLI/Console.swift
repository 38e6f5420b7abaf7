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
        self.init(
            isJSON: options.json,
            isQuiet: options.quiet,
            isVerbose: options.verbose,
            isPlain: options.noColor,
            environment: environment
        )
    }

    /// For a command line whose flags could not be parsed: what they say is plain enough.
    init(unparsed arguments: [String], environment: [String: String]) {
        let arguments = arguments.prefix { $0 != "--" }
        self.init(
            isJSON: arguments.contains("--json"),
            isQuiet: false,
            isVerbose: false,
            isPlain: arguments.contains("--no-color"),
            environment: environment
        )
    }

    private init(
        isJSON: Bool,
        isQuiet: Bool,
        isVerbose: Bool,
        isPlain: Bool,
        environment: [String: String]
    ) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        self.isVerbose = isVerbose
        let mayColor =
            !isPlain && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        style = TextStyle(
            isColored: mayColor && Terminal.outputColumns != nil,
            columns: Terminal.outputColumns
        )
        errorStyle = TextStyle(
            isColored: mayColor && Terminal.errorColumns != nil,
            columns: Terminal.errorColumns
        )
    }

    /// Prints a result: as one JSON document or as text; `false` if nobody reads it, as behind `| true`.
    @discardableResult
    func print(_ document: some ReportDocument) throws -> Bool {
        let text =
            isJSON ? try document.json() : isQuiet ? document.quietText(style) : document.text(style)
        if text.isEmpty || printLine(text) { return true }
        if Terminal.isReaderGone { return false }
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
        if !isQuiet { Terminal.write(PrintableText.of(text) + "\n", to: STDERR_FILENO) }
    }

    func warn(_ text: String) {
        Terminal.write(
            errorStyle.warning("warning:") + " \(PrintableText.lines(of: text))\n",
            to: STDERR_FILENO
        )
    }

    /// What to do about a warning.
    func hint(_ text: String) {
        Terminal.write(errorStyle.hint("hint:") + " \(text)\n", to: STDERR_FILENO)
    }

    /// That a signal ended the command, which then has this status.
    func reportInterruption(_ status: ExitStatus) {
        guard isJSON else { return tell("interrupted; what was stored so far is used by the next run") }
        let error = BelayError(
            .cancelled,
            "the command was interrupted",
            hint: "run it again; what was stored so far is used by the next run"
        )
        Terminal.write(ErrorDocument(error, exitStatus: status.rawValue).line + "\n", to: STDERR_FILENO)
    }

    /// What failed, why, and what to do.
    func report(_ error: BelayError) {
        if isJSON {
            Terminal.write(ErrorDocument(error).line + "\n", to: STDERR_FILENO)
            return
        }
        var text = errorStyle.failure("error:") + " \(PrintableText.lines(of: error.message))\n"
        if let cause = error.cause { text += "  because: \(PrintableText.lines(of: "\(cause)"))\n" }
        let relation = error.code == .snapshotAmbiguous ? "fits" : "affects"
        for subject in error.subjects where !error.message.contains(subject) {
            text += "  \(relation): \(PrintableText.of(subject))\n"
        }
        if let hint = error.hint {
            text += errorStyle.hint("hint:") + " \(PrintableText.lines(of: hint))\n"
        }
        if isVerbose { text += "  code: \(error.code.name)\n" }
        Terminal.write(text, to: STDERR_FILENO)
    }
}
