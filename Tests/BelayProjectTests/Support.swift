import BelayCore
import BelayProject
import Glibc
import Testing

/// A directory of its own, removed with the value.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/belay-project-XXXXXX".utf8CString)
        let text = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        path = try #require(text)
    }

    deinit {
        _ = try? run(["/bin/rm", "-rf", path])  // A leftover in the temporary directory harms nobody.
    }

    /// Writes a file, making the directories above it.
    @discardableResult
    func write(_ name: String, _ content: [UInt8] = [], mode: mode_t = 0o644) throws -> String {
        let full = "\(path)/\(name)"
        let parts = name.split(separator: "/").dropLast()
        for count in parts.indices { mkdir("\(path)/\(parts[...count].joined(separator: "/"))", 0o755) }
        let descriptor = open(full, O_WRONLY | O_CREAT | O_TRUNC, mode)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(
            content.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == content.count
        )
        try #require(chmod(full, mode) == 0)
        return full
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    func makeDirectory(_ name: String) throws {
        var path = path
        for part in name.split(separator: "/") {
            path += "/\(part)"
            try #require(mkdir(path, 0o755) == 0 || errno == EEXIST)
        }
    }
}

/// Runs a program to its end and expects it to succeed.
func run(_ arguments: [String], in directory: String? = nil) throws {
    let words = (directory.map { ["/usr/bin/env", "-C", $0] } ?? []) + arguments
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    let environment = [
        "PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada",
        "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
        "GIT_AUTHOR_DATE=2026-01-22T14:30:15Z", "GIT_COMMITTER_DATE=2026-01-22T14:30:15Z",
    ]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for pointer in pointers + variables { free(pointer) } }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    var process: pid_t = 0
    try #require(posix_spawn(&process, words[0], &actions, nil, &pointers, &variables) == 0)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    try #require(status == 0, "\(words)")
}

/// A small generator with a seed, so that a failing test can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

/// The whole example of the product's description.
let fullConfiguration = """
    project: orgchart
    repository: default            # or a path, s3:https://HOST/BUCKET/PREFIX, rest:https://…, rclone:REMOTE:PATH
    replicas: [ "s3:https://s3.example.com/acme/belay" ]

    components:
      backend:  { paths: [backend] }
      frontend: { paths: [frontend], keep: [node_modules] }   # keep: a rollback leaves it alone
    exclude: ["*.tmp"]
    gitignore: respect              # respect | ignore
    include: [.env]                 # wanted although .gitignore names it

    databases:
      agent: { sqlite: backend/data/agent.db }
      main:  { postgres: "postgresql:///almsdata" }
      json:  { json: data/json_db, required: [tasks.json, project_configs.json] }
      mongo: { dump: "mongodump --archive", restore: "mongorestore --archive --drop" }   # any other engine

    captures:
      python: { run: "pip freeze", restore: "pip install -r {file}" }

    services:
      api: { stop: "make stop", start: "make start", ready: "http://127.0.0.1:8081/health" }

    checks:
      smoke: { run: "python test_task_mapping_simple.py", timeout: 2m }

    retention: { keep_last: 10, keep_hourly: 24, keep_daily: 7, keep_weekly: 4, keep_within: 30d, max_per_day: 48 }
    schedule:  { backup: every 15m, cleanup: daily at 03:00, verify: weekly, drill: monthly, replicate: every 1h }
    notify:
      - { webhook: "https://…", on: [failure] }
      - { smtp: "smtp://…", to: ops@example.com, on: [failure, drill] }
      - { command: "notify-send belay", on: [all] }

    """
