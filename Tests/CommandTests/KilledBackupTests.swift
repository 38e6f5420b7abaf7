import BelaySQLite
import BelaySystem
import BelayTestKit
import Foundation
import Testing

@Suite(.enabled(if: PostgresServer.folder != nil, "needs PostgreSQL's server"))
struct `A backup of databases that is killed while others write to them` {
    /// Two accounts between which money goes to and fro, and much that lies still.
    private static let accounts = """
        CREATE TABLE account(id INTEGER PRIMARY KEY, money INTEGER NOT NULL);
        INSERT INTO account VALUES (1, 500), (2, 500);
        """
    private static let transfer = """
        BEGIN; UPDATE account SET money = money - 1 WHERE id = 1; UPDATE account SET money = money + 1 WHERE id = 2; COMMIT
        """

    @Test func `leaves a sound repository and no half of a dump, and the next one succeeds`() async throws {
        let server = try PostgresServer()
        let sandbox = try Sandbox()
        try sandbox.write(
            "belay.yaml",
            """
            databases:
              small: { sqlite: small.db }
              shop: { postgres: "postgresql://postgres@/shop?host=\(server.scratch.path)/run" }

            """
        )
        let path = "\(sandbox.project)/small.db"
        let live = try SQLiteConnection(path, .creating)
        try live.execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE much(n INTEGER, body TEXT); \(Self.accounts)"
        )
        try live.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                + "INSERT INTO much SELECT i, hex(randomblob(300)) FROM n"
        )
        try server.sql(Self.accounts)
        try server.sql(
            "CREATE TABLE much AS SELECT i AS n, md5(random()::text) || repeat('x', 300) AS body FROM generate_series(1, 50000) i"
        )
        try await sandbox.initialize()

        let writers = Writers {
            try SQLiteConnection(path, .writing).execute("PRAGMA busy_timeout = 5000; \(Self.transfer)")
        } and: {
            try server.sql(Self.transfer)
        }
        var instants = KillInstants()
        instants.lasts = try await ContinuousClock().measure { _ = try await sandbox.backup() }
        for number in 0..<KillInstants.count {
            let instant = instants[number]
            let moment = Sandbox.now + Int64(number + 1) * 100
            let outcome = try await sandbox.killed(after: instant, ["backup"], at: moment)
            #expect([0, 137].contains(outcome.status), "\(outcome.errors)")
            instants.note(outcome, "next")
            try await sandbox.expectSound()
            try await sandbox.backup(at: moment + 10)
            #expect(try sandbox.scratchFolders() == [], "killed after \(instant)")
        }
        await writers.stop()
        // Dead runs hold no session open, and with it no state.
        try server.waitUntilAlone()
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(server.data)/pg_snapshots").isEmpty)
        // Each table has as many rows as the manifests say, those of killed runs as well.
        try await sandbox.done("verify", "--deep", "--all")
        let target = "\(sandbox.folder)/restored"
        try await sandbox.done("restore", "latest", "--to", target)
        let copy = try SQLiteConnection("\(target)/small.db", .immutable)
        #expect(try copy.text("SELECT sum(money) FROM account") == "1000")
        instants.tell("a backup of SQLite and PostgreSQL")
    }
}

/// Two that write again and again, each on a thread of its own.
private final class Writers: Sendable {
    private let tasks: [Task<Void, Never>]

    init(_ first: @escaping @Sendable () throws -> Void, and second: @escaping @Sendable () throws -> Void) {
        tasks = [first, second].map { write in
            Task.detached(executorPreference: BlockingPool(width: 1)) {
                // One that fails is tried again.
                while !Task.isCancelled { try? write() }
            }
        }
    }

    func stop() async {
        for task in tasks {
            task.cancel()
            await task.value
        }
    }
}
