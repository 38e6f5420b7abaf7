import BelayArchive
import BelayCore
import BelayReport
import BelaySystem
import BelayWorkflows

#if canImport(Glibc)
import Glibc
#endif

/// Shows how far long work is: a line that changes on a terminal, a line every few seconds elsewhere, JSON
/// lines with `--json`.
enum ProgressDisplay {
    /// What is watched, and how it reads.
    struct Source: Sendable {
        /// `nil` while there is nothing to show.
        let sample: @Sendable () -> Sample?
    }

    struct Sample: Sendable {
        var action: String
        var filesDone: UInt64
        var bytesDone: UInt64
        var filesTotal: UInt64?
        var bytesTotal: UInt64?
        var current: String
    }

    private static let terminalInterval = Duration.milliseconds(120)
    private static let plainInterval = Duration.seconds(5)
    private static let jsonInterval = Duration.seconds(1)

    /// Whether totals are shown, so that they are worth finding.
    static func showsTotals(_ console: Console) -> Bool {
        console.isJSON || !console.isQuiet && console.errorStyle.columns != nil
    }

    /// Runs `body` while showing `source`; work that is soon done shows nothing.
    static func during<Result: Sendable>(
        _ console: Console,
        _ source: Source,
        _ body: () async throws -> Result
    ) async throws -> Result {
        if console.isQuiet && !console.isJSON { return try await body() }
        async let _: Void = show(console, source)
        let result: Result
        do {
            result = try await body()
        } catch {
            clear(console)
            throw error
        }
        clear(console)
        return result
    }

    private static func show(_ console: Console, _ source: Source) async {
        let begin = ContinuousClock.now
        // Each part counts its bytes from nothing, so its rate is that since it began.
        var action = (name: "", begin: begin)
        let isTerminal = console.errorStyle.columns != nil && !console.isJSON
        let interval = console.isJSON ? jsonInterval : isTerminal ? terminalInterval : plainInterval
        while !Task.isCancelled {
            // Ends early when the work is done.
            try? await Task.sleep(for: interval)
            if Task.isCancelled { return }
            guard let sample = source.sample() else { continue }
            let now = ContinuousClock.now
            if sample.action != action.name { action = (sample.action, now - interval) }
            let elapsed = now - action.begin
            if console.isJSON {
                console.printLine(StatusDocument(sample, now - begin).line)
            } else if isTerminal {
                let line = String(text(sample, elapsed).prefix((console.errorStyle.columns ?? 80) - 1))
                Terminal.write("\r\u{1B}[K\(line)", to: STDERR_FILENO)
            } else {
                console.tell(text(sample, elapsed))
            }
        }
    }

    private static func clear(_ console: Console) {
        guard console.errorStyle.columns != nil, !console.isJSON, !console.isQuiet else { return }
        Terminal.write("\r\u{1B}[K", to: STDERR_FILENO)
    }

    private static func text(_ sample: Sample, _ elapsed: Duration) -> String {
        let rate = ByteRate(ByteCount(sample.bytesDone), in: elapsed)
        var pieces = [sample.action]
        if let total = sample.bytesTotal, total > 0 {
            let part = min(sample.bytesDone, total)
            pieces += [
                "\(Percentage(part, of: total))", "\(ByteCount(part)) of \(ByteCount(total))", "\(rate)",
            ]
            let seconds = Elapsed.seconds(elapsed)
            if part > 0 && part < total {
                pieces.append("\(Elapsed.text(.seconds(seconds * Double(total - part) / Double(part)))) left")
            }
        } else {
            if sample.filesDone > 0 { pieces.append(Count.text(sample.filesDone, "file")) }
            if sample.bytesDone > 0 { pieces += ["\(ByteCount(sample.bytesDone))", "\(rate)"] }
        }
        if !sample.current.isEmpty { pieces.append(PrintableText.of(sample.current)) }
        return pieces.joined(separator: "  ")
    }
}

extension ProgressDisplay.Source {
    /// The database or capture that is worked on, and else what `other` shows.
    static func parts(_ progress: PartProgress, or other: Self? = nil) -> Self {
        Self {
            guard let part = progress.current else { return other?.sample() }
            return ProgressDisplay.Sample(
                action: "\(action(part.phase)) \(part.name)",
                filesDone: 0,
                bytesDone: part.bytesDone,
                filesTotal: nil,
                bytesTotal: part.bytesTotal,
                current: ""
            )
        }
    }

    private static func action(_ phase: PartProgress.Phase) -> String {
        switch phase {
        case .storing: "storing"
        case .loading: "loading"
        case .comparing: "comparing"
        case .exchanging: "exchanging"
        }
    }

    static func backup(_ progress: CaptureProgress) -> Self {
        Self {
            ProgressDisplay.Sample(
                action: "storing",
                filesDone: progress.filesDone,
                bytesDone: progress.bytesDone,
                filesTotal: progress.filesTotal,
                bytesTotal: progress.bytesTotal,
                current: progress.current
            )
        }
    }
}

/// A line of progress for programs.
private struct StatusDocument: ReportDocument {
    let messageType = "status"
    let action: String
    let filesDone: UInt64
    let bytesDone: UInt64
    let totalFiles: UInt64?
    let totalBytes: UInt64?
    let percentDone: Double?
    let secondsElapsed: Double
    let current: String

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case action
        case filesDone = "files_done"
        case bytesDone = "bytes_done"
        case totalFiles = "total_files"
        case totalBytes = "total_bytes"
        case percentDone = "percent_done"
        case secondsElapsed = "seconds_elapsed"
        case current
    }

    init(_ sample: ProgressDisplay.Sample, _ elapsed: Duration) {
        action = sample.action
        filesDone = sample.filesDone
        bytesDone = sample.bytesDone
        totalFiles = sample.filesTotal
        totalBytes = sample.bytesTotal
        // A total is what there was last time, so it can prove too small.
        percentDone = sample.bytesTotal.flatMap {
            $0 == 0 || sample.bytesDone > $0 ? nil : Double(sample.bytesDone) / Double($0)
        }
        secondsElapsed = Elapsed.seconds(elapsed)
        current = sample.current
    }

    func text(_ style: TextStyle) -> String { action }

    // Numbers and texts always encode; should they not, a line that says nothing is the right thing to show.
    var line: String { (try? json()) ?? "{\"message_type\":\"status\"}" }
}
