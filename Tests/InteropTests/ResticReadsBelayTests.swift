import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `What belay writes, restic` {
    /// A site with a snapshot of everything.
    private func makeSite() throws -> Site {
        let site = try Site()
        try SampleTree.make(at: site.project)
        site.settle()
        try site.belayBackup("-m", "all of it", "--tag", "one,two")
        return site
    }

    @Test(arguments: Restic.all) func `checks, every byte read, without an error`(restic: Restic) throws {
        let site = try makeSite()
        let output = try site.restic(restic, "check", "--read-data")
        #expect(output.text.contains("no errors were found"), "\(output)")
        #expect(!output.said.contains("error") && !output.said.contains("warning"), "\(output)")
    }

    @Test(arguments: Restic.all) func `restores with contents and metadata`(restic: Restic) throws {
        let site = try makeSite()
        let expected = try TreeState(site.project)
        expect(try site.resticRestore(restic), equals: expected, changing: restic.forgetting)
        let restored = try site.belayRestore()
        expect(restored, equals: expected)
        for (path, size) in expected.allocated where path.starts(with: Array("sparse/".utf8)) {
            #expect(try #require(restored.allocated[path]) <= size, "the holes of \(shown(path))")
        }
    }

    @Test func `finds restored as it should be when it reads everything back`() throws {
        let site = try makeSite()
        try site.restic(.current, "restore", "latest", "--verify", "--sparse", "--target", site.newTarget())
    }

    @Test(arguments: Restic.all) func `lists with host, paths, tags and counts`(restic: Restic) throws {
        let site = try makeSite()
        let summary = try site.belayBackup("-m", "again")
        let listed = try site.restic(restic, "snapshots", "--json").document([ListedSnapshot].self)
        #expect(listed.count == 2)
        let first = try #require(listed.first)
        let last = try #require(listed.last)
        #expect(last.id == summary.snapshotId)
        #expect(last.parent == first.id)
        #expect(last.paths == [site.project])
        #expect(last.hostname == ProcessInfo.processInfo.hostName)
        #expect(last.username == NSUserName())
        #expect(first.tags == ["belay", "belay:kind=backup", "belay:project=project", "one", "two"])
        guard !restic.isOld else { return }
        #expect(last.programVersion?.hasPrefix("belay ") == true)
        #expect(last.summary?.dataAdded == summary.dataAdded)
        // What restic itself counts, so that it finds nothing to correct.
        let counted = try site.restic(restic, "ls", "latest", "--json").lines
            .filter { $0.contains(#""type":"file""#) }.count
        #expect(last.summary?.totalFilesProcessed == counted)
    }

    @Test(arguments: Restic.all) func `looks into`(restic: Restic) throws {
        let site = try makeSite()
        let listing = try site.restic(restic, "ls", "latest", "--json").lines.dropFirst()
        let expected = try TreeState(site.project)
        #expect(listing.count == expected.entries.count + 2, "the manifest and its folder besides")
        #expect(listing.contains { $0.contains(#""path":"/.belay/snapshot.json""#) })
        #expect(try site.restic(restic, "find", "several-chunks").text.contains("/files/several-chunks"))
        let bytes = try site.restic(restic, "dump", "latest", "/files/several-chunks").bytes
        #expect(bytes == randomBytes(5_000_003, seed: 1))
        let archive = try site.restic(restic, "dump", "latest", "/names").bytes
        #expect(archive.count > 20_000)
        let manifest = try site.restic(restic, "dump", "latest", "/.belay/snapshot.json").text
        #expect(manifest.contains("all of it"))
    }

    @Test(arguments: Restic.all) func `compares`(restic: Restic) throws {
        let site = try makeSite()
        let first = try #require(try site.belaySnapshots().first?.id)
        try site.write("new\n", to: "added")
        try site.write("other\n", to: "times/now")
        try site.run("rm", "files/the-same")
        let second = try #require(try site.belayBackup().snapshotId)
        let changes = try site.restic(restic, "diff", first, second).lines
            .filter { $0.hasPrefix("+  ") || $0.hasPrefix("-  ") || $0.hasPrefix("M  ") }
            .map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            changes.sorted() == [
                "+ /added", "- /files/the-same", "M /.belay/snapshot.json", "M /times/now",
            ]
        )
    }

    @Test func `finds nothing to change in when it writes it again`() throws {
        let site = try makeSite()
        let output = try site.restic(.current, "rewrite", "--dry-run", "--exclude", "/no-such-path")
        let words = output.text + output.said
        for trouble in ["cannot encode", "not ordered", "error", "lossy"] {
            #expect(!words.contains(trouble), "\(output)")
        }
        #expect(words.contains("no snapshots would be modified"), "\(output)")
    }

    @Test func `writes again without what it is told to leave out`() throws {
        let site = try makeSite()
        try site.belay("checkpoint", "milestone")
        try site.restic(.current, "rewrite", "--forget", "--exclude", "/names", "--exclude", "/files/zeros")
        try site.restic(.current, "prune", "--max-unused", "0")
        try site.expectSound()
        #expect(try site.belaySnapshots().first?.name == "milestone")
        // The cache of the unchanged may know what is gone.
        try site.belayBackup()
        try site.expectSound()
        expect(try site.belayRestore(), equals: try TreeState(site.project))
        try site.run("rm", "-r", "names", "files/zeros")
        expect(try site.belayRestore("milestone"), equals: try TreeState(site.project)) { state in
            // The directory has lost an entry here, but not there.
            if state.kind == S_IFDIR { (state.seconds, state.nanoseconds) = (0, 0) }
        }
    }

    @Test(.enabled(if: Machine.isRoot && Machine.hasFuse, "needs root and FUSE"), arguments: Restic.all)
    func `mounts`(restic: Restic) throws {
        let site = try makeSite()
        let place = site("mounted")
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let mount = try site.startRestic(restic, ["mount", place])
        defer {
            mount.signal(SIGINT)
            // Should it hang, this lets it go; otherwise there is nothing to do.
            if !eventually(within: 10, { !mount.isRunning }) { _ = try? site.run("umount", "-l", place) }
        }
        let latest = "\(place)/snapshots/latest/"
        let isThere = eventually { !mount.isRunning || FileManager.default.fileExists(atPath: latest) }
        #expect(isThere && mount.isRunning)
        let found = try TreeState(latest, leavingOut: [".belay"])
        expect(found, equals: try TreeState(site.project)) { state in
            // A mount numbers its files anew, has no device numbers, and errs about fractions before 1970.
            state.firstName = nil
            state.attributes = [:]
            state.device = 0
            if state.seconds <= 0 { (state.seconds, state.nanoseconds) = (0, 0) }
            if restic.isOld { state.mode &= ~S_ISVTX }
            restic.forgetting(&state)
        }
    }

    @Test(arguments: Restic.all) func `forgets, and belay restores the rest`(restic: Restic) throws {
        let site = try makeSite()
        try site.run("rm", "-r", "files")
        try site.write(randomBytes(300_000, seed: 5), to: "later")
        try site.belayBackup()
        let expected = try TreeState(site.project)
        try site.restic(restic, "forget", "--keep-last", "1", "--prune", "--max-unused", "0")
        #expect(try site.belaySnapshots().count == 1)
        try site.expectSound([restic])
        expect(try site.belayRestore(), equals: expected)
        // The cache of the unchanged knows blobs that are gone.
        try SampleTree.makeFiles(at: site.project)
        try site.belayBackup()
        try site.expectSound([restic])
        expect(try site.belayRestore(), equals: try TreeState(site.project))
    }

    @Test(arguments: Restic.all) func `tags, and belay knows the snapshot again`(restic: Restic) throws {
        let site = try makeSite()
        try site.belay("checkpoint", "milestone", "-m", "kept")
        let before = try #require(try site.belaySnapshots().first)
        try site.restic(restic, "tag", "--add", "extra", "--remove", "one")
        let after = try #require(try site.belaySnapshots().first)
        #expect(after.id != before.id)
        #expect(after.name == "milestone")
        #expect(after.kind == "checkpoint")
        #expect(after.tags == ["extra"])
        #expect(Set(try site.belaySnapshots().last?.tags ?? []) == ["two", "extra"])
        #expect(after.time == before.time)
        expect(try site.belayRestore("milestone"), equals: try TreeState(site.project))
        // Nothing is read again because a snapshot has another name.
        #expect(try site.belayBackup().filesUnmodified == before.totalFilesProcessed)
    }

    @Test(arguments: Restic.all) func `copies to another repository, which belay opens`(restic: Restic) throws
    {
        let site = try makeSite()
        try Data("other\n".utf8).write(to: URL(fileURLWithPath: site("other-password")))
        let other = [
            "--repo", site("other"), "--password-file", site("other-password"), "--from-repo",
            site.repository,
            "--from-password-file", site.passwordFile,
        ]
        try site.run([restic.program(), "init", "--copy-chunker-params"] + other)
        try site.run([restic.program(), "copy"] + other)
        site.use(repository: site("other"), passwordFile: site("other-password"))
        #expect(try site.belaySnapshots().first?.kind == "backup")
        try site.expectSound([restic])
        expect(try site.belayRestore(), equals: try TreeState(site.project))
    }

    @Test(arguments: Restic.all) func `indexes anew, and belay goes on`(restic: Restic) throws {
        let site = try makeSite()
        for index in try site.files("index") { try site.run("rm", "-f", index) }
        try site.restic(restic, restic.isOld ? "rebuild-index" : "repair", restic.isOld ? "-q" : "index")
        try site.expectSound([restic])
        expect(try site.belayRestore(), equals: try TreeState(site.project))
        let summary = try site.belayBackup("--force")
        #expect(summary.dataBlobs <= 1, "the manifest alone is new")
    }

    @Test(arguments: Restic.all) func `takes paths longer than the system does`(restic: Restic) throws {
        let site = try Site()
        try SampleTree.makeVeryDeepPath(at: site.project)
        try site.belayBackup()
        try site.expectSound([restic])
        #expect(try site.restic(restic, "ls", "latest").text.contains("/bottom\n"))
        expect(try site.belayRestore(), equals: try TreeState(site.project))
    }
}

extension Restic {
    /// Takes out what that version cannot keep itself.
    func forgetting(_ state: inout EntryState) {
        guard isOld else { return }
        // 0.14 sets a link's attributes on what it leads to, and stores targets as text.
        state.attributes[Array("trusted.link".utf8)] = nil
        state.target = Array(String(decoding: state.target, as: UTF8.self).utf8)
    }
}
