import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What stands behind the standard streams.
package enum Terminal {
    /// Columns of the terminal on standard output; `nil` if it is none.
    package static var outputColumns: Int? { columns(STDOUT_FILENO) }
    /// Columns of the terminal on standard error; `nil` if it is none.
    package static var errorColumns: Int? { columns(STDERR_FILENO) }
    /// Whether a person can be asked: what is written to standard error is seen, and an answer can be typed.
    package static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    private static func columns(_ descriptor: Int32) -> Int? {
        let columns = Int(belay_terminal_columns(descriptor))
        return columns > 0 ? columns : nil
    }

    /// Whether the write that failed last did so because nobody reads any more, as behind `| head`.
    package static var isReaderGone: Bool { errno == EPIPE }

    /// Writes all of `text` to a standard stream; `false` if nobody reads it any more.
    @discardableResult
    package static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    /// Writes all of `bytes` to a standard stream; `false` if nobody reads it any more.
    @discardableResult
    package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                return false
            }
            done += count
        }
        return true
    }

    /// Asks for a line on the terminal, which does not show what is typed.
    ///
    /// `nil` at the end of the input, and when a signal asks the program to stop.
    package static func askHidden(_ question: String) -> String? {
        let hides = belay_terminal_echo(STDIN_FILENO, 0) == 0
        defer {
            if hides { _ = belay_terminal_echo(STDIN_FILENO, 1) }
            write("\n", to: STDERR_FILENO)
        }
        return ask(question)
    }

    /// Asks for a line on the terminal.
    ///
    /// `nil` at the end of the input, and when a signal asks the program to stop.
    package static func ask(_ question: String) -> String? {
        write(question, to: STDERR_FILENO)
        // A terminal left without an echo would be the second signal's doing: the first has to end the wait.
        var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while poll(&input, 1, signalCheckMilliseconds) <= 0 {
            if Shutdown.signal != nil { return nil }
        }
        return Swift.readLine(strippingNewline: true)
    }

    private static let signalCheckMilliseconds: Int32 = 100
}
