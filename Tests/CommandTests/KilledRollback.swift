import Foundation
import Testing

/// A database that is called `main` in `belay.yaml`, and that belay is killed over.
protocol LiveDatabase: Sendable {
    /// What stands after its name in `belay.yaml`.
    var settings: String { get }
    /// Makes it hold one state, which `word` tells from all others.
    func fill(_ word: String) throws
    /// What it holds, told so that a mixture of two states is none of them.
    ///
    /// - Throws: if it is not there, or not sound.
    func contents() throws -> String
    /// What each state holds that a rollback has kept, told in the same way, or how that begins.
    func kept() throws -> [String]
    /// What belongs to runs that are dead, of what can be seen: none after the next run.
    func leftOvers() throws -> [String]
    /// Waits until programs have ended that a dead run had started.
    func settle() throws
}

extension LiveDatabase {
    func settle() {}
}

/// Rolls a database back, and kills that at instants spread over the time that it takes.
struct KilledRollback<Database: LiveDatabase> {
    let sandbox: Sandbox
    let database: Database

    /// What is kept is gone after a day, so that nothing piles up.
    private static var round: Int64 { 2 * 86_400 }

    /// - Throws: if a run that was not killed fails.
    func endure() async throws {
        try sandbox.write("belay.yaml", "databases:\n  main: \(database.settings)\n")
        try await sandbox.initialize()
        try database.fill("stored")
        let stored = try database.contents()
        let snapshot = try await sandbox.backup()

        var instants = KillInstants()
        try database.fill("first")
        instants.lasts = try await ContinuousClock().measure {
            try await rollback(to: snapshot, at: Sandbox.now + 100)
        }
        #expect(try database.contents() == stored)
        for number in 0..<KillInstants.count {
            let instant = instants[number]
            let moment = Sandbox.now + Int64(number + 1) * Self.round
            try database.fill("live-\(number)")
            let live = try database.contents()
            let outcome = try await sandbox.killed(
                after: instant,
                ["rollback", snapshot, "--only", "main", "--yes"],
                at: moment
            )
            #expect([0, 137].contains(outcome.status), "\(outcome.errors)")
            try database.settle()
            let found = try database.contents()
            let isNew = found == stored
            instants.note(outcome, isNew ? "the stored state" : "the live state")
            #expect(isNew || found == live && outcome.status != 0, "killed after \(instant): \(found)")
            let kept = try database.kept()
            #expect(!isNew || kept.contains(where: live.hasPrefix), "killed after \(instant): \(kept)")
            // Of this round and of the one before it, and none of them half.
            let known = ["stored ", "first ", "live-\(number) ", "-\(number - 1) "]
            #expect(kept.allSatisfy { state in known.contains(where: state.contains) }, "\(kept)")

            try await sandbox.backup(at: moment + 10)
            #expect(try database.contents() == found)
            try database.fill("next-\(number)")
            instants.lasts = min(
                instants.lasts,
                try await ContinuousClock().measure { try await rollback(to: snapshot, at: moment + 20) }
            )
            #expect(try database.contents() == stored)
            #expect(try database.leftOvers() == [], "killed after \(instant)")
            #expect(try sandbox.scratchFolders() == [], "killed after \(instant)")
        }
        try await sandbox.expectSound()
        instants.tell("a rollback of \(database.settings)")
    }

    private func rollback(to snapshot: String, at moment: Int64) async throws {
        try await sandbox.done(
            "rollback",
            snapshot,
            "--only",
            "main",
            "--yes",
            environment: ["BELAY_TEST_NOW": "\(moment)"]
        )
    }
}

/// When runs are killed, and what was found then.
struct KillInstants {
    /// `BELAY_TEST_KILLS` asks for more of them.
    static let count =
        ProcessInfo.processInfo.environment["BELAY_TEST_KILLS"].flatMap { Int($0) } ?? 3

    /// How long a run takes that nobody disturbs.
    var lasts = Duration.zero
    private var found: [String: Int] = [:]

    /// Spread over that time; the first of few is late, when most is at stake.
    subscript(number: Int) -> Duration {
        lasts * (Double(Self.count - number) - 0.3) / Double(Self.count)
    }

    mutating func note(_ outcome: Sandbox.Outcome, _ what: String) {
        found[outcome.status == 0 ? "through before" : "killed, then \(what)", default: 0] += 1
    }

    /// Prints what was found, if it was asked for.
    func tell(_ what: String) {
        if ProcessInfo.processInfo.environment["BELAY_TEST_KILLS"] == nil { return }
        print("\(what), \(lasts): \(found.sorted { $0.key < $1.key })")
    }
}

extension Sandbox {
    /// Runs belay, and kills it alone after so long: status 137, unless it was through before.
    func killed(after instant: Duration, _ arguments: [String], at moment: Int64) async throws -> Outcome {
        let (seconds, attoseconds) = instant.components
        return try await run(
            [
                // Its own status where it ends by itself in the very moment in which it was to be killed.
                "/usr/bin/timeout", "--foreground", "--preserve-status", "--signal=KILL",
                "\(Double(seconds) + Double(attoseconds) / 1e18)", try Self.binary(),
            ] + arguments,
            environment: ["BELAY_TEST_NOW": "\(moment)"]
        )
    }

    /// Folders that runs have made for a while.
    func scratchFolders() throws -> [String] {
        let folder = "\(home)/.cache/belay/scratch"
        if !FileManager.default.fileExists(atPath: folder) { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder)
    }

    /// Asserts that nothing in the repository is damaged or half, having read every byte.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await done("verify", "--read-data", sourceLocation: sourceLocation)
        if Self.restic != nil {
            try await restic("check", "--read-data", sourceLocation: sourceLocation)
        }
    }
}
