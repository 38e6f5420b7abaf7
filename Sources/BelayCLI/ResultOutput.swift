import BelayCore
import BelayReport
import BelaySystem

/// A long result on its way to standard output, in few large writes.
final class ResultOutput {
    /// Nobody reads the result any more, as after `| head`: no failure, but a reason to stop.
    struct Closed: Error {}

    private static let blockSize = 64 << 10

    private let console: Console
    private var block: [UInt8] = []

    init(_ console: Console) {
        self.console = console
    }

    /// Adds a document: as a line of JSON, or as its text if there is any.
    func print(_ document: some ReportDocument) throws {
        let line = console.isJSON ? try document.json() : document.text(console.style)
        if line.isEmpty && !console.isJSON { return }
        try write(Array((line + "\n").utf8))
    }

    /// Adds bytes as they are.
    func write(_ bytes: [UInt8]) throws {
        block.append(contentsOf: bytes)
        if block.count >= Self.blockSize { try flush() }
    }

    /// Adds bytes as they are; many of them are not copied.
    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count >= Self.blockSize else {
            block.append(contentsOf: bytes)
            if block.count >= Self.blockSize { try flush() }
            return
        }
        try flush()
        try put(bytes)
    }

    /// Writes what has gathered.
    func flush() throws {
        defer { block.removeAll(keepingCapacity: true) }
        try block.withUnsafeBytes { try put($0) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        if console.printBytes(bytes) { return }
        let failure = SystemError.current("write", "standard output")
        if failure.number == Self.brokenPipe { throw Closed() }
        throw BelayError(
            .fileSystem,
            "cannot write the result: \(failure.reason)",
            hint: "check the space left where standard output leads to",
            cause: failure
        )
    }

    private static let brokenPipe: Int32 = 32  // EPIPE

    /// Runs `body` with an output that is written out when it ends, however it ends; ends well if nobody reads.
    static func during(
        _ console: Console,
        _ body: (ResultOutput) async throws -> ExitStatus
    ) async throws -> ExitStatus {
        let output = ResultOutput(console)
        do {
            let status = try await body(output)
            try output.flush()
            return status
        } catch is Closed {
            return .success
        } catch {
            // What was found before the failure is shown; that it cannot be written matters less.
            try? output.flush()
            throw error
        }
    }
}
