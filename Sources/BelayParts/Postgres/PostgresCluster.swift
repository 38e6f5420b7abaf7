import BelayCore
import BelaySystem

/// A server of our own that nobody else can reach, for a while.
struct PostgresCluster {
    let programs: PostgresPrograms
    let connection: PostgresConnection
    /// What programs that connect to it start from: none of the variables that point elsewhere.
    let environment: [String: String]
    private let folder: ScratchFolder
    private let prefix: [String]

    /// Not the cache: the server runs under an account that may not be able to go there, and its socket needs a
    /// short path.
    private static let place = "/var/tmp"

    private var data: String { "\(folder.path)/data" }

    /// Makes and starts one of the version that is nearest to `version` of those installed.
    ///
    /// - Throws: ``PostgresFailure``, or `SystemError`.
    init(like version: String?, _ environment: [String: String]) throws {
        let wanted = version.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
        let servers = PostgresPrograms.installed(environment).filter {
            Paths.isProgram($0.path("initdb")) && Paths.isProgram($0.path("pg_ctl"))
        }
        guard let programs = servers.first(where: { $0.major >= wanted }) else {
            let name = wanted == 0 ? "postgresql" : "postgresql-\(wanted)"
            throw BelayError(
                .databaseProgramsMissing,
                "no PostgreSQL server of version \(wanted) or newer is installed to load it into",
                hint: "install one: apt install \(name)"
            )
        }
        self.programs = programs
        self.environment = environment.filter { !$0.key.hasPrefix("PG") }
        // The server refuses to run as root.
        let isRoot = HostIdentity.current().userID == 0
        prefix =
            isRoot
            ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
        folder = try ScratchFolder(in: Self.place, for: "pg", prefix: "belay-")
        connection = PostgresConnection(socket: folder.path, user: "postgres")
        do {
            if isRoot { try run(["/bin/chown", "postgres", folder.path]) }
            try start()
        } catch {
            // What failed first is told; what is left is removed by a later run.
            try? folder.remove()
            throw error
        }
    }

    private func start() throws {
        try run(
            prefix + [
                programs.path("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--no-sync",
            ]
        )
        let settings =
            "-k \(folder.path) -c listen_addresses= -c fsync=off -c full_page_writes=off "
            + "-c max_wal_size=4GB -c autovacuum=off -c shared_buffers=128MB"
        let log = "\(data)/log"
        do {
            try run(
                prefix + [programs.path("pg_ctl"), "-D", data, "-l", log, "-w", "-o", settings, "start"]
            )
        } catch let failure as PostgresFailure {
            // pg_ctl says no more than that; where there is no log, that is all.
            let words = (try? readFile(path: log, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
            throw words.map { PostgresFailure(said: $0) } ?? failure
        }
    }

    /// Ends it at once; nothing in it is needed any more.
    func stop() {
        // A server that does not stop loses its folder, and ends when it notices; a folder that cannot be removed
        // is removed by a later run.
        try? run(prefix + [programs.path("pg_ctl"), "-D", data, "-m", "immediate", "stop"])
        try? folder.remove()
    }

    private func run(_ arguments: [String]) throws {
        let running = try RunningCommand.start(
            Command(arguments[0], Array(arguments.dropFirst()), environment: environment, directory: "/"),
            output: .nothing
        )
        guard try running.finish().isSuccess else { throw PostgresFailure(said: running.said) }
    }
}
