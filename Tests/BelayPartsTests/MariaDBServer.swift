import BelaySystem
import Foundation
import Testing

/// A MariaDB server for one test, on a socket in its own folder; gone with the value.
final class MariaDBServer: Sendable {
    static let program: String? = ["/usr/sbin/mariadbd", "/usr/bin/mariadbd"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    let scratch: Scratch
    let socket: String
    private let server: RunningCommand

    /// The environment for MariaDB's programs; where the server is stands in an address.
    let environment = ["PATH": "/usr/bin:/bin:/usr/sbin"]
    var address: String { "mysql://root:@/shop?socket=\(socket)" }

    init(_ settings: [String] = []) throws {
        let program = try #require(Self.program)
        scratch = try Scratch()
        let data = "\(scratch.path)/data"
        socket = "\(scratch.path)/s"
        // The server refuses to run as root.
        let isRoot = geteuid() == 0
        let user = isRoot ? "mysql" : NSUserName()
        if isRoot { try Self.run(["/bin/chown", "mysql", scratch.path]) }
        let prefix =
            isRoot ? ["/usr/bin/setpriv", "--reuid=mysql", "--regid=mysql", "--clear-groups", "--"] : []
        try Self.run(
            prefix + [
                "/usr/bin/mariadb-install-db", "--no-defaults", "--datadir=\(data)", "--user=\(user)",
                "--auth-root-authentication-method=normal", "--skip-test-db",
            ]
        )
        let start =
            prefix + [
                program, "--no-defaults", "--datadir=\(data)", "--socket=\(socket)", "--skip-networking",
                "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-log-bin",
                "--character-set-server=utf8mb4", "--log-error=\(scratch.path)/data/log",
            ] + settings
        server = try RunningCommand.start(
            Command(start[0], Array(start.dropFirst()), environment: environment),
            output: .nothing
        )
        // It tries again each second until the server answers or has had its time.
        try Self.run([
            "/usr/bin/mariadb-admin", "--no-defaults", "--socket=\(socket)", "--user=root", "--wait=60",
            "--silent", "ping",
        ])
        try sql("CREATE DATABASE shop", in: "mysql")
    }

    deinit { server.end() }

    /// Ends it as a crash would.
    func crash() { server.end() }

    /// Carries statements out; gives what they print.
    @discardableResult
    func sql(_ text: String, in database: String = "shop") throws -> String {
        let running = try RunningCommand.start(
            Command(
                "/usr/bin/mariadb",
                [
                    "--no-defaults", "--socket=\(socket)", "--user=root", "--batch", "--skip-column-names",
                    "--default-character-set=utf8mb4", "--comments", database,
                ],
                environment: environment
            ),
            input: .pipe
        )
        try running.write(text)
        running.closeInput()
        var bytes: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try running.read(into: &room)
            if count == 0 { break }
            bytes += room[..<count]
        }
        let ending = try running.finish()
        try #require(ending.isSuccess, "\(running.said)")
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func run(_ arguments: [String]) throws {
        let running = try RunningCommand.start(
            Command(
                arguments[0],
                Array(arguments.dropFirst()),
                environment: ["PATH": "/usr/bin:/bin:/usr/sbin"]
            ),
            output: .nothing
        )
        let ending = try running.finish()
        try #require(ending.isSuccess, "\(running.said)")
    }
}

/// What the tests' database holds.
enum MariaDBSample {
    /// Every kind of thing that a database may hold.
    static let shop = """
        CREATE TABLE item(id INT AUTO_INCREMENT PRIMARY KEY, name TEXT, raw VARBINARY(20), at TIMESTAMP NULL,
          size INT AS (LENGTH(name)) STORED);
        INSERT INTO item(name, raw) SELECT CONCAT('(a),(', seq, '\\n''\\\\'), UNHEX(HEX(seq * 257)) FROM seq_1_to_5000;
        CREATE TABLE part(id INT PRIMARY KEY, item INT, FOREIGN KEY (item) REFERENCES item(id));
        INSERT INTO part VALUES (1, 1), (2, NULL);
        CREATE TABLE `odd ``na VALUES (me` (`a ``( VALUES` INT COMMENT 'x;\\ny', b GEOMETRY, c JSON);
        INSERT INTO `odd ``na VALUES (me` VALUES (1, POINT(1, 2), '{"k": ";"}');
        CREATE TABLE empty(n INT);
        CREATE TABLE log(text TEXT);
        CREATE SEQUENCE number START WITH 7;
        SELECT NEXTVAL(number);
        CREATE VIEW a_cheap AS SELECT * FROM b_some WHERE id < 10;
        """

    static let code = """
        CREATE TRIGGER shop.noted AFTER INSERT ON shop.part FOR EACH ROW INSERT INTO log VALUES ('INSERT INTO `log` VALUES (1)');
        DELIMITER //
        CREATE PROCEDURE many(IN n INT)
        BEGIN
          -- INSERT INTO `item` VALUES (1);
          INSERT INTO `log` VALUES ('one; two');
        INSERT INTO `log` VALUES ('three');
        END//
        CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC RETURN n * 2//
        CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO BEGIN DELETE FROM log; END//
        DELIMITER ;
        CREATE VIEW with_function AS SELECT twice(id) AS n FROM item;
        """

    static func fill(_ server: MariaDBServer) throws {
        try server.sql(
            "CREATE VIEW b_some AS SELECT 1 AS id; " + shop.replacing("SELECT NEXTVAL(number);", with: "")
        )
        try server.sql("SELECT NEXTVAL(number); CREATE OR REPLACE VIEW b_some AS SELECT * FROM item;" + code)
    }
}
