/// What a program printed, and how it ended.
package struct CommandOutcome: Sendable {
    /// Why a program was killed.
    package enum Stop: Hashable, Sendable {
        case tooMuchOutput
        case tooMuchTime
        /// The task that waits for it was cancelled.
        case cancelled
    }

    package var ending: CommandEnding
    package var output: [UInt8]
    /// The end of what it said on standard error, if that was kept.
    package var said: String
    /// `nil` if it was left to end by itself.
    package var stop: Stop?

    package var isSuccess: Bool { ending.isSuccess && stop == nil }
    package var text: String { String(decoding: output, as: UTF8.self) }
}

extension Command {
    /// Until when a program may run.
    private struct Watch {
        var deadline: ContinuousClock.Instant?

        /// How often a cancellation is looked for.
        static let intervalMilliseconds: Int32 = 50

        var stop: CommandOutcome.Stop? {
            if Task.isCancelled { return .cancelled }
            return deadline.map { ContinuousClock.now >= $0 } == true ? .tooMuchTime : nil
        }
    }

    /// Runs the program to its end, without input, and gives what it printed.
    ///
    /// Beyond `limit` bytes, or the time limit if there is one, it is killed, and so it is when the task is
    /// cancelled. Blocks.
    package func run(
        limit: Int,
        timeLimit: Duration? = nil,
        errors: RunningCommand.Errors = .kept,
        leadsGroup: Bool = true
    ) throws(SystemError) -> CommandOutcome {
        let running = try RunningCommand.start(self, errors: errors, leadsGroup: leadsGroup)
        let watch = Watch(deadline: timeLimit.map { ContinuousClock.now + $0 })
        var (output, stop) = try running.collect(limit: limit, stop: { watch.stop })
        // It may close its output and go on; most have ended by now, or do so at once.
        var pause: Int32 = 1
        while stop == nil, !running.hasEnded {
            stop = watch.stop
            RunningCommand.pause(pause)
            pause = min(pause * 2, Watch.intervalMilliseconds)
        }
        if stop != nil { running.end() }
        return CommandOutcome(ending: try running.finish(), output: output, said: running.said, stop: stop)
    }
}

extension RunningCommand {
    /// Reads what it prints until the end, or until there is a reason to stop.
    fileprivate func collect(
        limit: Int,
        stop: () -> CommandOutcome.Stop?
    ) throws(SystemError) -> (output: [UInt8], stop: CommandOutcome.Stop?) {
        var output: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            if let stop = stop() { return (output, stop) }
            guard try hasOutput(within: 50) else { continue }
            let count = try read(into: &room)
            if count == 0 { return (output, nil) }
            guard output.count + count <= limit else { return (output, .tooMuchOutput) }
            output += room[..<count]
        }
    }

    /// Reads some of what it prints into an array, as much as fits; 0 at the end.
    package func read(into room: inout [UInt8]) throws(SystemError) -> Int {
        var outcome: Result<Int, SystemError> = .success(0)
        room.withUnsafeMutableBytes { buffer in
            outcome = Result { () throws(SystemError) in try read(into: buffer) }
        }
        return try outcome.get()
    }

    /// Bytes that a pipe to or from a program holds where the system allows it.
    static var pipeBytes: Int32 { 1 << 20 }

    /// Reads until a buffer is full or all is read; gives how many bytes that are, 0 at the end.
    ///
    /// For streams, whose first bytes nobody waits for: programs print a few kilobytes at a time, and to be woken for
    /// each of them costs both sides more than the bytes themselves. After a short read it rests, and lets them gather.
    package func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            if count == 0 { break }
            filled += count
            if count < Int(Self.pipeBytes) / 8 && filled < buffer.count { Self.pause(1) }
        }
        return filled
    }

    /// Reads what it prints until the end.
    package func readToEnd() throws(SystemError) -> [UInt8] {
        var output: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try read(into: &room)
            if count == 0 { return output }
            output += room[..<count]
        }
    }

    /// Hands over a text that it reads.
    package func write(_ text: String) throws(SystemError) {
        var outcome: Result<Void, SystemError> = .success(())
        Array(text.utf8).withUnsafeBytes { bytes in
            outcome = Result { () throws(SystemError) in try write(bytes) }
        }
        try outcome.get()
    }
}
