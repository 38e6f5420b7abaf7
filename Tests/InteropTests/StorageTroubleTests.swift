import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `Where a repository cannot be used, belay` {
    @Test(.enabled(if: Machine.isRoot, "needs to mount")) func `tells of a full disk and goes on afterwards`()
        throws
    {
        let site = try Site(empty: ())
        let disk = site("disk")
        try site.run("mkdir", disk)
        try site.run("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", disk)
        defer { _ = try? site.run("umount", "-l", disk) }
        site.repository = "\(disk)/repository"
        try site.initialize()
        try site.write("small\n", to: "small")
        try site.belayBackup()
        let before = try TreeState(site.project)
        try site.write(randomBytes(30_000_000, seed: 4), to: "large")
        for _ in 1...2 {
            let failure = try site.belay("backup", "--json", expecting: 1).failure()
            #expect(failure.error == "repository.full" && failure.hint?.isEmpty == false)
        }
        #expect(try site.files("locks").isEmpty)

        // Not even room for a lock.
        try site.run("dd", "if=/dev/zero", "of=\(disk)/filler", "bs=1k", "status=none", expecting: 1)
        #expect(try site.belay("backup", "--json", expecting: 1).failure().error == "repository.full")
        #expect(try site.belaySnapshots().count == 1)
        expect(try site.belayRestore("latest", "--no-lock"), equals: before)
        try site.belay("verify", "--read-data", "--no-lock")
        try site.run("rm", "\(disk)/filler")

        try site.expectSound()
        try site.run("mount", "-o", "remount,size=100m", disk)
        try site.belayBackup()
        try site.expectSound()
        expect(try site.belayRestore(), equals: try TreeState(site.project))
        let leftOver = try FileManager.default.subpathsOfDirectory(atPath: site.repository)
        #expect(!leftOver.contains { $0.contains("-tmp-") })
    }

    @Test(.enabled(if: Machine.isRoot, "needs to mount")) func `tells of a full disk when it restores`()
        throws
    {
        let site = try Site()
        try site.write(randomBytes(8_000_000, seed: 4), to: "large")
        try site.belayBackup()
        let disk = site("disk")
        try site.run("mkdir", disk)
        try site.run("mount", "-t", "tmpfs", "-o", "size=5m", "tmpfs", disk)
        defer { _ = try? site.run("umount", "-l", disk) }
        let refused = try site.belay("restore", "latest", "--to", "\(disk)/restored", "--json", expecting: 1)
        #expect(try refused.failure().error == "target.not-usable")
        // Asked to go on all the same, it says which file is not there, and leaves no part of it.
        let output = try site.belay(
            "restore",
            "latest",
            "--to",
            "\(disk)/restored",
            "--overwrite",
            "always",
            "--json",
            expecting: 1
        )
        #expect(output.text.contains("large") || output.said.contains("space"), "\(output)")
        #expect(!FileManager.default.fileExists(atPath: "\(disk)/restored/large"))
    }

    @Test func `tells of a repository that may not be written, and reads it`() throws {
        let site = try Site()
        try SampleTree.makeFiles(at: site.project)
        try site.belayBackup()
        try site.run("chmod", "-R", "a-w", site.repository)
        defer { _ = try? site.run("chmod", "-R", "u+w", site.repository) }
        for command in ["backup", "prune", "verify"] {
            let failure = try site.restrictedBelay(command, "--json", expecting: 1).failure()
            #expect(failure.error == "repository.unavailable", "\(failure)")
            #expect(failure.hint?.contains("--no-lock") == (command == "verify"), "\(failure)")
        }
        _ = try site.restrictedBelay("list")
        _ = try site.restrictedBelay("verify", "--read-data", "--no-lock")
        let target = site.newTarget()
        _ = try site.restrictedBelay("restore", "latest", "--no-lock", "--to", target)
        expect(try TreeState(target), equals: try TreeState(site.project))
    }

    @Test func `tells of a repository that may not be read`() throws {
        let site = try Site()
        try site.write("x", to: "file")
        try site.belayBackup()
        try site.run("chmod", "0", site.repository)
        defer { _ = try? site.run("chmod", "700", site.repository) }
        for command in ["backup", "list", "verify", "init"] {
            let failure = try site.restrictedBelay(command, "--json", expecting: 1).failure()
            #expect(failure.error == "repository.unavailable", "\(failure)")
        }
    }

    @Test func `tells of a wrong password`() throws {
        let restic = Restic.current
        let site = try Site(empty: ())
        try site.write("x", to: "file")
        try site.restic(restic, "init")
        try Data("wrong\n".utf8).write(to: URL(fileURLWithPath: site("wrong")))
        let right = site.passwordFile
        site.use(repository: site.repository, passwordFile: site("wrong"))
        for command in [
            ["backup"], ["list"], ["verify"], ["key", "list"], ["restore", "latest", "--to", "x"],
        ] {
            let failure = try site.belay(command + ["--json"], expecting: 12).failure()
            #expect(failure.error == "password.wrong" && failure.hint?.isEmpty == false)
        }
        // A key that one adds opens for the other, and what is no key is in nobody's way.
        site.use(repository: site.repository, passwordFile: right)
        try site.belay("key", "add", "--new-password-file", site("wrong"))
        try Data("third\n".utf8).write(to: URL(fileURLWithPath: site("third")))
        site.use(repository: site.repository, passwordFile: site("wrong"))
        try site.restic(restic, "key", "add", "--new-password-file", site("third"))
        site.use(repository: site.repository, passwordFile: site("third"))
        try site.belayBackup()
        try site.expectSound([restic])
    }

    @Test func `minds no files that are not the repository's`() throws {
        let site = try Site()
        try site.write("x", to: "file")
        try site.belayBackup()
        let stranger = String(repeating: "ab", count: 32)
        for name in [
            "keys/README", "keys/\(stranger)", "snapshots/notes.txt", "data/ab/\(stranger)-tmp-17",
            "index/.hidden", "lost+found",
        ] {
            try Data("not belay's\n".utf8).write(to: URL(fileURLWithPath: "\(site.repository)/\(name)"))
        }
        try site.run("mkdir", "\(site.repository)/photos", "\(site.repository)/data/elsewhere")
        let listed = try site.belay("list")
        #expect(listed.said.contains("keys/abab"), "what should be a key and is none is told: \(listed)")
        try site.belayBackup()
        try site.belay("cleanup", "--keep-last", "1")
        try site.run("rm", "\(site.repository)/keys/\(stranger)")
        try site.expectSound()
        expect(try site.belayRestore(), equals: try TreeState(site.project))
        #expect(FileManager.default.fileExists(atPath: "\(site.repository)/snapshots/notes.txt"))
    }

    @Test func `tells that there is no repository`() throws {
        let site = try Site(empty: ())
        try site.write("x", to: "file")
        for command in [["backup"], ["list"], ["verify"], ["prune"], ["unlock"], ["repair", "index"]] {
            let failure = try site.belay(command + ["--json"], expecting: 10).failure()
            #expect(failure.error == "repository.missing" && failure.hint?.contains("belay init") == true)
        }
        #expect(!FileManager.default.fileExists(atPath: site.repository))
    }

    /// A repository that goes away while belay writes, as when a disk is unmounted.
    @Test func `stops when the repository is gone, and begins none in its place`() throws {
        let site = try Site()
        try site.write(randomBytes(120_000_000, seed: 6), to: "large")
        let arguments = ["backup", "--json", "--compression", "off", "--pack-size", "4"]
        let program = try site.startBelay(arguments)
        _ = try eventually { try !program.isRunning || site.files("data").count >= 2 }
        try site.run("mv", site.repository, site("aside"))
        let output = try program.finish()
        #expect(output.status == 1 || output.status == 11, "\(output)")
        #expect(try !output.failure().message.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: site.repository))
        try site.run("mv", site("aside"), site.repository)
        try site.belay("unlock")
        try site.belayBackup()
        try site.expectSound()
    }

    /// Without its snapshots everything in a repository looks like waste.
    @Test func `does not clean up a repository whose snapshots are gone`() throws {
        let site = try Site()
        try site.write("text\n", to: "file")
        try site.belayBackup()
        try site.run("mv", "\(site.repository)/snapshots", site("aside"))
        #expect(try site.belay("verify").said.contains("not one snapshot"))
        for command in [["prune"], ["cleanup", "--keep-last", "1"]] {
            let failure = try site.belay(command + ["--json"], expecting: 1).failure()
            #expect(failure.hint?.contains("--allow-empty") == true)
        }
        try site.run("mv", site("aside"), "\(site.repository)/snapshots")
        try site.expectSound()
        expect(try site.belayRestore(), equals: try TreeState(site.project))
        try site.run("sh", "-c", "rm \(site.repository)/snapshots/*")
        try site.belay("prune", "--allow-empty")
        #expect(try site.files("data").isEmpty)
    }
}
