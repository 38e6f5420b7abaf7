import Foundation
import Testing

/// What can happen to a file of a repository.
enum Damage: String, CaseIterable, CustomTestStringConvertible {
    case flipped, truncated, emptied, removed

    var testDescription: String { rawValue }

    func strike(_ file: String, in site: Site) throws {
        try site.run("chmod", "600", file)
        switch self {
        case .flipped:
            let handle = try #require(FileHandle(forUpdatingAtPath: file))
            let length = try handle.seekToEnd()
            // In a large pack the middle belongs to the large file; in a small one, the first blob is needed.
            let offset = length > 100_000 ? length / 2 : 40
            try handle.seek(toOffset: offset)
            let byte = try #require(try handle.read(upToCount: 1)?.first)
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: [byte ^ 1])
            try handle.close()
        case .truncated: try site.run("truncate", "-s", "<60", file)
        case .emptied: try site.run("truncate", "-s", "0", file)
        case .removed: try site.run("rm", file)
        }
    }
}

@Suite(.enabled(if: Restic.isWanted, "set BELAY_TEST_RESTIC to the path of restic 0.18"))
struct `In a damaged repository, belay` {
    /// Two snapshots, whose packs, indexes and files are told apart.
    private struct Scene {
        let site = try? Site()
        var expected: TreeState?
        var snapshots: [String] = []
        /// The pack that holds `old`, and that of the trees of the first snapshot.
        var dataPack = ""
        var treePack = ""

        var place: Site {
            get throws { try #require(site) }
        }

        init() throws {
            let site = try place
            try site.write(randomBytes(900_000, seed: 1), to: "old")
            try site.write("in a folder\n", to: "folder/inside")
            snapshots.append(try #require(try site.belayBackup("--compression", "off").snapshotId))
            let packs = try site.files("data").sorted {
                (try? FileManager.default.attributesOfItem(atPath: $0)[.size] as? Int) ?? 0
                    > (try? FileManager.default.attributesOfItem(atPath: $1)[.size] as? Int) ?? 0
            }
            dataPack = try #require(packs.first)
            treePack = try #require(packs.last)
            try site.write(randomBytes(500_000, seed: 2), to: "new")
            snapshots.append(try #require(try site.belayBackup("--compression", "off").snapshotId))
            expected = try TreeState(site.project)
        }
    }

    /// Every command that reads the repository, and some that would change it.
    private static let commands = [
        ["verify"], ["verify", "--read-data"], ["verify", "--read-data-subset", "50%"], ["list"],
        ["key", "list"],
        ["backup"], ["checkpoint", "damaged"], ["prune", "-n"], ["prune"],
        ["cleanup", "--keep-last", "1", "-n"],
        ["repair", "index", "-n"], ["repair", "packs", "-n"], ["repair", "snapshots", "-n"], ["unlock"],
        ["forget", "latest", "-n"],
    ]

    /// Asserts that nothing crashes, that failures say what to do, and that no wrong byte is restored.
    private func expectAnswers(_ scene: Scene, _ flags: [String] = []) throws {
        let site = try scene.place
        for command in Self.commands {
            let output = try site.belay(command + ["--json"] + flags, expecting: nil)
            #expect((0...12).contains(output.status), "\(output)")
            guard ![0, 3].contains(output.status), command.first != "verify" else { continue }
            let failure = try output.failure()
            #expect(failure.code == output.status && failure.messageType == "exit_error", "\(output)")
            #expect(!failure.message.isEmpty && failure.hint?.isEmpty == false, "\(output)")
            #expect(failure.error != "internal", "\(output)")
        }
        for snapshot in scene.snapshots {
            let target = site.newTarget()
            let output = try site.belay(
                ["restore", snapshot, "--to", target, "--json"] + flags,
                expecting: nil
            )
            #expect([0, 1, 10, 12].contains(output.status), "\(output)")
            guard FileManager.default.fileExists(atPath: target) else { continue }
            let wanted = try #require(scene.expected).entries.filter { $0.value.kind == S_IFREG }
            let restored = try TreeState(target).entries.filter { $0.value.kind == S_IFREG }
            for (path, entry) in restored { #expect(wanted[path] == entry, "\(shown(path)): \(output)") }
            let isWhole = restored.count == wanted.count - (snapshot == scene.snapshots[0] ? 1 : 0)
            #expect(isWhole == (output.status == 0), "\(output)")
        }
    }

    private func verify(_ scene: Scene, _ flags: String...) throws -> VerifySummary {
        let output = try scene.place.belay(["verify", "--json"] + flags, expecting: 1)
        let summary = try output.document(VerifySummary.self)
        #expect(summary.numErrors > 0)
        for finding in summary.findings {
            #expect(!finding.message.isEmpty && !finding.subject.isEmpty && !finding.advice.isEmpty)
        }
        return summary
    }

    /// Which files of which snapshots are affected, as far as findings tell.
    private func affected(_ summary: VerifySummary) -> Set<String> {
        Set(summary.errors.flatMap(\.affected).map { "\($0.snapshot.prefix(8)) \($0.path)" })
    }

    @Test(arguments: Damage.allCases) func `finds a pack of contents`(damage: Damage) throws {
        let scene = try Scene()
        try damage.strike(scene.dataPack, in: scene.place)
        for flags in [["--read-data"], ["--read-data", "--no-cache"]] {
            let summary = try verify(scene, flags[0], flags.count > 1 ? flags[1] : "--all")
            let name = (scene.dataPack as NSString).lastPathComponent
            #expect(summary.errors.contains { $0.subject.contains(name) })
            #expect(affected(summary).isSuperset(of: scene.snapshots.map { "\($0.prefix(8)) /old" }))
            #expect(!affected(summary).contains { $0.hasSuffix("/new") })
        }
        // What needs no reading of contents is seen without it.
        if damage != .flipped { _ = try verify(scene) }
        try expectAnswers(scene)
    }

    @Test(arguments: Damage.allCases) func `finds a pack of trees`(damage: Damage) throws {
        let scene = try Scene()
        try damage.strike(scene.treePack, in: scene.place)
        let summary = try verify(scene)
        #expect(affected(summary).contains { $0.hasPrefix(scene.snapshots[0].prefix(8)) })
        try expectAnswers(scene)
        try expectAnswers(scene, ["--no-cache"])
    }

    @Test(arguments: [Damage.emptied, .truncated, .removed], [["--force"], ["--no-cache"], []])
    func `stores again what a lost pack held, and says so`(damage: Damage, flags: [String]) throws {
        let scene = try Scene()
        let site = try scene.place
        for pack in [scene.dataPack, scene.treePack] { try damage.strike(pack, in: site) }
        let output = try site.belay(["backup", "--json"] + flags, expecting: 3)
        #expect(
            output.said.contains("gone or cut short") && output.said.contains("belay verify"),
            "\(output)"
        )
        #expect(try output.document(BackupSummary.self).dataAdded > 900_000)
        expect(try site.belayRestore(), equals: try #require(scene.expected))
        // The second snapshot has all its trees, and its contents have a copy again.
        _ = try site.belayRestore(scene.snapshots[1])
        try site.belay("repair", "packs", expecting: nil)
        try site.belay("repair", "index", expecting: nil)
        try site.belay("forget", scene.snapshots[0])
        try site.expectSound()
        try site.belayBackup()
    }

    @Test(arguments: Damage.allCases) func `finds an index`(damage: Damage) throws {
        let scene = try Scene()
        for index in try scene.place.files("index") { try damage.strike(index, in: scene.place) }
        let summary = try verify(scene)
        #expect(!affected(summary).isEmpty || damage != .removed)
        try expectAnswers(scene)
        // From the packs' own headers, everything comes back.
        try scene.place.belay("repair", "index")
        try scene.place.expectSound()
        for snapshot in scene.snapshots { _ = try scene.place.belayRestore(snapshot) }
    }

    @Test(arguments: Damage.allCases) func `finds a snapshot`(damage: Damage) throws {
        let scene = try Scene()
        let file = "\(try scene.place.repository)/snapshots/\(scene.snapshots[0])"
        try damage.strike(file, in: scene.place)
        if damage == .removed {
            // Nothing tells that there was one.
            try scene.place.expectSound()
            return
        }
        #expect(try verify(scene).errors.contains { $0.subject.contains(scene.snapshots[0]) })
        try expectAnswers(scene)
        expect(try scene.place.belayRestore(), equals: try #require(scene.expected))
    }

    @Test(arguments: Damage.allCases) func `finds a key`(damage: Damage) throws {
        let scene = try Scene()
        let site = try scene.place
        let key = try #require(try site.files("keys").first)
        try damage.strike(key, in: site)
        let failure = try site.belay("verify", "--json", expecting: 1).failure()
        #expect(failure.error == "repository.damaged" && failure.hint?.contains("`keys`") == true)
        #expect(
            damage == .removed
                || failure.subjects.contains { $0.contains((key as NSString).lastPathComponent) }
        )
        try expectAnswers(scene)
    }

    @Test(arguments: Damage.allCases) func `finds the config`(damage: Damage) throws {
        let scene = try Scene()
        try damage.strike("\(try scene.place.repository)/config", in: scene.place)
        let failure = try scene.place.belay("verify", "--json", expecting: 1).failure()
        #expect(failure.error == "repository.damaged" && failure.hint?.contains("`config`") == true)
        try expectAnswers(scene)
        // A new repository must not be put over what is left of the old one.
        try scene.place.belay("init", "--repository-only", expecting: 1)
    }

    @Test func `finds packs under each other's names`() throws {
        let scene = try Scene()
        let site = try scene.place
        try site.run("mv", scene.dataPack, site("aside"))
        try site.run("mv", scene.treePack, scene.dataPack)
        try site.run("mv", site("aside"), scene.treePack)
        let summary = try verify(scene, "--read-data")
        for pack in [scene.dataPack, scene.treePack] {
            let name = (pack as NSString).lastPathComponent
            #expect(summary.errors.contains { $0.subject.contains(name) })
        }
        try expectAnswers(scene)
    }

    /// What `belay verify` advises can be typed, and leads to a repository that is whole again.
    @Test(arguments: ["data pack", "tree pack", "index", "snapshot"], Damage.allCases)
    func `says what to do, and that helps`(place: String, damage: Damage) throws {
        let scene = try Scene()
        let site = try scene.place
        switch place {
        case "data pack": try damage.strike(scene.dataPack, in: site)
        case "tree pack": try damage.strike(scene.treePack, in: site)
        case "index": try damage.strike(try #require(try site.files("index").first), in: site)
        default: try damage.strike("\(site.repository)/snapshots/\(scene.snapshots[0])", in: site)
        }
        for _ in 0..<6 {
            let verified = try site.belay("verify", "--read-data", "--json", expecting: nil)
            if verified.status == 0 { break }
            let commands = try verified.document(VerifySummary.self).errors.flatMap {
                Self.commands(in: $0.advice)
            }
            #expect(!commands.isEmpty, "\(verified)")
            for command in commands.reduce(into: [[String]](), { if !$0.contains($1) { $0.append($1) } }) {
                // Damaged snapshots stay until somebody says that they may go.
                let arguments = command == ["repair", "snapshots"] ? command + ["--forget"] : command
                let output = try site.belay(arguments, expecting: nil)
                guard [0, 3].contains(output.status) else {
                    throw Trouble("the advice is no good: \(output)")
                }
            }
        }
        try site.expectSound()
        // What was not struck is still there.
        let target = try site.belayRestore()
        let wanted = try #require(scene.expected)
        if place != "data pack" && place != "tree pack" { expect(target, equals: wanted) }
        let file = Array("new".utf8)
        #expect(target.entries[file] == wanted.entries[file])
    }

    /// The commands that stand between backquotes.
    private static func commands(in advice: String) -> [[String]] {
        advice.split(separator: "`").filter { $0.hasPrefix("belay ") }
            .map { $0.split(separator: " ").dropFirst().map(String.init) }
    }
}
