import BelayArchive
import BelayCore
import BelayStore
import BelaySystem
import Glibc
import Testing

/// What is in the target already is treated as the policy says.
@Suite(.serialized) struct `A restore into a directory that is in use` {
    /// Files of one chunk, of several, empty, a symlink, a FIFO and a second name; all from the same moment.
    private static func store() async throws -> Stored {
        try await Stored.make { writer in
            let one = try await writer.data("new!")
            let two = try await writer.data("more")
            var first = Node.file("first", [one], size: 4)
            first.links = 2
            first.inode = 9
            first.deviceID = 1
            var second = first
            second.name = "second"
            let inner = try await writer.tree([.file("deep", [one, two], size: 8)])
            return try await writer.tree([
                .file("one", [one], size: 4), .file("two", [one, two], size: 8), .file("none", [], size: 0),
                .symlink("link", "new"), first, second, .folder("dir", inner),
            ])
        }
    }

    private static let names = ["one", "two", "none", "link", "first", "second", "dir/deep"]

    /// A target in which every name is taken by a file with other contents.
    private static func fill(_ target: Scratch, modified: Timestamp) throws {
        let folder = try Folder.open(path: target.path)
        for name in names {
            try target.write("old", name)
            try target.write("foreign", "\(name) foreign")
        }
        for name in names { try folder.setTimes(of: FileName(name), accessed: modified, modified: modified) }
        chmod(target("dir"), 0o701)
    }

    private func contents(_ target: Scratch) throws -> [String] {
        try Self.names.map { name in
            if let target = try? Folder.open(path: target.path).linkTarget(of: FileName(name)) {
                return "-> \(String(decoding: target, as: UTF8.self))"
            }
            return try target.read(name)
        }
    }

    private let new = ["new!", "new!more", "", "-> new", "new!", "new!", "new!more"]
    private let old = ["old", "old", "old", "old", "old", "old", "old"]

    /// What is planned is what becomes of it, further names and symlinks included, whatever of them is there.
    @Test(arguments: OverwritePolicy.allCases)
    func `counts in a dry run what a restore counts`(policy: OverwritePolicy) async throws {
        let stored = try await Self.store()
        for present in 0..<(1 << Self.names.count) {
            let target = try Scratch()
            mkdir(target("dir"), 0o755)
            for (number, name) in Self.names.enumerated() where present & 1 << number != 0 {
                try target.write("old", name)
            }
            let planned = try await stored.restore(into: target.path) {
                $0.overwrite = policy
                $0.isDryRun = true
            }
            let made = try await stored.restore(into: target.path) { $0.overwrite = policy }
            #expect(planned.counts == made.counts, "\(policy), present: \(present)")
            let again = try await stored.restore(into: target.path) {
                $0.overwrite = policy
                $0.isDryRun = true
            }
            let remade = try await stored.restore(into: target.path) { $0.overwrite = policy }
            #expect(again.counts == remade.counts, "\(policy), after a restore with \(present)")
        }
    }

    @Test func `replaces what is there, and nothing else`() async throws {
        let target = try Scratch()
        try Self.fill(target, modified: Timestamp(seconds: 1))
        link(target("one"), target("kept"))
        let report = try await Self.store().restore(into: target.path)
        #expect(report.failures.isEmpty)
        #expect(try contents(target) == new)
        #expect(try target.read("kept") == "old", "a file is replaced, not written over")
        #expect(try Self.names.allSatisfy { try target.read("\($0) foreign") == "foreign" })
        #expect(try TreeSnapshotter.entries(target.path).count == 2 * Self.names.count + 2)
        #expect(try Paths.status(target("dir"))?.mode == 0o040755)
        let (first, second) = (try Paths.status(target("first")), try Paths.status(target("second")))
        #expect(first?.inode == second?.inode)
    }

    @Test func `leaves everything alone`() async throws {
        let target = try Scratch()
        try Self.fill(target, modified: Timestamp(seconds: 1))
        unlink(target("two"))
        let before = try TreeSnapshotter.entries(target.path)
        let report = try await Self.store().restore(into: target.path) { $0.overwrite = .never }
        #expect(report.failures.isEmpty)
        #expect(report.counts.skipped == 6)
        #expect(report.counts.files == 1)
        #expect(try target.read("two") == "new!more")
        unlink(target("two"))
        let after = try TreeSnapshotter.entries(target.path)
        for (path, state) in before where path != Array("dir".utf8) { #expect(after[path] == state) }
        #expect(try Paths.status(target("dir"))?.mode == 0o040701)
    }

    @Test(arguments: [-1, 0, 1])
    func `replaces what is older`(difference: Int64) async throws {
        let target = try Scratch()
        var time = Node.sampleTime
        time.seconds += difference
        try Self.fill(target, modified: time)
        let report = try await Self.store().restore(into: target.path) { $0.overwrite = .ifNewer }
        #expect(report.failures.isEmpty)
        #expect(try contents(target) == (difference < 0 ? new : old))
    }

    @Test func `believes what has the same length and time`() async throws {
        let target = try Scratch()
        try target.write("OLD!", "one")
        try target.write("OLD!", "two")
        chmod(target("one"), 0o600)
        let folder = try Folder.open(path: target.path)
        for name in ["one", "two"] as [FileName] {
            try folder.setTimes(of: name, accessed: Node.sampleTime, modified: Node.sampleTime)
        }
        let report = try await Self.store().restore(into: target.path) { $0.overwrite = .ifChanged }
        #expect(report.failures.isEmpty)
        #expect(report.counts.unchanged == 1)
        #expect(try target.read("one") == "OLD!")
        #expect(try Paths.status(target("one"))?.mode == 0o100644)
        #expect(try target.read("two") == "new!more")
        // Reading back shows that the belief was wrong.
        let again = try await Self.store().restore(into: target.path) {
            $0.overwrite = .ifChanged
            $0.verifies = true
        }
        #expect(again.failures.map(\.path) == ["one"])
    }

    @Test func `completes what is there when it is run again`() async throws {
        let target = try Scratch()
        let stored = try await Self.store()
        try await stored.restore(into: target.path)
        let before = try TreeSnapshotter.entries(target.path)
        unlink(target("two"))
        let report = try await stored.restore(into: target.path) { $0.overwrite = .ifChanged }
        #expect(report.counts.files == 1)
        #expect(report.counts.unchanged == 5)
        #expect(try TreeSnapshotter.entries(target.path) == before)
    }

    @Test func `does not remove a directory that is not empty`() async throws {
        let target = try Scratch()
        try target.write("mine", "one/file")
        try Paths.makeFolders(target("two"))
        let report = try await Self.store().restore(into: target.path)
        #expect(report.failures.map(\.path) == ["one"])
        #expect(try target.read("one/file") == "mine")
        #expect(try target.read("two") == "new!more")
        #expect(try !Paths.names(in: target.path).contains { $0.hasPrefix(".belay-") })
    }

    @Test func `puts a directory in the place of a file only if told to replace`() async throws {
        for policy in OverwritePolicy.allCases {
            let target = try Scratch()
            try target.write("mine", "dir")
            let report = try await Self.store().restore(into: target.path) { $0.overwrite = policy }
            if policy == .always {
                #expect(report.failures.isEmpty)
                #expect(try target.read("dir/deep") == "new!more")
            } else {
                #expect(report.failures.map(\.path) == ["dir"])
                #expect(try target.read("dir") == "mine")
            }
        }
    }

    @Test func `removes what a killed restore has left, and nothing that is only called like it`()
        async throws
    {
        let stored = try await Self.store()
        let target = try Scratch()
        mkdir(target("dir"), 0o755)
        // No process has this number: it is above what the kernel gives.
        let dead = "2147480000"
        let mine = "\(HostIdentity.current().processID)"
        let gone = [".belay-\(dead)-0123456789abcdef-f3", "dir/.belay-\(dead)-0123456789abcdef-l12"]
        let staying = [
            ".belay-\(mine)-0123456789abcdef-f3", ".belay-\(dead)-0123456789abcdef-f", "dir/.belay-notes",
            ".belay-\(dead)-0123-f3",
        ]
        for name in gone + staying { try target.write("left", name) }
        let folder = ".belay-\(dead)-0123456789abcdef-f4"
        mkdir(target(folder), 0o755)
        try await stored.restore(into: target.path)
        for name in gone { #expect(!Paths.exists(target(name)), "\(name)") }
        for name in staying + [folder] { #expect(Paths.exists(target(name)), "\(name)") }
        #expect(try contents(target) == new)
    }
}
