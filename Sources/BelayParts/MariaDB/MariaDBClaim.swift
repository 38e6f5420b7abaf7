import BelaySystem

/// A lock of the server's that tells other runs that a database is in use, for as long as this value and process live.
///
/// If the process dies, its session ends and the lock with it; so a database without one is a dead run's.
struct MariaDBClaim {
    private let session: RunningCommand

    /// - Throws: ``MariaDBFailure`` if another run has it, or cannot be asked.
    init(_ client: MariaDBClient, on database: String) throws {
        session = try client.asking()
        // A staged database may wait for long until it takes the live one's place.
        try session.write(
            "SET SESSION wait_timeout = 31536000; SELECT GET_LOCK(\(database.quotedText), 0);\n"
        )
        var answer: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 256)
        while !answer.contains(0x0A) {
            let count = try session.read(into: &room)
            if count == 0 { break }
            answer += room[..<count]
        }
        guard answer.starts(with: "1".utf8) else {
            _ = try session.finish()
            throw MariaDBFailure(said: session.said)
        }
    }

    /// Gives it back.
    func end() throws { _ = try session.finish() }

    /// Whether nobody has it.
    static func isFree(_ database: String, _ client: MariaDBClient) throws -> Bool {
        try client.rows("SELECT IS_FREE_LOCK(\(database.quotedText))") == [["1"]]
    }
}
