import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `Locks of belay and restic` {
    /// A site with enough in it that a program takes a while.
    private func makeSite(megabytes: Int = 30) throws -> Site {
        let site = try Site()
        try site.write(randomBytes(megabytes * 1_000_000, seed: 3), to: "large")
        try site.belayBackup("--compression", "off")
        return site
    }

    /// A program that was stopped in the middle of its work, while it holds its lock.
    ///
    /// It may be through before it can be stopped; then it is started once more.
    private func stopped(
        in site: Site,
        _ start: () throws -> RunningProgram
    ) throws -> RunningProgram {
        for _ in 0..<50 {
            let program = try start()
            _ = try eventually { try !program.isRunning || isLocked(site) }
            // What counts is that it still holds its lock when it stands still.
            if program.stop(), try isLocked(site) { return program }
            program.signal(SIGCONT)
            _ = try program.finish()
        }
        throw Trouble("the program is always through before it can be stopped")
    }

    private func isLocked(_ site: Site) throws -> Bool {
        try FileManager.default.contentsOfDirectory(atPath: "\(site.repository)/locks").contains {
            $0.utf8.count == 64
        }
    }

    private func stoppedRestic(_ restic: Restic, in site: Site) throws -> RunningProgram {
        try stopped(in: site) { try site.startRestic(restic, ["check", "--read-data"]) }
    }

    private func stoppedBackup(in site: Site) throws -> RunningProgram {
        try stopped(in: site) { try site.startBelay(["backup", "--json", "--force"]) }
    }

    /// Lets a stopped program end.
    private func resume(_ program: RunningProgram) throws -> Output {
        program.signal(SIGCONT)
        return try program.finish()
    }

    @Test(arguments: Restic.all) func `keep belay out while restic works alone`(restic: Restic) throws {
        let site = try makeSite(megabytes: 5)
        let holder = try stoppedRestic(restic, in: site)
        for command in [["backup"], ["verify"], ["prune"], ["restore", "latest", "--to", site.newTarget()]] {
            let failure = try site.belay(command + ["--json"], expecting: 11).failure()
            #expect(failure.error == "repository.locked" && failure.code == 11)
            for word in ["exclusively", "pid \(holder.process)", "@\(ProcessInfo.processInfo.hostName)"] {
                #expect(failure.message.contains(word), "\(failure)")
            }
            #expect(failure.hint?.contains("--retry-lock") == true)
        }
        // Names and times can be listed at any moment.
        try site.belay("list")
        #expect(try site.belay("unlock", "--json").text.contains("0"))
        #expect(try site.files("locks").count == 1, "of a process that lives")
        #expect(try resume(holder).status == 0)
        try site.belayBackup()
        #expect(try site.files("locks").isEmpty)
    }

    @Test func `are waited for`() throws {
        let site = try makeSite(megabytes: 5)
        let holder = try stoppedRestic(.current, in: site)
        let impatient = try site.startBelay(["backup", "--json", "--retry-lock", "1s"])
        #expect(try impatient.finish().status == 11)
        let patient = try site.startBelay(["backup", "--json", "--retry-lock", "3m"])
        #expect(!eventually(within: 0.5) { !patient.isRunning })
        #expect(try resume(holder).status == 0)
        let output = try patient.finish()
        #expect(output.status == 0, "\(output)")
        #expect(try site.files("locks").isEmpty)
    }

    @Test(arguments: Restic.all) func `keep restic out of what belay is about to change`(
        restic: Restic
    ) throws {
        let site = try makeSite()
        let locked: Int32 = restic.isOld ? 1 : 11
        let holder = try stoppedBackup(in: site)
        for command in [["prune"], ["check"], ["forget", "latest"]] {
            let output = try site.restic(restic, command, expecting: locked)
            #expect(output.said.contains("locked") && output.said.contains("\(holder.process)"), "\(output)")
        }
        // Others may add beside it, and look.
        try site.resticBackup(restic)
        try site.restic(restic, "snapshots")
        let output = try resume(holder)
        #expect(output.status == 0, "\(output)")
        try site.expectSound([restic])
        #expect(try site.files("locks").isEmpty)
    }

    @Test(arguments: Restic.all) func `keep restic out while belay works alone`(restic: Restic) throws {
        let site = try makeSite()
        let holder = try stopped(in: site) { try site.startBelay(["repair", "packs"]) }
        let output = try site.restic(restic, "backup", ".", expecting: restic.isOld ? 1 : 11)
        #expect(output.said.contains("locked exclusively"), "\(output)")
        #expect(
            try site.belay("backup", "--json", expecting: 11).failure().message.contains("\(holder.process)")
        )
        #expect(try resume(holder).status == 0)
        try site.resticBackup(restic)
        try site.expectSound([restic])
    }

    /// restic asks a process whether it lives by a signal that ends those that do not ignore it.
    @Test(arguments: Restic.all) func `survive restic's unlock as long as belay lives`(restic: Restic) throws
    {
        let site = try makeSite()
        let holder = try stoppedBackup(in: site)
        try site.restic(restic, "unlock")
        #expect(try site.files("locks").count == 1)
        let output = try resume(holder)
        #expect(output.status == 0, "\(output)")
        #expect(try site.files("locks").isEmpty)
        try site.expectSound([restic])
    }

    @Test(arguments: Restic.all) func `are removed by restic once belay is dead`(restic: Restic) throws {
        let site = try makeSite()
        let holder = try stoppedBackup(in: site)
        holder.signal(SIGKILL)
        #expect(try holder.finish().status == -SIGKILL)
        #expect(try site.files("locks").count == 1)
        try site.restic(restic, "check", expecting: restic.isOld ? 1 : 11)
        try site.restic(restic, "unlock")
        #expect(try site.files("locks").isEmpty)
        try site.expectSound([restic])
        try site.belayBackup()
    }

    @Test(arguments: Restic.all) func `of the dead are removed by belay itself`(restic: Restic) throws {
        let site = try makeSite(megabytes: 5)
        let theirs = try stoppedRestic(restic, in: site)
        theirs.signal(SIGKILL)
        #expect(try theirs.finish().status == -SIGKILL)
        try site.belayBackup()
        #expect(try site.files("locks").isEmpty)

        try site.write(randomBytes(20_000_000, seed: 8), to: "larger")
        let ours = try stoppedBackup(in: site)
        ours.signal(SIGKILL)
        #expect(try ours.finish().status == -SIGKILL)
        try site.belay("prune")
        #expect(try site.files("locks").isEmpty)
        try site.expectSound([restic])
    }

    @Test func `that nobody can read stop what removes, until they are taken away`() throws {
        let site = try makeSite(megabytes: 1)
        let empty = "\(site.repository)/locks/" + String(repeating: "00", count: 32)
        try Data().write(to: URL(fileURLWithPath: empty))
        try site.belayBackup()
        try site.belay("prune")
        let garbage = "\(site.repository)/locks/" + String(repeating: "11", count: 32)
        try Data("garbage".utf8).write(to: URL(fileURLWithPath: garbage))
        let failure = try site.belay("prune", "--json", expecting: 11).failure()
        #expect(
            failure.error == "repository.locked"
                && failure.hint?.contains("belay unlock --remove-all") == true
        )
        try site.belay("unlock")
        try site.belay("prune", expecting: 11)
        try site.belay("unlock", "--remove-all")
        #expect(try site.files("locks").isEmpty)
        try site.belay("prune")
        try site.expectSound()
    }

    @Test func `let two backups work at once`() throws {
        let site = try makeSite()
        for round in 0..<3 {
            // The same new files for both, and some of each one's own.
            let other = site("other-\(round)")
            try site.write(randomBytes(10_000_000, seed: UInt64(round)), to: "round-\(round)")
            try site.run("cp", "-a", site.project, other)
            try Data("only here \(round)".utf8).write(to: URL(fileURLWithPath: "\(other)/own"))
            let first = try site.startBelay(["backup", "--json", "--force"])
            let second = try site.start([
                Machine.belay, "backup", "--json", "--force", "-C", other, "--repo", site.repository,
            ])
            let ours = try #require(try first.finish().document(BackupSummary.self).snapshotId)
            let theirs = try #require(try second.finish().document(BackupSummary.self).snapshotId)
            expect(try site.belayRestore(ours), equals: try TreeState(site.project))
            expect(try site.belayRestore(theirs), equals: try TreeState(other))
        }
        #expect(try site.files("locks").isEmpty)
        try site.expectSound()
    }

    @Test(arguments: Restic.all) func `let belay and restic store at once`(restic: Restic) throws {
        let site = try makeSite()
        try SampleTree.makeFiles(at: site.project)
        let theirs = try site.startRestic(restic, ["backup", ".", "--json", "--force"])
        let ours = try site.startBelay(["backup", "--json", "--force"])
        let ids = try [theirs.finish(), ours.finish()].map { try $0.document(BackupSummary.self).snapshotId }
        for id in ids {
            expect(try site.belayRestore(try #require(id)), equals: try TreeState(site.project))
        }
        try site.expectSound([restic])
    }
}
