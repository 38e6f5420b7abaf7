import Glibc

/// Runs a program, without a shell, and collects what it prints.
enum ChildProcess {
    /// How a program ended.
    enum Ending: Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// Why a program was killed.
    enum Stop: Equatable {
        case tooMuchOutput
        case tooMuchTime
        /// The task that waits for it was cancelled.
        case cancelled
    }

    /// What a program printed, and how it ended.
    struct Outcome {
        var ending: Ending
        var output: [UInt8]
        /// Why it was killed; `nil` if it was left to end by itself.
        var stop: Stop?
    }

    /// Why a program did not start.
    enum LaunchFailure: Error, Equatable {
        case notFound
        case refused(Int32)
    }

    /// Runs `arguments[0]` to its end, with no input.
    ///
    /// What it prints to standard error goes to ours if `showsErrors`, and nowhere otherwise. Beyond the
    /// output limit, or the time limit if there is one, it is killed, and so it is when the task is cancelled.
    ///
    /// With a time limit it leads a process group, which is killed whole. Without one it stays in ours: it may
    /// want to ask something on the terminal, which only the group in front can.
    static func run(
        _ arguments: [String],
        environment: [String: String],
        showsErrors: Bool,
        outputLimit: Int,
        timeLimit: Duration? = nil
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
                showsErrors: showsErrors,
                leadsGroup: timeLimit != nil
            )
        }
        let watch = Watch(deadline: timeLimit.map { ContinuousClock.now + $0 })
        var (output, stop) = collect(from: reading, limit: outputLimit, watch)
        // It may close its output and go on.
        let ending = stop == nil ? wait(for: process, watch, &stop) : nil
        if stop != nil { kill(timeLimit == nil ? process : -process, SIGKILL) }
        return Outcome(ending: ending ?? wait(for: process), output: output, stop: stop)
    }

    /// Until when a program may run.
    private struct Watch {
        var deadline: ContinuousClock.Instant?

        /// How often a cancellation is looked for.
        static let intervalMilliseconds: Int32 = 50

        var stop: Stop? {
            if Task.isCancelled { return .cancelled }
            return deadline.map { ContinuousClock.now >= $0 } == true ? .tooMuchTime : nil
        }
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
        showsErrors: Bool,
        leadsGroup: Bool
    ) throws(LaunchFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        if !showsErrors {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What we ignore or hold back is our affair: a program that inherits it does not end when it should.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if leadsGroup { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let variables = environment.map { "\($0.key)=\($0.value)" }.filter { !$0.utf8.contains(0) }
        var argumentPointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variablePointers: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer {
            for pointer in argumentPointers { free(pointer) }
            for pointer in variablePointers { free(pointer) }
        }
        var process: pid_t = 0
        switch posix_spawn(&process, path, &actions, &attributes, &argumentPointers, &variablePointers) {
        case 0: return process
        case ENOENT: throw .notFound
        case let number: throw .refused(number)
        }
    }

    private static func collect(
        from descriptor: Int32,
        limit: Int,
        _ watch: Watch
    ) -> (output: [UInt8], stop: Stop?) {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1_024)
        while true {
            if let stop = watch.stop { return (output, stop) }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Watch.intervalMilliseconds)
            if ready == 0 || ready < 0 && errno == EINTR { continue }
            let received = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if received < 0 && errno == EINTR { continue }
            guard received > 0 else { return (output, nil) }
            guard output.count + received <= limit else { return (output, .tooMuchOutput) }
            output += chunk[..<received]
        }
    }

    /// Waits until the program has ended or must be stopped; `nil` if it must.
    private static func wait(for process: pid_t, _ watch: Watch, _ stop: inout Stop?) -> Ending? {
        // Most have ended by now, or do so at once.
        var pause: Int32 = 1
        while true {
            if let ending = wait(for: process, options: WNOHANG) { return ending }
            stop = watch.stop
            if stop != nil { return nil }
            poll(nil, 0, pause)
            pause = min(pause * 2, Watch.intervalMilliseconds)
        }
    }

    private static func wait(for process: pid_t) -> Ending {
        // Invariant: without options it is waited for until there is an ending.
        wait(for: process, options: 0) ?? .signalled(0)
    }

    /// How the program ended; `nil` if it has not, and the options are not to wait for it.
    private static func wait(for process: pid_t, options: Int32) -> Ending? {
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, options)
            if ended == 0 { return nil }
            if ended > 0 { break }
            // Somebody else collected the child: how it ended is lost, which must not count as success.
            if errno != EINTR { return .signalled(0) }
        }
        let signal = status & 0x7F
        return signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    }
}
