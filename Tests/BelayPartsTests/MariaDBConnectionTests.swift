import BelayParts
import Testing

@Suite struct `A MariaDB connection` {
    @Test(
        arguments: [
            ("", nil, []), ("shop", "shop", []),
            (
                "mysql://ada@mill:3307/shop", "shop",
                ["--host=mill", "--port=3307", "--protocol=tcp", "--user=ada"]
            ),
            ("mariadb:///shop?socket=/run/x", "shop", ["--socket=/run/x"]),
            ("mysql+pymysql://%2Frun%2Fx/shop?charset=utf8mb4", "shop", ["--socket=/run/x"]),
        ] as [(String, String?, [String])]
    )
    func `is reached as its address says`(text: String, database: String?, arguments: [String]) throws {
        let connection = try #require(MariaDBConnection(text))
        #expect(connection.database == database)
        #expect(connection.options.map { "--\($0.key)=\($0.value)" }.sorted() == arguments)
        #expect(connection.environment(["A": "b"]) == ["A": "b"])
    }

    @Test(arguments: [
        "postgres://x/y", "mysql://a:x/y", "mysql://h/d?ssl-unknown=1", "a b", "mysql://%zz/", "u:p@h/d",
    ]) func `is refused if its address is unclear`(text: String) {
        #expect(MariaDBConnection(text) == nil)
    }

    @Test func `gets its password by the environment alone`() throws {
        let connection = try #require(MariaDBConnection("mysql://ada:s%3Acret%40@mill/shop"))
        #expect(connection.environment([:]) == ["MYSQL_PWD": "s:cret@"])
        #expect(!connection.options.values.contains { $0.contains("cret") })
    }
}
