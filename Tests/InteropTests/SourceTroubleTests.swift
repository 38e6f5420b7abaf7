import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `Where the project cannot be read, belay` {
    @Test func `names what it cannot read and stores the rest`() throws {
        let site = try Site()
        for name in ["open/a", "closed/b", "no-search/c", "secret", "last"] {
            try site.write("\(name)\n", to: name)
        }
        try site.run("chmod", "0", "secret", "closed")
        try site.run("chmod", "644", "no-search")
        defer { _ = try? site.run("chmod", "700", "closed", "no-search", "secret") }
        for _ in 1...2 {
            let output = try site.restrictedBelay("backup", "--json", expecting: 3)
            let summary = try output.document(BackupSummary.self)
            let failures = try #require(summary.failures)
            #expect(failures.map(\.path) == ["closed", "no-search/c", "secret"], "\(output)")
            for failure in failures {
                #expect(failure.kind == "unreadable" && failure.reason == "permission denied")
            }
            #expect(summary.totalFilesProcessed == 2)
            #expect(summary.filesNew + summary.filesChanged + summary.filesUnmodified == 2, "\(output)")
        }
        let words = try site.restrictedBelay("backup", expecting: 3)
        for name in ["closed", "no-search/c", "secret", "permission denied"] {
            #expect(words.text.contains(name), "\(words)")
        }
        try site.expectSound()
        let restored = try site.belayRestore()
        #expect(restored.entries[Array("open/a".utf8)] != nil && restored.entries[Array("last".utf8)] != nil)
        #expect(restored.entries[Array("secret".utf8)] == nil)
        // Once it may be read, it is stored.
        try site.run("chmod", "644", "secret")
        try site.run("chmod", "755", "closed", "no-search")
        try site.belayBackup()
        expect(try site.belayRestore(), equals: try TreeState(site.project))
    }

    @Test func `does not take for removed what a snapshot could not read`() throws {
        let site = try Site()
        for name in ["file", "secret", "closed/a", "closed/b"] { try site.write("one\n", to: name) }
        let before = try #require(try site.belayBackup().snapshotId)
        try site.run("chmod", "0", "secret", "closed")
        _ = try site.restrictedBelay("backup", expecting: 3)
        try site.run("chmod", "644", "secret")
        try site.run("chmod", "755", "closed")
        #expect(try site.belay("list").text.contains("INCOMPLETE"))
        #expect(try site.belay("show").text.contains("unreadable  secret: permission denied"))
        for arguments in [["diff", before, "latest"], ["diff", "latest"]] {
            let diff = try site.belay(arguments, expecting: 3)
            #expect(diff.text.contains("no differences"), "\(diff)")
            #expect(diff.said.contains("secret was not compared: snapshot "), "\(diff)")
            #expect(diff.said.contains("closed was not compared: snapshot "), "\(diff)")
        }
    }

    @Test func `does not take a directory that it may not read for an empty one`() throws {
        let site = try Site()
        try site.write("x", to: "file")
        try site.belayBackup()
        try site.run("chmod", "0", site.project)
        defer { _ = try? site.run(["chmod", "755", site.project]) }
        let program = try RunningProgram(
            (["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--"].filter { _ in
                Machine.isRoot
            }
                + [Machine.belay, "backup", "--json", "-C", site.project, "--repo", site.repository])
                .map { Array($0.utf8) },
            in: "/",
            environment: site.environment
        )
        let output = try program.finish()
        #expect(output.status == 1, "\(output)")
        let failure = try output.failure()
        #expect(
            failure.error == "project.unreadable" && failure.message.contains("permission denied"),
            "\(failure)"
        )
        #expect(try site.files("snapshots").count == 1)
    }

    @Test func `tells of a file that does not hold still, and stores a state of it`() throws {
        let site = try Site()
        let start = randomBytes(20_000_000, seed: 6)
        try site.write(start, to: "log")
        try site.write("quiet\n", to: "quiet")
        let writer = try site.start(["sh", "-c", "while :; do printf 0123456789abcdef >> log; done"])
        let output = try site.belay("backup", "--json", expecting: 3)
        writer.signal(SIGKILL)
        _ = try writer.finish()
        let summary = try output.document(BackupSummary.self)
        #expect(summary.failures?.map(\.path) == ["log"] && summary.failures?.first?.kind == "unsteady")
        try site.expectSound()
        let target = site.newTarget()
        try site.belay("restore", "latest", "--to", target)
        let restored = Array(try Data(contentsOf: URL(fileURLWithPath: "\(target)/log")))
        #expect(restored.starts(with: start) && restored.count > start.count)
        // At rest, it is stored without a word.
        try site.belayBackup()
        expect(try site.belayRestore(), equals: try TreeState(site.project))
    }

    @Test func `takes a project that has lost its files for a loss`() throws {
        let site = try Site()
        for number in 0..<60 { try site.write("\(number)", to: "file-\(number)") }
        try site.belayBackup()
        try site.run("sh", "-c", "rm file-*; echo x > file-0")
        let failure = try site.belay("backup", "--json", expecting: 1).failure()
        #expect(failure.error == "project.empty" && failure.hint?.contains("--allow-shrinking") == true)
        try site.belayBackup("--allow-shrinking")
    }

    @Test(.enabled(if: Machine.hasTracer, "needs strace"))
    func `stores a file whose attributes it cannot read, and names it`() throws {
        let site = try Site()
        try site.write("small\n", to: "folder/small")
        try site.write(randomBytes(3_000_000, seed: 9), to: "large")
        let strace = [
            "strace", "-f", "-qq", "-o", "/dev/null",
            "-e", "trace=flistxattr,llistxattr", "-e", "inject=flistxattr,llistxattr:error=EIO",
        ]
        let output = try site.startBelay(["backup", "--json"], through: strace).finish()
        #expect(output.status == 3, "\(output)")
        let failures = try #require(try output.document(BackupSummary.self).failures)
        #expect(Set(failures.map(\.path)).isSuperset(of: ["folder/small", "large"]), "\(output)")
        #expect(failures.allSatisfy { $0.kind == "incomplete" && $0.reason.contains("attributes") })
        expect(try site.belayRestore(), equals: try TreeState(site.project))
        // Once they can be read the snapshot is whole.
        try site.belayBackup()
    }

    @Test func `does not wait for a FIFO that stands where git's folder would`() throws {
        let site = try Site()
        try site.write("text\n", to: "file")
        try site.run("mkfifo", "\(site.project)/.git", "\(site.project)/.gitignore")
        let output = try site.belay("backup", "--json", expecting: nil)
        #expect(output.status == 0 || output.status == 3, "\(output)")
        expect(try site.belayRestore(), equals: try TreeState(site.project))
    }

    @Test(.enabled(if: Machine.hasTracer, "needs strace"))
    func `writes out what it restored where that is asked for, before it says verified`() throws {
        let site = try Site()
        try site.write("text\n", to: "file")
        try site.belayBackup()
        for (flags, calls) in [(["--verify"], 1), ([], 0)] {
            let log = site("trace")
            let strace = ["strace", "-f", "-qq", "-o", log, "-e", "trace=syncfs"]
            let target = site("restored-\(calls)")
            let arguments = ["restore", "latest", "--to", target] + flags
            let output = try site.startBelay(arguments, through: strace).finish()
            #expect(output.status == 0, "\(output)")
            let trace = try String(contentsOfFile: log, encoding: .utf8)
            #expect(trace.split(separator: "\n").count { $0.contains("syncfs(") } >= calls, "\(trace)")
            if calls == 0 { #expect(!trace.contains("syncfs("), "a local disk needs no more than cp does") }
        }
    }

    @Test(.enabled(if: Machine.isRoot, "needs another user")) func `restores as far as a user may`() throws {
        let site = try Site()
        try SampleTree.make(at: site.project)
        try site.run("rm", "-r", "devices")
        try site.belayBackup()
        // The program and the libraries that it needs may lie where only root may look.
        let nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]
        guard try site.run(nobody + [Machine.belay, "--version"], expecting: nil).status == 0 else { return }
        try site.run("chmod", "755", site.path)
        try site.run("chmod", "-R", "a+rX", site.repository)
        try site.run("mkdir", "-m", "777", site("nobody"))
        try site.run("cp", site.passwordFile, site("nobody-password"))
        try site.run("chmod", "644", site("nobody-password"))
        site.extraEnvironment["HOME"] = site("nobody")
        site.use(repository: site.repository, passwordFile: site("nobody-password"))
        let target = site("nobody/restored")
        let program = try site.startBelay(
            ["restore", "latest", "--no-lock", "--to", target],
            through: nobody
        )
        let output = try program.finish()
        #expect(output.text.contains("warning"), "\(output)")
        let expected = try TreeState(site.project)
        expect(try TreeState(target), equals: expected) { state in
            (state.owner, state.group) = (0, 0)
            // Bits that others than the owner may not set, and attributes that only root may.
            state.mode &= ~(S_ISUID | S_ISGID | S_ISVTX)
            for name in ["trusted.belay", "trusted.link"] { state.attributes[Array(name.utf8)] = nil }
        }
    }
}
