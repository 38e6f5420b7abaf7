import BelaySystem
import Foundation
import Testing

/// A PostgreSQL server for one test, on a socket in its own folder; gone with the value.
final class PostgresServer: Sendable {
    static let folder: String? = {
        let root = "/usr/lib/postgresql"
        // Where there is no such folder there is no server.
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        guard let newest = versions.compactMap({ Int($0) }).max() else { return nil }
        let folder = "\(root)/\(newest)/bin"
        return FileManager.default.isExecutableFile(atPath: "\(folder)/initdb") ? folder : nil
    }()

    let scratch: Scratch
    private let stop: [String]

    /// The environment with which PostgreSQL's programs reach it.
    var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "PGHOST": "\(scratch.path)/run", "PGUSER": "postgres",
            "PGDATABASE": "shop",
        ]
    }

    init() throws {
        let folder = try #require(Self.folder)
        scratch = try Scratch()
        let (data, run) = ("\(scratch.path)/data", "\(scratch.path)/run")
        // The server refuses to run as root.
        let isRoot = geteuid() == 0
        let prefix =
            isRoot
            ? ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : []
        for path in [data, run] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        if isRoot { try Self.run(["/bin/chown", "postgres", scratch.path, data, run]) }
        try Self.run(prefix + ["\(folder)/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"])
        let control = prefix + ["\(folder)/pg_ctl", "-D", data, "-l", "\(data)/log", "-w"]
        stop = control + ["-m", "immediate", "stop"]
        // Autovacuum's own transactions are commits, at moments of its choosing: they move the fingerprint.
        let settings = "-k \(run) -c listen_addresses= -c fsync=off -c autovacuum=off"
        try Self.run(control + ["-o", settings, "start"])
        try sql("CREATE DATABASE shop", in: "postgres")
    }

    deinit {
        // A server that does not stop loses its folder and ends then.
        try? Self.run(stop)
    }

    /// Carries statements out; gives what they print.
    @discardableResult
    func sql(_ text: String, in database: String = "shop") throws -> String {
        let environment = environment.merging(["PGDATABASE": database]) { $1 }
        return try Command(
            "\(Self.folder ?? "")/psql",
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text],
            environment: environment
        ).checked(limit: 1 << 20)
    }

    private static func run(_ arguments: [String]) throws {
        let command = Command(
            arguments[0],
            Array(arguments.dropFirst()),
            environment: ["PATH": "/usr/bin:/bin"]
        )
        _ = try command.checked(limit: 1 << 20)
    }
}

extension Command {
    /// What it prints, if it ends with status 0.
    func checked(limit: Int) throws -> String {
        let outcome = try run(limit: limit)
        if outcome.isSuccess { return outcome.text }
        throw CommandFailure(description: "\(program) \(outcome.ending): \(outcome.said)")
    }
}

struct CommandFailure: Error, CustomStringConvertible {
    var description: String
}
