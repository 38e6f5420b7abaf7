import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `An interrupted run` {
    /// Starts belay and sends it a signal once it works under its lock.
    private func interrupted(
        _ site: Site,
        _ arguments: [String],
        by signal: Int32,
        when isReady: () throws -> Bool
    ) throws -> Output {
        for _ in 0..<20 {
            let program = try site.startBelay(arguments)
            _ = try eventually { try !program.isRunning || isReady() }
            program.signal(signal)
            let output = try program.finish()
            // It may have been through already.
            if output.status != 0 { return output }
        }
        throw Trouble("\(arguments) is always through before it can be interrupted")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `of a backup gives its lock back and leaves what it stored to the next run`(signal: Int32) throws {
        let site = try Site()
        try site.write(randomBytes(200_000_000, seed: 3), to: "large")
        let output = try interrupted(
            site,
            ["backup", "--compression", "off", "--pack-size", "4"],
            by: signal
        ) {
            try site.files("data").count >= 3
        }
        #expect(output.status == 128 + signal, "\(output)")
        #expect(output.said.contains("interrupted"), "\(output)")
        #expect(try site.files("locks").isEmpty && site.files("snapshots").isEmpty)
        #expect(try !site.files("index").isEmpty, "what is stored must be known to the next run")
        try site.expectSound()
        let summary = try site.belayBackup("--compression", "off")
        #expect(summary.dataAdded < 200_000_000, "\(summary)")
        expect(try site.belayRestore(), equals: try TreeState(site.project))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `is told as JSON where that was asked for`(signal: Int32) throws {
        let site = try Site()
        try site.write(randomBytes(150_000_000, seed: 7), to: "large")
        try site.belayBackup("--compression", "off")
        let output = try interrupted(site, ["verify", "--read-data", "--json"], by: signal) {
            try !site.files("locks").isEmpty
        }
        #expect(output.status == 128 + signal, "\(output)")
        let error = try output.failure()
        #expect(error.messageType == "exit_error" && error.error == "run.cancelled", "\(output)")
        #expect(error.code == 128 + signal && error.hint != nil, "\(output)")
    }

    @Test(arguments: [["verify", "--read-data"], ["restore", "latest", "--to", "restored"]])
    func `that only reads gives its lock back`(arguments: [String]) throws {
        let site = try Site()
        try site.write(randomBytes(150_000_000, seed: 5), to: "large")
        try site.belayBackup("--compression", "off")
        let arguments = arguments.map { $0 == "restored" ? site("restored") : $0 }
        let output = try interrupted(site, arguments, by: SIGINT) { try !site.files("locks").isEmpty }
        #expect(output.status == 130, "\(output)")
        #expect(try site.files("locks").isEmpty)
    }
}
