import Glibc

/// Runs a program, without a shell, and collects what it prints.
enum ChildProcess {
    /// How a program ended.
    enum Ending: Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// What a program printed, and how it ended.
    struct Outcome {
        var ending: Ending
        var output: [UInt8]
        /// Whether the program was stopped because it printed or took more than it may.
        var exceededLimit: Bool
    }

    /// Why a program did not start.
    enum LaunchFailure: Error, Equatable {
        case notFound
        case refused(Int32)
    }

    /// Runs `arguments[0]` to its end, with no input.
    ///
    /// What it prints to standard error goes to ours if `showsErrors`, and nowhere otherwise. Beyond the
    /// output limit, or the time limit if there is one, it is killed.
    static func run(
        _ arguments: [String],
        environment: [String: String],
        showsErrors: Bool,
        outputLimit: Int,
        timeLimitMilliseconds: Int64? = nil
    ) throws(LaunchFailure) -> Outcome {
        guard let name = arguments.first, !name.isEmpty,
            !arguments.contains(where: { $0.utf8.contains(0) }),
            let path = find(name, in: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin")
        else { throw .notFound }

        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .refused(errno) }
        let reading = ends[0]
        let writing = ends[1]
        // A child started by another thread between these lines would inherit the pipe, which delays the end
        // of our reading until it ends; pipe2, which has no such gap, is not offered to Swift.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(reading) }
        let process: pid_t
        do {
            defer { close(writing) }
            process = try spawn(
                path,
                arguments,
                environment: environment,
                output: writing,
                showsErrors: showsErrors
            )
        }
        let deadline = timeLimitMilliseconds.map { milliseconds() + $0 }
        let (output, exceededLimit) = collect(from: reading, limit: outputLimit, deadline: deadline)
        if exceededLimit { kill(process, SIGKILL) }
        return Outcome(ending: wait(for: process), output: output, exceededLimit: exceededLimit)
    }

    /// Where a program lies, looked up in the given search path and not in that of this process.
    private static func find(_ name: String, in searchPath: String) -> String? {
        if name.contains("/") { return name }
        for directory in searchPath.split(separator: ":") {
            let candidate = "\(directory)/\(name)"
            var status = stat()
            let isProgram =
                stat(candidate, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
                && access(candidate, X_OK) == 0
            if isProgram { return candidate }
        }
        return nil
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        environment: [String: String],
        output: Int32,
        showsErrors: Bool
    ) throws(LaunchFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        if !showsErrors {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        let variables = environment.map { "\($0.key)=\($0.value)" }.filter { !$0.utf8.contains(0) }
        var argumentPointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variablePointers: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer {
            for pointer in argumentPointers { free(pointer) }
            for pointer in variablePointers { free(pointer) }
        }
        var process: pid_t = 0
        switch posix_spawn(&process, path, &actions, nil, &argumentPointers, &variablePointers) {
        case 0: return process
        case ENOENT: throw .notFound
        case let number: throw .refused(number)
        }
    }

    private static func collect(
        from descriptor: Int32,
        limit: Int,
        deadline: Int64?
    ) -> (output: [UInt8], exceededLimit: Bool) {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1_024)
        while true {
            if let deadline {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                let remaining = deadline - milliseconds()
                guard remaining > 0 else { return (output, true) }
                let ready = poll(&waiting, 1, Int32(clamping: remaining))
                if ready == 0 || ready < 0 && errno == EINTR { continue }
            }
            let received = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if received < 0 && errno == EINTR { continue }
            guard received > 0 else { return (output, false) }
            guard output.count + received <= limit else { return (output, true) }
            output += chunk[..<received]
        }
    }

    private static func wait(for process: pid_t) -> Ending {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            // Somebody else collected the child: how it ended is lost, which must not count as success.
            if errno != EINTR { return .signalled(0) }
        }
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    }

    private static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
    }
}
