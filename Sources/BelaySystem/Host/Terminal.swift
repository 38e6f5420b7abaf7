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
    package static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

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

    /// Reads a line from standard input; `nil` at its end.
    ///
    /// With `hidden`, a terminal does not show what is typed.
    package static func readLine(hidden: Bool = false) -> String? {
        let hides = hidden && isInputTerminal && belay_terminal_echo(STDIN_FILENO, 0) == 0
        defer {
            if hides {
                _ = belay_terminal_echo(STDIN_FILENO, 1)
                write("\n", to: STDERR_FILENO)
            }
        }
        return Swift.readLine(strippingNewline: true)
    }
}
