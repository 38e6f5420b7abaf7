/// How to reach a MariaDB or MySQL database, for the server's own programs.
///
/// A password is handed over in the environment and never stands among a program's arguments. Option files would
/// override it there; so with a password none are read, and what the address says is all there is. Without one the
/// option files count as ever, and what the address names goes before them.
package struct MariaDBConnection: Hashable, Sendable {
    /// Options by the programs' names for them, the password left out.
    package private(set) var options: [String: String] = [:]
    package private(set) var password: String?
    /// `nil` if the option files name it.
    package private(set) var database: String?

    /// What an address may ask for, and what the programs call it.
    private static let known: [String: String] = [
        "socket": "socket", "unix_socket": "socket", "protocol": "protocol", "ssl-ca": "ssl-ca",
        "ssl-capath": "ssl-capath", "ssl-cert": "ssl-cert", "ssl-key": "ssl-key",
        "ssl-cipher": "ssl-cipher", "ssl-mode": "ssl-mode",
        "ssl-verify-server-cert": "ssl-verify-server-cert",
        "tls-version": "tls-version", "ssl": "ssl", "ssl_ca": "ssl-ca", "ssl_cert": "ssl-cert",
        "ssl_key": "ssl-key",
    ]

    /// `mysql://USER:PASSWORD@HOST:PORT/DATABASE?socket=PATH`, a database's name, or nothing for the programs' own
    /// defaults; `nil` for what is none of these.
    package init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let word = words.first else { return }
        guard words.count == 1 else { return nil }
        guard let address = ServiceAddress(String(word)) else {
            if word.contains(where: { ":/@?".contains($0) }) { return nil }
            database = String(word)
            return
        }
        // Drivers of applications write `mysql+pymysql` and the like.
        let scheme = address.scheme.prefix { $0 != "+" }
        guard ["mysql", "mysql2", "mariadb"].contains(scheme) else { return nil }
        for (name, value) in address.query {
            if let option = Self.known[name] {
                options[option] = value
            } else if name.hasPrefix("ssl") || name.hasPrefix("tls") {
                // What was meant to protect must not be passed over; all else speaks to drivers.
                return nil
            }
        }
        database = address.path
        password = address.password
        options["user"] = address.user
        if let host = address.host {
            options[host.hasPrefix("/") ? "socket" : "host"] = host
        }
        if let port = address.port {
            options["port"] = "\(port)"
            // The programs take `localhost` for a socket, even beside a port.
            if options["socket"] == nil && options["protocol"] == nil { options["protocol"] = "tcp" }
        }
    }

    /// A server of our own.
    init(socket: String, user: String) {
        options = ["socket": socket, "user": user]
        password = ""
    }

    /// What every program gets first.
    var arguments: [String] {
        (password == nil ? [] : ["--no-defaults"])
            + options.sorted { $0.key < $1.key }.map { "--\($0)=\($1)" }
    }

    /// The environment for a program that is to connect, made from the one around us.
    package func environment(_ surrounding: [String: String]) -> [String: String] {
        guard let password else { return surrounding }
        return surrounding.merging(["MYSQL_PWD": password]) { $1 }
    }
}
