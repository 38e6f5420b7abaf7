import BelayParts
import Testing

@Suite struct `A PostgreSQL connection` {
    @Test(
        arguments: [
            ("postgresql://", [:]),
            ("postgresql:///shop", ["dbname": "shop"]),
            ("postgres://ada@mill/shop", ["user": "ada", "host": "mill", "dbname": "shop"]),
            (
                "postgresql://ada:s%3Acret%40@mill:5433/shop?sslmode=require&connect_timeout=5",
                [
                    "user": "ada", "password": "s:cret@", "host": "mill", "port": "5433", "dbname": "shop",
                    "sslmode": "require", "connect_timeout": "5",
                ]
            ),
            ("postgresql://[::1]:5433/x", ["host": "::1", "port": "5433", "dbname": "x"]),
            ("postgresql://a:1,b:2/x", ["host": "a,b", "port": "1,2", "dbname": "x"]),
            ("postgresql://%2Fvar%2Frun/x", ["host": "/var/run", "dbname": "x"]),
            ("postgresql:///x?host=/tmp&ssl=true", ["dbname": "x", "host": "/tmp", "sslmode": "require"]),
            ("shop", ["dbname": "shop"]),
            ("", [:]),
            ("host=mill  dbname = shop", ["host": "mill", "dbname": "shop"]),
            (#"password='it\'s \\ here' user=ada"#, ["password": #"it's \ here"#, "user": "ada"]),
            ("service=shop", ["service": "shop"]),
        ] as [(String, [String: String])]
    )
    func `is understood as libpq understands it`(text: String, parameters: [String: String]) {
        #expect(PostgresConnection(text)?.parameters == parameters)
    }

    @Test(arguments: [
        "postgresql://%zz/x", "postgresql://[::1/x", "postgresql://a:port/x", "host='open", "=x", "a=b c",
        "postgresql:///x?novalue", "postgresql:///%00",
    ])
    func `is refused if libpq would refuse it`(text: String) {
        #expect(PostgresConnection(text) == nil)
    }

    @Test func `hands a password over by the environment alone`() throws {
        let connection = try #require(
            PostgresConnection("host=mill password=secret keepalives=0 dbname=shop")
        )
        let environment = connection.environment(["PGHOSTADDR": "10.0.0.1", "PATH": "/bin"])
        #expect(
            environment == [
                "PGHOST": "mill", "PGPASSWORD": "secret", "PGDATABASE": "shop", "PATH": "/bin",
                "PGCONNECT_TIMEOUT": "30",
            ]
        )
        #expect(connection.remainder == "keepalives='0'")
    }
}
