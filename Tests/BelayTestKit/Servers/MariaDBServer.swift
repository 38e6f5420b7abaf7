import BelaySystem
import Foundation

/// A MariaDB server for one test, on a socket in its own folder; gone with the value.
package final class MariaDBServer: Sendable {
    /// The server's program, if it is installed.
    package static let program: String? = ["/usr/sbin/mariadbd", "/usr/bin/mariadbd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    package let scratch: Scratch
    package let socket: String
    private let server: RunningCommand

    /// The environment for MariaDB's programs; where the server is stands in an address.
    package let environment = ["PATH": "/usr/bin:/bin:/usr/sbin"]
    /// The address of the database `shop`.
    package var address: String { "mysql://root:@/shop?socket=\(socket)" }

    /// Makes and starts one with the empty database `shop`.
    package convenience init(_ settings: [String] = []) throws {
        let scratch = try Scratch()
        let data = "\(scratch.path)/data"
        let user = geteuid() == 0 ? "mysql" : NSUserName()
        // The server refuses to run as root.
        if geteuid() == 0 { try Self.run(["/bin/chown", "mysql", scratch.path]) }
        try Self.run(
            unprivileged(
                "mysql",
                [
                    "/usr/bin/mariadb-install-db", "--no-defaults", "--datadir=\(data)", "--user=\(user)",
                    "--auth-root-authentication-method=normal", "--skip-test-db", "--tmpdir=\(scratch.path)",
                ]
            )
        )
        try self.init(in: scratch, settings)
        try sql("CREATE DATABASE shop", in: "mysql")
    }

    /// Starts the one that lies in a folder.
    private init(in scratch: Scratch, _ settings: [String]) throws {
        guard let program = Self.program else {
            throw CommandFailure(description: "MariaDB's server is not installed")
        }
        self.scratch = scratch
        socket = "\(scratch.path)/s"
        let start = unprivileged(
            "mysql",
            [
                program, "--no-defaults", "--datadir=\(scratch.path)/data", "--socket=\(socket)",
                "--skip-networking", "--tmpdir=\(scratch.path)", "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=16M",
                "--skip-log-bin", "--character-set-server=utf8mb4", "--log-error=\(scratch.path)/data/log",
            ] + settings
        )
        server = try RunningCommand.start(
            Command(start[0], Array(start.dropFirst()), environment: environment),
            output: .nothing
        )
        // It tries again each second until the server answers or has had its time.
        try Self.run([
            "/usr/bin/mariadb-admin", "--no-defaults", "--socket=\(socket)", "--user=root", "--wait=60",
            "--silent", "ping",
        ])
    }

    deinit { server.end() }

    /// Ends it as a crash would.
    package func crash() { server.end() }

    /// Starts it again after a crash, with what is in its folder.
    package func restarted() throws -> MariaDBServer {
        crash()
        _ = try server.finish()
        return try MariaDBServer(in: scratch, [])
    }

    /// Carries statements out; gives what they print.
    @discardableResult
    package func sql(_ text: String, in database: String = "shop") throws -> String {
        try Command(
            "/usr/bin/mariadb",
            [
                "--no-defaults", "--socket=\(socket)", "--user=root", "--batch", "--skip-column-names",
                "--default-character-set=utf8mb4", "--comments", database,
            ],
            environment: environment
        ).checked(reading: text)
    }

    private static func run(_ arguments: [String]) throws {
        try Command(
            arguments[0],
            Array(arguments.dropFirst()),
            environment: ["PATH": "/usr/bin:/bin:/usr/sbin"]
        ).finished()
    }
}
