import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `Of equal contents, belay and restic` {
    private static let size = 40_000_000

    private func makeSite() throws -> Site {
        let site = try Site()
        try site.write(randomBytes(Self.size, seed: 77), to: "large")
        return site
    }

    @Test(arguments: Restic.all) func `make the same chunks, restic first`(restic: Restic) throws {
        let site = try makeSite()
        #expect(try site.resticBackup(restic).dataBlobs > 10)
        // Its inode and times are new, so that nobody can spare itself the reading.
        try site.run("cp", "large", "copied")
        try site.run("rm", "large")
        let ours = try site.belayBackup("--compression", "off")
        #expect(ours.dataBlobs == 1, "the manifest")
        #expect(ours.dataAdded < 20_000)
        #expect(ours.filesNew == 1 && ours.totalBytesProcessed >= Self.size)
    }

    @Test(arguments: Restic.all) func `make the same chunks, belay first`(restic: Restic) throws {
        let site = try makeSite()
        #expect(try site.belayBackup("--compression", "off").dataBlobs > 10)
        try site.run("cp", "large", "copied")
        try site.run("rm", "large")
        let theirs = try site.resticBackup(restic)
        #expect(theirs.filesNew == 1 && theirs.dataBlobs == 0)
        try site.expectSound([restic])
    }

    /// A blob is what it is by its type and its id, not by its id alone.
    @Test(arguments: Restic.all) func `tell a file from a directory of the same bytes`(restic: Restic) throws
    {
        for belayIsFirst in [true, false] {
            let site = try Site()
            try site.write("{\"nodes\":[]}\n", to: "file")
            try site.run("mkdir", "empty")
            if belayIsFirst { try site.belayBackup() }
            try site.resticBackup(restic)
            try site.belayBackup()
            try site.expectSound([restic])
            let expected = try TreeState(site.project)
            expect(try site.belayRestore(), equals: expected)
            expect(try site.resticRestore(restic), equals: expected)
            try site.belay("forget", "latest~1", "--prune", "--max-unused", "0")
            try site.restic(restic, "prune", "--max-unused", "0")
            try site.expectSound([restic])
            expect(try site.belayRestore(), equals: expected)
        }
    }
}
