import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The ends of the pipes between us and a program.
struct CommandPipes {
    private(set) var ours: (input: Int32, output: Int32, errors: Int32) = (-1, -1, -1)
    private var theirs: [Int32] = []

    mutating func input(_ input: RunningCommand.Input) throws(SystemError) -> Int32? {
        switch input {
        case .nothing: return nil
        case .file(let descriptor): return descriptor
        case .pipe:
            let (reading, writing) = try make()
            Self.widen(writing)
            theirs.append(reading)
            ours.input = writing
            return reading
        }
    }

    mutating func output(_ output: RunningCommand.Output) throws(SystemError) -> Int32? {
        switch output {
        case .nothing: return nil
        case .file(let descriptor): return descriptor
        case .pipe:
            let (reading, writing) = try make()
            Self.widen(reading)
            theirs.append(writing)
            ours.output = reading
            return writing
        }
    }

    mutating func errors(_ errors: RunningCommand.Errors) throws(SystemError) -> Int32? {
        switch errors {
        case .nothing: return nil
        case .ours: return STDERR_FILENO
        case .kept:
            let (reading, writing) = try make()
            theirs.append(writing)
            ours.errors = reading
            return writing
        }
    }

    mutating func closeTheirs() {
        for end in theirs { close(end) }
        theirs = []
    }

    func closeOurs() {
        for end in [ours.input, ours.output, ours.errors] where end >= 0 { close(end) }
    }

    /// Lets a pipe hold more, so that who writes and who reads need not wake each other for every few kilobytes.
    private static func widen(_ end: Int32) {
        belay_widen_pipe(end, RunningCommand.pipeBytes)
    }

    private func make() throws(SystemError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        // Closed in every program that any thread starts, from the first moment on.
        guard belay_pipe(&ends) == 0 else { throw .current("pipe", "") }
        return (ends[0], ends[1])
    }
}

enum CommandSpawn {
    /// Starts a program, perhaps as the leader of a new process group; gives its process.
    ///
    /// A stream that is `nil` is nowhere.
    static func spawn(
        _ command: Command,
        path: String,
        input: Int32?,
        output: Int32?,
        errors: Int32?,
        leadsGroup: Bool
    ) throws(SystemError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let streams = [(input, STDIN_FILENO), (output, STDOUT_FILENO), (errors, STDERR_FILENO)]
        for (descriptor, stream) in streams {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, stream)
            } else {
                let access = stream == STDIN_FILENO ? O_RDONLY : O_WRONLY
                posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", access, 0)
            }
        }
        // Ours are closed by themselves; libraries' may not be.
        belay_spawn_with_streams_alone(&actions)
        if let directory = command.directory { belay_spawn_in_folder(&actions, directory) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if leadsGroup { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let variables = command.environment.map { "\($0.key)=\($0.value)" }
        let texts = [command.program] + command.arguments + variables
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw SystemError(call: "run", subject: command.program, number: EINVAL)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = ([command.program] + command.arguments).map {
            strdup($0)
        }
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) }
        arguments.append(nil)
        environment.append(nil)
        defer {
            for pointer in arguments + environment { free(pointer) }
        }
        var process: pid_t = 0
        let number = posix_spawn(&process, path, &actions, &attributes, &arguments, &environment)
        guard number == 0 else { throw SystemError(call: "run", subject: path, number: number) }
        return process
    }
}
