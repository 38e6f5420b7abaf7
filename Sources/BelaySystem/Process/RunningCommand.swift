import CBelay
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A program that runs, with its standard streams.
///
/// Mostly it is the leader of a process group of its own, so that what it starts ends with it; it finds no signal
/// ignored or held back. All calls block: make them on a ``BlockingPool``.
package final class RunningCommand: Sendable {
    /// What the program reads.
    package enum Input: Sendable {
        case nothing
        /// An open file, from where it stands; it stays the caller's.
        case file(Int32)
        /// What ``write(_:)`` is given.
        case pipe
    }

    /// Where the program prints.
    package enum Output: Sendable {
        case nothing
        /// An open file; it stays the caller's.
        case file(Int32)
        /// To ``read(into:)``.
        case pipe
    }

    /// Where the program says what is no result.
    package enum Errors: Sendable {
        case nothing
        /// To ours.
        case ours
        /// It is read along the way, and the last of it is ``RunningCommand/said``.
        case kept
    }

    private struct State {
        var ending: CommandEnding?
        var input: Int32 = -1
        var output: Int32 = -1
        var errors: Int32 = -1
        var said: [UInt8] = []
    }

    /// So much of the end of what a program says is kept.
    private static let saidMaximum = 16 << 10

    private let process: Int32
    /// What signals go to: the group it leads, or it alone.
    private let addressee: Int32
    private let state: Mutex<State>

    private init(process: Int32, leadsGroup: Bool, input: Int32, output: Int32, errors: Int32) {
        self.process = process
        addressee = leadsGroup ? -process : process
        state = Mutex(State(input: input, output: output, errors: errors))
    }

    deinit {
        state.withLock { state in
            if state.ending == nil { kill(addressee, SIGKILL) }
            for end in [state.input, state.output, state.errors] where end >= 0 { close(end) }
            if state.ending == nil { while waitpid(process, nil, 0) < 0 && errno == EINTR {} }
        }
    }

    /// Starts the program.
    ///
    /// One that does not lead a group stays in ours, and so may ask something on the terminal.
    ///
    /// - Throws: `ENOENT` if there is no such program, or what else keeps it from starting.
    package static func start(
        _ command: Command,
        input: Input = .nothing,
        output: Output = .pipe,
        errors: Errors = .kept,
        leadsGroup: Bool = true
    ) throws(SystemError) -> RunningCommand {
        guard let path = command.path else {
            throw SystemError(call: "run", subject: command.program, number: ENOENT)
        }
        var pipes = CommandPipes()
        defer { pipes.closeTheirs() }
        do throws(SystemError) {
            let process = try CommandSpawn.spawn(
                command,
                path: path,
                input: try pipes.input(input),
                output: try pipes.output(output),
                errors: try pipes.errors(errors),
                leadsGroup: leadsGroup
            )
            return RunningCommand(
                process: process,
                leadsGroup: leadsGroup,
                input: pipes.ours.input,
                output: pipes.ours.output,
                errors: pipes.ours.errors
            )
        } catch {
            pipes.closeOurs()
            throw error
        }
    }

    /// Reads some of what it prints; 0 at the end.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        while true {
            let (output, errors) = state.withLock { ($0.output, $0.errors) }
            if output < 0 { return 0 }
            let ready = try wait(for: [(output, POLLIN), (errors, POLLIN)])
            if ready[1] { drainErrors(errors) }
            guard ready[0] else { continue }
            let count = Glibc.read(output, buffer.baseAddress, buffer.count)
            if count > 0 { return count }
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw .current("read", "the output of a program")
            }
            state.withLock { state in
                close(state.output)
                state.output = -1
            }
            return 0
        }
    }

    /// Hands over what it reads; blocks until it has taken all.
    ///
    /// The process must ignore SIGPIPE.
    ///
    /// - Throws: `EPIPE` if it reads no more.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var written = 0
        while written < bytes.count {
            let (input, errors) = state.withLock { ($0.input, $0.errors) }
            if input < 0 {
                throw SystemError(call: "write", subject: "the input of a program", number: EPIPE)
            }
            let ready = try wait(for: [(input, POLLOUT), (errors, POLLIN)])
            if ready[1] { drainErrors(errors) }
            guard ready[0] else { continue }
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = Glibc.write(input, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR || errno == EAGAIN { continue }
                throw .current("write", "the input of a program")
            }
            written += count
        }
    }

    /// Tells it that there is no more to read.
    package func closeInput() {
        state.withLock { state in
            if state.input >= 0 { close(state.input) }
            state.input = -1
        }
    }

    /// Asks it and all it started to end; what does not is ended by ``finish()`` when this object goes.
    package func terminate() { signal(SIGTERM) }

    /// Ends it and all it started at once.
    package func end() { signal(SIGKILL) }

    private func signal(_ number: Int32) {
        // While it has not been waited for, its number is nobody else's.
        state.withLock { state in
            if state.ending == nil { kill(addressee, number) }
        }
    }

    /// Waits to its end; what it still prints is thrown away.
    package func finish() throws(SystemError) -> CommandEnding {
        closeInput()
        try withUnsafeTemporaryBuffer { (buffer) throws(SystemError) in
            while try read(into: buffer) > 0 {}
        }
        while true {
            let errors = state.withLock { $0.errors }
            if errors < 0 { break }
            _ = try wait(for: [(errors, POLLIN)])
            drainErrors(errors)
        }
        // Invariant: without options it is waited for until there is an ending.
        return collect(options: 0) ?? .signalled(0)
    }

    /// Waits a little for something to read; `false` if nothing came.
    func hasOutput(within milliseconds: Int32) throws(SystemError) -> Bool {
        let (output, errors) = state.withLock { ($0.output, $0.errors) }
        if output < 0 { return true }
        let ready = try wait(for: [(output, POLLIN), (errors, POLLIN)], milliseconds)
        if ready[1] { drainErrors(errors) }
        return ready[0]
    }

    /// Lets the calling thread rest.
    static func pause(_ milliseconds: Int32) { _ = poll(nil, 0, milliseconds) }

    /// Whether it has ended by now.
    var hasEnded: Bool { collect(options: WNOHANG) != nil }

    /// How it ended; `nil` if it has not, and the options are not to wait for it.
    private func collect(options: Int32) -> CommandEnding? {
        state.withLock { state in
            if let ending = state.ending { return ending }
            var status: Int32 = 0
            while true {
                let ended = waitpid(process, &status, options)
                if ended == 0 { return nil }
                if ended > 0 { break }
                // Somebody else collected it: how it ended is lost, which must not count as success.
                if errno != EINTR { return .signalled(0) }
            }
            let number = status & 0x7F
            let ending = number == 0 ? CommandEnding.exited((status >> 8) & 0xFF) : .signalled(number)
            state.ending = ending
            return ending
        }
    }

    /// The end of what it has said on standard error, as text.
    package var said: String {
        let bytes = state.withLock { $0.said }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func wait(
        for files: [(descriptor: Int32, events: Int32)],
        _ milliseconds: Int32 = -1
    ) throws(SystemError) -> [Bool] {
        // A negative descriptor is passed over by poll.
        var polls = files.map { pollfd(fd: $0.descriptor, events: Int16($0.events), revents: 0) }
        while poll(&polls, nfds_t(polls.count), milliseconds) < 0 {
            if errno != EINTR { throw .current("poll", "the streams of a program") }
        }
        return polls.map { $0.revents != 0 }
    }

    private func drainErrors(_ descriptor: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && (errno == EINTR || errno == EAGAIN) { return }
            state.withLock { state in
                if count <= 0 {
                    close(state.errors)
                    state.errors = -1
                    return
                }
                state.said.append(contentsOf: buffer[..<count])
                if state.said.count > Self.saidMaximum * 2 {
                    state.said.removeFirst(state.said.count - Self.saidMaximum)
                    // Whole lines: half of one would be taken for what was said.
                    if let end = state.said.firstIndex(of: 0x0A) { state.said.removeFirst(end + 1) }
                }
            }
        }
    }

    private func withUnsafeTemporaryBuffer(
        _ body: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        try body(buffer)
    }
}
