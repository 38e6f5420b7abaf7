/// How to reach a Redis server, for redis-cli.
///
/// A password is handed over in the environment and never stands among the program's arguments.
package struct RedisConnection: Hashable, Sendable {
    /// What redis-cli gets first.
    package private(set) var arguments: [String] = []
    package private(set) var password: String?

    /// `redis://USER:PASSWORD@HOST:PORT`, `rediss://…` with TLS, `unix:///PATH`, or nothing for redis-cli's own
    /// defaults; `nil` for what is none of these.
    ///
    /// The number of a logical database is taken and not used: a server is stored as a whole.
    package init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let word = words.first else { return }
        guard words.count == 1, let address = ServiceAddress(String(word)) else { return nil }
        switch address.scheme {
        case "unix", "redis+unix", "redis-socket":
            guard let path = address.path, address.host == nil, address.port == nil else { return nil }
            arguments = ["-s", "/\(path)"]
        case "redis", "rediss", "valkey", "valkeys":
            if let path = address.path, !path.allSatisfy(\.isNumber) { return nil }
            arguments = ["-h", address.host ?? "127.0.0.1", "-p", "\(address.port ?? 6379)"]
            if ["rediss", "valkeys"].contains(address.scheme) { arguments.append("--tls") }
        default: return nil
        }
        for (name, value) in address.query {
            switch name {
            case "cacert", "ssl_ca_certs": arguments += ["--cacert", value]
            case "cert", "ssl_certfile": arguments += ["--cert", value]
            case "key", "ssl_keyfile": arguments += ["--key", value]
            // What was meant to protect must not be passed over; all else speaks to drivers.
            case let name where name.hasPrefix("ssl") || name.hasPrefix("tls"): return nil
            default: break
            }
        }
        if let user = address.user { arguments += ["--user", user] }
        password = address.password
    }

    /// A server of our own.
    init(socket: String) {
        arguments = ["-s", socket]
        password = ""
    }

    /// The environment for redis-cli, made from the one around us.
    package func environment(_ surrounding: [String: String]) -> [String: String] {
        guard let password else { return surrounding }
        var environment = surrounding
        environment["REDISCLI_AUTH"] = password.isEmpty ? nil : password
        return environment
    }
}
