extension Command {
    /// Runs the program to its end and gives what it printed, if it ends with status 0.
    ///
    /// For short answers; blocks.
    package func output(limit: Int) throws(SystemError) -> String {
        let running = try RunningCommand.start(self)
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: min(limit, 64 << 10))
        while true {
            let count = try running.read(into: &room)
            if count == 0 { break }
            bytes += room[..<count]
            if bytes.count > limit { throw SystemError(call: "run", subject: program, number: 27) }
        }
        guard try running.finish().isSuccess else {
            throw SystemError(call: "run", subject: program, number: 5)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension RunningCommand {
    /// Reads some of what it prints into an array, as much as fits; 0 at the end.
    package func read(into room: inout [UInt8]) throws(SystemError) -> Int {
        var outcome: Result<Int, SystemError> = .success(0)
        room.withUnsafeMutableBytes { buffer in
            outcome = Result { () throws(SystemError) in try read(into: buffer) }
        }
        return try outcome.get()
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
