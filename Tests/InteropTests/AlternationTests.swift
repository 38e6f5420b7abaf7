import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `belay and restic, in turns on one repository,` {
    @Test(arguments: Restic.all) func `find unchanged what the other has stored`(restic: Restic) throws {
        let site = try Site()
        // restic writes times as its zone has them, so that outside of UTC directories differ in their text.
        if restic.isOld { site.extraEnvironment["TZ"] = "Asia/Kathmandu" }
        try SampleTree.make(at: site.project)
        let count = try TreeState(site.project).entries.values.count { $0.kind == S_IFREG }
        let folders = try TreeState(site.project).entries.values.count { $0.kind == S_IFDIR }
        site.settle()
        #expect(try site.belayBackup().filesNew == count)
        for _ in 1...2 {
            // belay's snapshot is the parent, for host and paths are the same.
            let theirs = try site.resticBackup(restic)
            #expect(theirs.filesNew == 0 && theirs.filesChanged == 0 && theirs.filesUnmodified == count)
            let isUnchanged =
                theirs.dirsNew == 0 && theirs.dirsChanged == 0 && theirs.dirsUnmodified == folders
            #expect(restic.isOld || isUnchanged)
            #expect(theirs.dataBlobs == 0)
            let ours = try site.belayBackup()
            #expect(ours.filesNew == 0 && ours.filesChanged == 0 && ours.filesUnmodified == count)
            #expect(ours.dataBlobs == 1, "the manifest")
        }
        // Without its cache, belay reads everything and still stores nothing twice.
        let anew = try site.belayBackup("--no-cache")
        #expect(anew.dataBlobs == 1, "the manifest")
        let forced = try site.resticBackup(restic, "--force")
        #expect(forced.dataBlobs == 0)
        try site.expectSound([restic])
    }

    @Test(arguments: Restic.all) func `keep every snapshot whole`(restic: Restic) throws {
        let site = try Site()
        try SampleTree.make(at: site.project)
        var states: [String: TreeState] = [:]
        func store(_ backup: () throws -> BackupSummary) throws {
            let stored = try #require(try backup().snapshotId)
            // 0.14 tells the beginning only.
            let id = try #require(try site.belaySnapshots().map(\.id).first { $0.hasPrefix(stored) })
            states[id] = try TreeState(site.project)
        }

        try store { try site.belayBackup() }
        try change(site, round: 1)
        try store { try site.resticBackup(restic) }
        try change(site, round: 2)
        try store { try site.belayBackup() }
        try site.expectSound([restic])

        // restic forgets, belay reclaims.
        try forget(oldestOf: &states, in: site) { try site.restic(restic, "forget", $0) }
        try site.belay("prune", "--max-unused", "0")
        try site.expectSound([restic])
        try change(site, round: 3)
        try store { try site.resticBackup(restic) }
        try store { try site.belayBackup() }

        // belay forgets, restic reclaims.
        try forget(oldestOf: &states, in: site) { try site.belay("forget", $0) }
        try site.restic(restic, "prune", "--max-unused", "0")
        try site.expectSound([restic])
        try change(site, round: 4)
        try store { try site.belayBackup() }

        // Each makes the index anew, the other goes on.
        for index in try site.files("index") { try site.run("rm", "-f", index) }
        try site.belay("repair", "index")
        try change(site, round: 5)
        try store { try site.resticBackup(restic) }
        for index in try site.files("index") { try site.run("rm", "-f", index) }
        try site.restic(restic, restic.isOld ? "rebuild-index" : "repair", restic.isOld ? "-q" : "index")
        try change(site, round: 6)
        try store { try site.belayBackup() }

        try site.expectSound([restic])
        #expect(Set(try site.belaySnapshots().map(\.id)) == Set(states.keys))
        for (id, state) in states {
            expect(try site.belayRestore(id), equals: state, changing: restic.forgetting)
            expect(try site.resticRestore(restic, id), equals: state, changing: restic.forgetting)
        }
    }

    /// Files come, change, go, and change their metadata alone.
    private func change(_ site: Site, round: Int) throws {
        try site.write(randomBytes(400_000, seed: UInt64(100 + round)), to: "round-\(round)/new")
        try site.write("appended in round \(round)\n", to: "changing/\(round % 2)")
        if round > 1 { try site.run("rm", "-r", "round-\(round - 1)") }
        try site.run("touch", "-d", "2020-01-0\(round) 10:00:00.123456789 UTC", "files/the-same")
        try site.run("chmod", round.isMultiple(of: 2) ? "600" : "640", "files/twice-the-same")
        try site.run("mv", round == 1 ? "files/zeros" : "moved-\(round - 1)", "moved-\(round)")
        // In the middle of a file of several chunks.
        try site.run(
            "dd",
            "if=/dev/zero",
            "of=files/several-chunks",
            "bs=1000",
            "count=1",
            "seek=\(round * 700)",
            "conv=notrunc",
            "status=none"
        )
    }

    private func forget(
        oldestOf states: inout [String: TreeState],
        in site: Site,
        _ body: (String) throws -> Void
    ) throws {
        let oldest = try #require(try site.belaySnapshots().last?.id)
        try body(oldest)
        states[oldest] = nil
        #expect(Set(try site.belaySnapshots().map(\.id)) == Set(states.keys))
    }
}
