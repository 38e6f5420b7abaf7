import BelayCore
import BelaySystem

/// A server of our own that nobody else can reach and that has loaded an RDB file.
struct RedisScratchServer {
    let client: RedisClient
    private let server: RunningCommand

    /// How long it may take until it listens; loading takes as long as it takes.
    private static let patience = Duration.seconds(30)
    /// How often it may refuse, each time some hundredths of a second after the one before, until it is taken for dead.
    private static let refusalsMaximum = 50

    /// Starts one in `folder`, which is nobody else's and holds the file `file`.
    ///
    /// - Throws: `database.programs-missing`, ``RedisFailure`` with its reason not to load the file, or `SystemError`.
    init(
        loading file: String,
        in folder: String,
        for name: String,
        _ environment: [String: String]
    ) async throws {
        // Servers lie where the search path of people does not lead.
        let path = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/usr/local/sbin:/usr/local/bin"
        let programs = ["redis-server", "valkey-server"].compactMap {
            Command($0, environment: ["PATH": path]).path
        }
        guard let program = programs.first else {
            throw BelayError(
                .databaseProgramsMissing,
                "the database '\(name)' cannot be tried out: redis-server is not installed",
                hint: "install it: apt install redis-server"
            )
        }
        let socket = "\(folder)/s"
        // As long as a socket's path may be.
        guard socket.utf8.count < 108 else {
            throw RedisFailure("the path \(socket) is too long for a socket")
        }
        let settings = [
            "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700", "--dir", folder,
            "--dbfilename", file, "--save", "", "--appendonly", "no", "--logfile", "\(folder)/log",
            "--databases", "100000",
            // A replica keeps keys whose time is over, so that all can be counted; this one follows nobody.
            "--replicaof", "127.0.0.1", "1",
        ]
        guard let client = RedisClient(RedisConnection(socket: socket), environment) else {
            throw RedisFailure("the program redis-cli is not installed")
        }
        self.client = client
        server = try RunningCommand.start(
            Command(program, settings, environment: environment, directory: folder),
            output: .nothing
        )
        let end = ContinuousClock.now + Self.patience
        var refusals = 0
        while true {
            do {
                _ = try client.answer("PING")
                return
            } catch let error as RedisFailure {
                let isLoading = error.message.hasPrefix("LOADING")
                // For a moment a living one refuses as well: it has its socket, and does not listen yet.
                refusals = Paths.exists(socket) && error.message.contains("refused") ? refusals + 1 : 0
                guard refusals < Self.refusalsMaximum, isLoading || ContinuousClock.now < end else {
                    throw RedisFailure(
                        "redis-server does not load it: \(Self.lastWords(in: folder) ?? error.message)"
                    )
                }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What its log ends with.
    private static func lastWords(in folder: String) -> String? {
        // Without a log what redis-cli said is told.
        guard let bytes = try? readFile(path: "\(folder)/log", limit: 1 << 20) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        return lines.last { $0.contains(" # ") }.map {
            String($0.split(separator: "#", maxSplits: 1).last ?? $0)
        }
    }

    /// How many keys each logical database has, expired ones as well.
    func tables() throws -> [Manifest.Table] {
        try client.facts("keyspace").compactMap { name, value -> (Int, Manifest.Table)? in
            let count = value.split(separator: ",").first?.split(separator: "=").last.flatMap { UInt64($0) }
            guard name.hasPrefix("db"), let number = Int(name.dropFirst(2)), let count else { return nil }
            return (number, Manifest.Table(name: name, rows: count))
        }
        .sorted { $0.0 < $1.0 }.map { $0.1 }
    }

    /// Ends it at once; nothing in it is needed any more.
    func stop() throws {
        server.end()
        _ = try server.finish()
    }
}
