import BelayCore
import BelaySystem

/// Puts a stored state in the place of what a Redis server holds.
///
/// The new state is queued in the server as one transaction, which changes nothing. Then the server takes no more
/// writes (`CLIENT PAUSE … WRITE`), what it holds is saved as a file, and the transaction is let go first: whoever
/// waits before it is cut off, so no write that was acknowledged is missing from the file. Readers go on all the
/// while and see the whole old or the whole new state. If belay is killed, the pause ends by itself after
/// ``pauseMilliseconds``; the new state is then there as a whole or not at all, and never without the file.
///
/// The server needs memory for the queue, about as much as the new state takes.
struct RedisExchange {
    let client: RedisClient

    /// The longest time for which writers wait.
    private static let pauseMilliseconds = 120_000
    /// How long the server may take nothing more into its queue.
    private static let patience = Duration.seconds(30)

    /// How often the server restored a key, and failed to.
    private struct Restored {
        var calls = 0
        var failed = 0
        var rejected = 0
    }

    /// Whether the server can be given another state.
    ///
    /// - Throws: ``RedisFailure`` with the reason if not.
    func check(highest database: UInt64) throws {
        guard try serverVersion() >= (6, 2) else { throw RedisFailure("the server is older than 6.2") }
        if try client.facts("server")["redis_mode"] == "cluster" {
            throw RedisFailure("the server is part of a cluster")
        }
        guard try client.facts("replication")["role"] == "master" else {
            throw RedisFailure("the server is a replica; name the one that it follows")
        }
        let count = try databases()
        guard database < count else {
            throw RedisFailure("the server has no logical database \(database), only \(count) of them")
        }
    }

    private func serverVersion() throws -> (Int, Int) {
        let numbers = try client.facts("server")["redis_version"]?.split(separator: ".").compactMap {
            Int($0)
        }
        guard let numbers, numbers.count >= 2 else {
            throw RedisFailure("the server does not tell its version")
        }
        return (numbers[0], numbers[1])
    }

    /// A transaction that makes the server hold what a file holds, queued in it; and the version of the file's format.
    private func queued(_ path: String) async throws -> (transaction: RedisTransaction, version: UInt16) {
        let before = try restored()
        let transaction = try RedisTransaction(client)
        try transaction.empty(databases: try databases(), andFunctions: try serverVersion() >= (7, 0))
        let version = try transaction.restore(path)
        try await waitUntilQueued(transaction, since: before)
        return (transaction, version)
    }

    /// How many logical databases there are.
    private func databases() throws -> UInt64 {
        let answer = try client.answer("CONFIG", "GET", "databases")
        guard let count = answer.split(whereSeparator: \.isNewline).last.flatMap({ UInt64($0) }) else {
            throw RedisFailure("the server does not tell how many logical databases it has")
        }
        return count
    }

    /// Puts the state in a file in place of the present one, of which `keep` stores a stream.
    ///
    /// - Throws: ``RedisFailure``; then the server holds what it held.
    func run(_ path: String, keepingAt kept: String, by keep: () async throws -> RDBReader) async throws {
        let (transaction, version) = try await queued(path)
        let before = try restored()
        _ = try client.answer("CLIENT", "PAUSE", "\(Self.pauseMilliseconds)", "WRITE")
        let end = ContinuousClock.now + .milliseconds(Self.pauseMilliseconds)
        do {
            let present = try await keep()
            guard version <= present.version else {
                throw RedisFailure("the server is older than the one that it was stored from")
            }
            // Commands that wait are done in their order once the pause ends.
            try transaction.commit()
            try await waitUntilWaiting(transaction)
            guard ContinuousClock.now < end - .seconds(5) else {
                throw RedisFailure("to save what it holds took longer than writers can be kept waiting")
            }
            try cutOff(before: transaction)
        } catch {
            // Its connection first: what it has queued must not be done when the pause ends.
            try? cutOff(transaction)
            // The pause ends by itself if it cannot be ended.
            _ = try? client.answer("CLIENT", "UNPAUSE")
            throw error
        }
        do {
            _ = try client.answer("CLIENT", "UNPAUSE")
            try transaction.finish()
            let after = try restored()
            guard after.failed == before.failed, after.calls - before.calls >= transaction.keys else {
                throw RedisFailure("the server could not restore all keys")
            }
        } catch {
            try await putBack(kept, because: error)
            throw error
        }
    }

    /// Makes the server hold again what was saved of it.
    private func putBack(_ kept: String, because first: any Error) async throws {
        do {
            let (transaction, _) = try await queued(kept)
            try transaction.commit()
            try transaction.finish()
        } catch {
            throw RedisFailure(
                "\(first); and putting it back failed, so what it held is in \(kept): \(error)"
            )
        }
    }

    private func restored() throws -> Restored {
        var restored = Restored()
        for pair in (try client.facts("commandstats")["cmdstat_restore"] ?? "").split(separator: ",") {
            let parts = pair.split(separator: "=")
            guard parts.count == 2, let number = Int(parts[1]) else { continue }
            if parts[0] == "calls" { restored.calls = number }
            if parts[0] == "failed_calls" { restored.failed = number }
            if parts[0] == "rejected_calls" { restored.rejected = number }
        }
        return restored
    }

    // MARK: - Clients

    private func clients() throws -> [[String: String]] {
        try client.answer("CLIENT", "LIST").split(whereSeparator: \.isNewline).map { line in
            var facts: [String: String] = [:]
            for pair in line.split(separator: " ") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
            }
            return facts
        }
    }

    /// Waits until the server has taken all commands into the queue.
    private func waitUntilQueued(_ transaction: RedisTransaction, since before: Restored) async throws {
        var last: String?
        var end = ContinuousClock.now + Self.patience
        while true {
            let count = try client(of: transaction)?["multi"]
            if count == "\(transaction.queued)" { return }
            if count != last {
                last = count
                end = ContinuousClock.now + Self.patience
            }
            guard ContinuousClock.now < end, try restored().rejected == before.rejected else {
                try transaction.discard()
                throw RedisFailure("the server did not take all of it")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Waits until the server has been told to do them, and waits itself for the pause to end.
    private func waitUntilWaiting(_ transaction: RedisTransaction) async throws {
        let end = ContinuousClock.now + Self.patience
        while true {
            let mine = try client(of: transaction)
            if mine?["cmd"] == "exec", mine?["flags"]?.contains("b") == true { return }
            guard ContinuousClock.now < end else {
                throw RedisFailure("the server does not wait as it was told")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func client(of transaction: RedisTransaction) throws -> [String: String]? {
        try clients().first { $0["name"] == transaction.name }
    }

    /// Ends the connections whose commands wait, but for that of the transaction.
    ///
    /// Those that come now wait behind it.
    private func cutOff(before transaction: RedisTransaction) throws {
        for other in try clients() where other["name"] != transaction.name {
            guard let id = other["id"], other["flags"]?.contains("b") == true else { continue }
            // One that is gone is as good.
            _ = try? client.answer("CLIENT", "KILL", "ID", id)
        }
    }

    private func cutOff(_ transaction: RedisTransaction) throws {
        for mine in try clients() where mine["name"] == transaction.name {
            if let id = mine["id"] { _ = try client.answer("CLIENT", "KILL", "ID", id) }
        }
    }
}
