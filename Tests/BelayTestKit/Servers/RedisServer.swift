import BelaySystem
import Foundation

/// A Redis server for one test, on a socket in its own folder; gone with the value.
package final class RedisServer: Sendable {
    /// The server's program, if it is installed.
    package static let program: String? = ["/usr/bin/redis-server"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    package let scratch: Scratch
    package let socket: String
    private let server: RunningCommand

    /// The environment for redis-cli; where the server is stands in an address.
    package let environment = ["PATH": "/usr/bin:/bin"]
    package var address: String { "unix://\(socket)" }

    /// Starts an empty one.
    package init(_ settings: [String] = []) throws {
        guard let program = Self.program else {
            throw CommandFailure(description: "Redis' server is not installed")
        }
        scratch = try Scratch()
        socket = "\(scratch.path)/s"
        let arguments = [
            "--port", "0", "--unixsocket", socket, "--dir", scratch.path, "--save", "", "--appendonly", "no",
            "--repl-diskless-sync-delay", "0", "--logfile", "\(scratch.path)/log",
        ]
        server = try RunningCommand.start(
            Command(program, arguments + settings, environment: environment),
            output: .nothing
        )
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            // Until it listens there is nobody to answer.
            guard let text = try? run("PING"), !text.isEmpty, !text.hasPrefix("LOADING") else {
                sched_yield()
                continue
            }
            break
        }
    }

    deinit { server.end() }

    /// Carries out commands, one a line; gives what they print.
    @discardableResult
    package func run(_ lines: String, password: String? = nil) throws -> String {
        try Command(
            "/usr/bin/redis-cli",
            ["-s", socket],
            environment: environment.merging(password.map { ["REDISCLI_AUTH": $0] } ?? [:]) { $1 }
        ).checked(reading: lines + "\n")
    }
}
