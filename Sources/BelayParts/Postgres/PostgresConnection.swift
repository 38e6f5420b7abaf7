/// How to reach a PostgreSQL database: libpq's parameters, as PostgreSQL's own programs get them from us.
///
/// Most become environment variables, so that no password ever stands among a program's arguments; the few without
/// a variable, none of which is secret, stay a connection string.
package struct PostgresConnection: Hashable, Sendable {
    /// Parameters by libpq's names.
    package private(set) var parameters: [String: String] = [:]

    /// libpq's variables by parameter ("libpq - C Library", section 34.15 Environment Variables).
    private static let variables: [String: String] = [
        "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE",
        "user": "PGUSER",
        "password": "PGPASSWORD", "passfile": "PGPASSFILE", "service": "PGSERVICE",
        "servicefile": "PGSERVICEFILE",
        "options": "PGOPTIONS", "application_name": "PGAPPNAME", "sslmode": "PGSSLMODE",
        "sslcompression": "PGSSLCOMPRESSION", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
        "sslcertmode": "PGSSLCERTMODE", "sslrootcert": "PGSSLROOTCERT", "sslcrl": "PGSSLCRL",
        "sslcrldir": "PGSSLCRLDIR", "sslsni": "PGSSLSNI", "sslnegotiation": "PGSSLNEGOTIATION",
        "requirepeer": "PGREQUIREPEER", "require_auth": "PGREQUIREAUTH",
        "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
        "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION", "gssencmode": "PGGSSENCMODE",
        "krbsrvname": "PGKRBSRVNAME", "gsslib": "PGGSSLIB", "gssdelegation": "PGGSSDELEGATION",
        "connect_timeout": "PGCONNECT_TIMEOUT", "client_encoding": "PGCLIENTENCODING",
        "target_session_attrs": "PGTARGETSESSIONATTRS", "load_balance_hosts": "PGLOADBALANCEHOSTS",
        "channel_binding": "PGCHANNELBINDING",
    ]

    /// The parameters that a connection URI or string names; `nil` if it is neither.
    ///
    /// An empty text means all of libpq's defaults.
    package init?(_ text: String) {
        for scheme in ["postgresql://", "postgres://"] where text.hasPrefix(scheme) {
            guard parse(uri: text.dropFirst(scheme.count)) else { return nil }
            return
        }
        if !text.contains("=") {
            let name = text.trimmingBlanks
            if !name.isEmpty { parameters["dbname"] = name }
            return
        }
        guard parse(pairs: Array(text.utf8)) else { return nil }
    }

    /// The database `postgres` of a server that has its socket in a folder.
    init(socket folder: String, user: String) {
        parameters = ["host": folder, "user": user, "dbname": "postgres"]
        namesDatabase = true
    }

    /// Whether the database's name is handed over in the connection string, where it outdoes a service's.
    private var namesDatabase = false

    /// The same server, another database of it.
    package func database(_ name: String) -> PostgresConnection {
        var other = self
        other.parameters["dbname"] = name
        other.namesDatabase = true
        return other
    }

    /// The environment for a program that is to connect, made from the one around us.
    package func environment(_ surrounding: [String: String]) -> [String: String] {
        var environment = surrounding
        for (name, value) in parameters {
            if let variable = Self.variables[name] { environment[variable] = value }
        }
        // libpq would wait as long as the network does.
        if environment["PGCONNECT_TIMEOUT"] == nil { environment["PGCONNECT_TIMEOUT"] = "30" }
        // A host that is named must not meet an address that is not.
        if parameters["host"] != nil, parameters["hostaddr"] == nil { environment["PGHOSTADDR"] = nil }
        return environment
    }

    /// What has no variable, as a connection string; `nil` if there is nothing of it.
    package var remainder: String? {
        let pairs = parameters.filter { Self.variables[$0.key] == nil || $0.key == "dbname" && namesDatabase }
            .sorted { $0.key < $1.key }
        if pairs.isEmpty { return nil }
        return pairs.map { "\($0.key)='\(Self.escaped($0.value))'" }.joined(separator: " ")
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            if character == "'" || character == "\\" { text.append("\\") }
            text.append(character)
        }
    }

    // MARK: - postgresql://user:password@host:port,host:port/dbname?name=value&name=value

    private mutating func parse(uri text: Substring) -> Bool {
        var rest = text
        if let mark = rest.firstIndex(of: "?") {
            for pair in rest[rest.index(after: mark)...].split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, let name = PercentEncoding.decoded(parts[0]),
                    let value = PercentEncoding.decoded(parts[1])
                else {
                    return false
                }
                // What JDBC writes, which libpq takes, too.
                if name == "ssl" {
                    if value == "true" { parameters["sslmode"] = "require" }
                } else {
                    parameters[name] = value
                }
            }
            rest = rest[..<mark]
        }
        if let slash = rest.firstIndex(of: "/") {
            guard take(rest[rest.index(after: slash)...], as: "dbname") else { return false }
            rest = rest[..<slash]
        }
        if let at = rest.lastIndex(of: "@") {
            let account = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard take(account[0], as: "user") else { return false }
            if account.count == 2, !take(account[1], as: "password") { return false }
            rest = rest[rest.index(after: at)...]
        }
        return parse(hosts: rest)
    }

    private mutating func parse(hosts text: Substring) -> Bool {
        if text.isEmpty { return true }
        var hosts: [String] = []
        var ports: [String] = []
        for host in text.split(separator: ",", omittingEmptySubsequences: false) {
            var name = host
            var port: Substring = ""
            if host.hasPrefix("[") {
                guard let end = host.firstIndex(of: "]") else { return false }
                name = host[host.index(after: host.startIndex)..<end]
                let after = host[host.index(after: end)...]
                guard after.isEmpty || after.hasPrefix(":") else { return false }
                port = after.dropFirst()
            } else if let colon = host.lastIndex(of: ":") {
                name = host[..<colon]
                port = host[host.index(after: colon)...]
            }
            guard let decoded = PercentEncoding.decoded(name), port.allSatisfy(\.isNumber) else {
                return false
            }
            hosts.append(decoded)
            ports.append(String(port))
        }
        if hosts.contains(where: { !$0.isEmpty }) { parameters["host"] = hosts.joined(separator: ",") }
        if ports.contains(where: { !$0.isEmpty }) { parameters["port"] = ports.joined(separator: ",") }
        return true
    }

    private mutating func take(_ text: Substring, as name: String) -> Bool {
        guard let value = PercentEncoding.decoded(text) else { return false }
        if !value.isEmpty { parameters[name] = value }
        return true
    }

    // MARK: - name = value name = 'a \' value'

    private mutating func parse(pairs bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        while true {
            rest = rest.drop(while: isBlank)
            if rest.isEmpty { return true }
            let name = rest.prefix { $0 != 0x3D && !isBlank($0) }
            rest = rest.dropFirst(name.count).drop(while: isBlank)
            guard !name.isEmpty, rest.popFirst() == 0x3D else { return false }
            rest = rest.drop(while: isBlank)
            let isQuoted = rest.first == 0x27
            if isQuoted { rest = rest.dropFirst() }
            var value: [UInt8] = []
            var isClosed = !isQuoted
            while let byte = rest.first, isQuoted || !isBlank(byte) {
                rest = rest.dropFirst()
                if isQuoted && byte == 0x27 {
                    isClosed = true
                    break
                }
                if byte == 0x5C {
                    guard let escaped = rest.popFirst() else { return false }
                    value.append(escaped)
                } else {
                    value.append(byte)
                }
            }
            guard isClosed, let text = String(validating: value, as: UTF8.self) else { return false }
            parameters[String(decoding: name, as: UTF8.self)] = text
        }
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
