import Foundation
import Testing

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `What restic writes, belay` {
    /// A site whose repository restic made, with a snapshot of everything.
    private func makeSite(_ restic: Restic, _ arguments: String...) throws -> Site {
        let site = try Site(empty: ())
        try SampleTree.make(at: site.project)
        try site.run(
            [restic.program(), "--repo", site.repository, "--password-file", site.passwordFile, "init"]
                + arguments
        )
        try site.resticBackup(restic, "--tag", "nightly")
        return site
    }

    @Test(arguments: Restic.all) func `lists, verifies and restores with contents and metadata`(
        restic: Restic
    ) throws {
        let site = try makeSite(restic)
        let listed = try site.belay("list", "--json").document([ListedSnapshot].self)
        #expect(listed.map(\.kind) == ["foreign"])
        #expect(listed.first?.tags == ["nightly"])
        #expect(listed.first?.paths == [site.project])
        let verified = try site.belay("verify", "--read-data", "--json").document(VerifySummary.self)
        #expect(verified.numErrors == 0 && verified.packsRead == verified.packs && verified.packs > 0)
        expect(
            try site.belayRestore("latest", "--verify"),
            equals: try TreeState(site.project),
            changing: restic.forgetting
        )
    }

    @Test(arguments: Restic.all) func `looks into`(restic: Restic) throws {
        let site = try Site()
        try SampleTree.make(at: site.project)
        try site.resticBackup(restic)
        let shown = try site.belay("show", "latest")
        #expect(shown.text.contains(site.project) && shown.text.contains("foreign"), "\(shown)")
        let count = try TreeState(site.project).entries.count
        #expect(
            try site.belay("ls", "latest", "-R", "--json").lines.count == count + 1,
            "the snapshot itself besides"
        )
        #expect(
            try site.belay("cat", "latest", "files/several-chunks").bytes == randomBytes(5_000_003, seed: 1)
        )
        #expect(try site.belay("find", "several-*").text.contains("files/several-chunks"))
        try site.write("changed\n", to: "times/now")
        try site.write("new\n", to: "added")
        let changes = try site.belay("diff", "latest").text
        #expect(changes.contains("times/now") && changes.contains("added"), "\(changes)")
        #expect(!changes.contains("several-chunks"), "\(changes)")
        try site.resticBackup(restic)
        let between = try site.belay("diff", "latest~1", "latest").text
        #expect(between.contains("times/now") && between.contains("added"), "\(between)")
    }

    @Test(arguments: Restic.all) func `restores from snapshots of absolute paths`(restic: Restic) throws {
        let site = try Site()
        try SampleTree.makeFiles(at: site.project)
        try site.restic(restic, "backup", "\(site.project)/files")
        let id = try #require(try site.belaySnapshots().first?.id)
        // What lies above the directory that restic was given is no part of it.
        let expected = try TreeState(site.project).below("files")
        expect(try site.belayRestore(id), equals: expected)
        let part = try site.belayRestore(id, "\(site.project)/files/several-chunks")
        let file = Array("several-chunks".utf8)
        #expect(part.entries.keys.map { shown($0) } == ["several-chunks"])
        #expect(part.entries[file] == expected.entries[file])
    }

    @Test(arguments: Restic.all) func `cleans up, and restic finds it sound`(restic: Restic) throws {
        let site = try Site()
        try SampleTree.make(at: site.project)
        try site.resticBackup(restic)
        try site.run("rm", "files/several-chunks")
        try site.write(randomBytes(2_000_000, seed: 9), to: "second")
        try site.resticBackup(restic)
        try site.write("three\n", to: "third")
        try site.resticBackup(restic)
        let expected = try TreeState(site.project)
        let before = try site.belay("cleanup", "--keep-last", "1", "--max-unused", "0", "--json")
            .document(CleanupSummary.self)
        #expect(before.removedSnapshots.count == 2)
        #expect((before.space?.freed ?? 0) > 4_000_000)
        try site.expectSound([restic])
        #expect(try site.belaySnapshots().count == 1)
        expect(try site.belayRestore(), equals: expected, changing: restic.forgetting)
        expect(try site.resticRestore(restic), equals: expected, changing: restic.forgetting)
        // And restic goes on with what belay left.
        let summary = try site.resticBackup(restic)
        #expect(summary.filesNew == 0 && summary.filesChanged == 0 && summary.dataBlobs == 0)
        try site.expectSound([restic])
    }

    @Test(arguments: Restic.all) func `reads in format 1, and writes nothing there`(restic: Restic) throws {
        let site = try makeSite(restic, "--repository-version", "1")
        #expect(try site.belaySnapshots().map(\.kind) == ["foreign"])
        let before = try TreeState(site.repository)
        let expected = try TreeState(site.project)
        expect(try site.belayRestore(), equals: expected, changing: restic.forgetting)
        try site.belay("verify", "--read-data")
        let begun = try site.belay("init", "--repository-only")
        #expect(
            begun.text.contains("belay only reads") && !begun.text.contains("Next: belay backup"),
            "\(begun)"
        )
        let key = try #require(try site.files("keys").first?.split(separator: "/").last.map(String.init))
        let commands = [
            ["backup"], ["cleanup", "--keep-last", "1"], ["prune"], ["checkpoint", "no"],
            ["key", "add"], ["key", "change"], ["key", "recovery", "--new"], ["key", "remove", key],
        ]
        for command in commands {
            let output = try site.belay(command + ["--json"], expecting: 1)
            let failure = try output.failure()
            #expect(failure.error == "repository.read-only", "\(output)")
            #expect(failure.hint?.isEmpty == false, "\(output)")
        }
        expect(try TreeState(site.repository), equals: before)
        try site.restic(restic, "check", "--read-data")
    }

    @Test(arguments: ["fastest", "off", "max"]) func `reads whatever the compression`(level: String) throws {
        // 0.18 alone has all of these words.
        let site = try Site()
        try SampleTree.makeFiles(at: site.project)
        try site.write(String(repeating: "compress me ", count: 100_000), to: "text")
        try site.resticBackup(
            .current,
            "--compression",
            level == "fastest" ? "auto" : level,
            "--pack-size",
            "4"
        )
        try site.belay("verify", "--read-data")
        expect(try site.belayRestore(), equals: try TreeState(site.project))
        try site.belayBackup("--compression", level, "--pack-size", level == "max" ? "64" : "4")
        try site.expectSound()
        expect(try site.resticRestore(), equals: try TreeState(site.project))
    }

    @Test func `restores from the sample repositories`() throws {
        for sample in try SampleRepositories.load() {
            let site = try Site(empty: ())
            try Data(sample.password.utf8).write(to: URL(fileURLWithPath: site.passwordFile))
            let archive = try #require(Data(base64Encoded: sample.tarBase64))
            try archive.write(to: URL(fileURLWithPath: site("sample.tar")))
            try site.run("tar", "-xf", site("sample.tar"), "-C", site.path)
            site.use(repository: site("repo"), passwordFile: site.passwordFile)
            let listed = try site.belaySnapshots()
            #expect(Set(listed.map(\.id)) == Set(sample.snapshots.map(\.id)))
            #expect(listed.allSatisfy { $0.kind == "foreign" })
            for snapshot in sample.snapshots {
                let whole = try site.resticRestore(.current, snapshot.id)
                #expect(Set(whole.entries.keys) == Set(snapshot.entries.map(\.path)))
                let paths = try #require(listed.first { $0.id == snapshot.id }).paths
                let below = whole.below(String(paths[0].dropFirst()))
                let expected = paths.count > 1 || below.entries.isEmpty ? whole : below
                expect(try site.belayRestore(snapshot.id), equals: expected)
            }
            try site.belay("verify", "--read-data")
        }
    }
}

/// The repositories that come with the format's test vectors.
struct SampleRepositories: Decodable {
    struct Repository: Decodable {
        var password: String
        var tarBase64: String
        var snapshots: [Snapshot]

        private enum CodingKeys: String, CodingKey {
            case password, snapshots
            case tarBase64 = "tar_base64"
        }
    }

    struct Snapshot: Decodable {
        var id: String
        var entries: [Entry]
    }

    struct Entry: Decodable {
        var pathHex: String

        /// Without the leading slash.
        var path: [UInt8] {
            let digits = Array(pathHex.utf8.dropFirst(2))
            return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
                UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
            }
        }

        private enum CodingKeys: String, CodingKey {
            case pathHex = "path_hex"
        }
    }

    private var repositories: [Repository]

    private enum CodingKeys: String, CodingKey {
        case repositories = "sample_repositories"
    }

    static func load(path: String = #filePath) throws -> [Repository] {
        let tests = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appendingPathComponent("BelayFormatTests/Vectors/restic-format.json")
        return try JSONDecoder().decode(SampleRepositories.self, from: Data(contentsOf: file)).repositories
    }
}
