import BelayCore
import BelaySystem

/// A server of our own that nobody else can reach, for a while.
struct MariaDBScratchServer {
    let connection: MariaDBConnection
    private let server: RunningCommand

    /// How long it may take until it answers.
    private static let patience = Duration.seconds(60)

    /// Whether the programs for it are there.
    private static func programs(
        _ environment: [String: String]
    ) -> (install: String, server: String)? {
        // Servers lie where the search path of people does not lead.
        let path = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/usr/local/sbin:/usr/libexec"
        func find(_ name: String) -> String? { Command(name, environment: ["PATH": path]).path }
        guard let install = find("mariadb-install-db"), let server = find("mariadbd") else { return nil }
        return (install, server)
    }

    /// Makes and starts one in `folder`, which is nobody else's.
    ///
    /// - Throws: `database.programs-missing`, ``MariaDBFailure``, or `SystemError`.
    init(in folder: String, for name: String, _ environment: [String: String]) async throws {
        guard let programs = Self.programs(environment) else {
            throw BelayError(
                .databaseProgramsMissing,
                "the database '\(name)' cannot be tried out: mariadb-install-db and mariadbd are not installed",
                hint: "install them: apt install mariadb-server"
            )
        }
        let socket = "\(folder)/s"
        // As long as a socket's path may be.
        guard socket.utf8.count < 108 else {
            throw MariaDBFailure("the path \(socket) is too long for a socket")
        }
        // A connection of ours must not go where variables point.
        let environment = environment.filter { !$0.key.hasPrefix("MYSQL_") }
        // As root it wants to be told that this is meant; nobody but us can enter the folder.
        let account = HostIdentity.current().userID == 0 ? ["--user=root"] : []
        // A server that starts removes the temporary tables in its place for them, whosever they are.
        let place = ["--no-defaults", "--datadir=\(folder)/data", "--tmpdir=\(folder)"] + account
        let installing = try RunningCommand.start(
            Command(
                programs.install,
                place + ["--auth-root-authentication-method=normal", "--skip-test-db"],
                environment: environment,
                directory: folder
            ),
            output: .nothing
        )
        guard try installing.finish().isSuccess else { throw MariaDBFailure(said: installing.said) }
        // Nothing in it outlives it, so nothing need be safe from a crash.
        let settings = [
            "--socket=\(socket)", "--skip-networking", "--skip-log-bin", "--event-scheduler=OFF",
            "--secure-file-priv=\(folder)", "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0",
            "--character-set-server=utf8mb4", "--max-allowed-packet=1G", "--log-error=\(folder)/log",
        ]
        server = try RunningCommand.start(
            Command(programs.server, place + settings, environment: environment, directory: folder),
            output: .nothing
        )
        connection = MariaDBConnection(socket: socket, user: "root")
        guard let client = MariaDBClient(connection, environment) else {
            throw MariaDBFailure("the program mariadb is not installed")
        }
        let end = ContinuousClock.now + Self.patience
        while true {
            do {
                try client.rows("SELECT 1")
                return
            } catch let error as MariaDBFailure {
                guard ContinuousClock.now < end else { throw error }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Ends it at once; nothing in it is needed any more.
    func stop() throws {
        server.end()
        _ = try server.finish()
    }
}
