import BelaySystem
import Foundation

/// A PostgreSQL server for one test, on a socket in its own folder; gone with the value.
package final class PostgresServer: Sendable {
    /// The programs of the newest version that is installed.
    package static let folder: String? = {
        let root = "/usr/lib/postgresql"
        // Where there is no such folder there is no server.
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        guard let newest = versions.compactMap({ Int($0) }).max() else { return nil }
        return programs("\(root)/\(newest)/bin")
    }()

    private static func programs(_ folder: String) -> String? {
        FileManager.default.isExecutableFile(atPath: "\(folder)/initdb") ? folder : nil
    }

    package let scratch: Scratch
    /// The server's own folder.
    package var data: String { "\(scratch.path)/data" }
    /// Where it listens on the loopback interface, if it does, and part of its socket's name.
    package let port: UInt16
    private let folder: String
    private let stop: [String]

    /// The environment with which PostgreSQL's programs reach it.
    package var environment: [String: String] {
        [
            "PATH": "/usr/bin:/bin", "PGHOST": "\(scratch.path)/run", "PGUSER": "postgres",
            "PGPORT": "\(port)", "PGDATABASE": "shop",
        ]
    }

    /// Makes and starts one with the empty database `shop`.
    ///
    /// `programs` is the folder of another version than the newest, and `prepare` may change the server's folder
    /// before it starts. If it `listens`, then on a free port of the loopback interface.
    package init(
        programs: String? = nil,
        settings: String = "",
        listens: Bool = false,
        preparing prepare: (_ data: String) throws -> Void = { _ in }
    ) throws {
        guard let folder = programs ?? Self.folder else {
            throw CommandFailure(description: "PostgreSQL's server is not installed")
        }
        self.folder = folder
        port = listens ? try freePort() : 5432
        scratch = try Scratch()
        let (data, run) = ("\(scratch.path)/data", "\(scratch.path)/run")
        for path in [data, run] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        // The server refuses to run as root.
        if geteuid() == 0 { try Self.run(["/bin/chown", "postgres", scratch.path, data, run]) }
        try Self.run(
            unprivileged(
                "postgres",
                ["\(folder)/initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"]
            )
        )
        try prepare(data)
        let control = unprivileged(
            "postgres",
            ["\(folder)/pg_ctl", "-D", data, "-l", "\(data)/log", "-w"]
        )
        stop = control + ["-m", "immediate", "stop"]
        // Autovacuum's own transactions are commits, at moments of its choosing: they move the fingerprint.
        let addresses = listens ? "127.0.0.1" : ""
        let options =
            "-k \(run) -p \(port) -c listen_addresses=\(addresses) -c fsync=off -c autovacuum=off \(settings)"
        try Self.run(control + ["-o", options, "start"])
        try sql("CREATE DATABASE shop", in: "postgres")
    }

    deinit {
        // A server that does not stop loses its folder and ends then.
        try? Self.run(stop)
    }

    /// Carries statements out; gives what they print.
    @discardableResult
    package func sql(_ text: String, in database: String = "shop") throws -> String {
        try Command(
            "\(folder)/psql",
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text],
            environment: environment.merging(["PGDATABASE": database]) { $1 }
        ).checked(limit: 1 << 20)
    }

    private static func run(_ arguments: [String]) throws {
        _ = try Command(
            arguments[0],
            Array(arguments.dropFirst()),
            environment: ["PATH": "/usr/bin:/bin"]
        ).checked(limit: 1 << 20)
    }
}

/// A port of the loopback interface that nobody listens at.
private func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, size) != 0 || getsockname(descriptor, address, &size) != 0
        }
    }
    guard !failed else { throw CommandFailure(description: "there is no free port") }
    return UInt16(bigEndian: address.sin_port)
}
