import BelayArchive
import BelayCore
import BelayRepository
import BelayStore
import BelaySystem
import Glibc
import Testing

/// Whatever a snapshot or a target holds, nothing outside the target is touched.
@Suite(.serialized) struct `A restore of hostile things` {
    @Test func `refuses names that no entry can have, and restores the rest`() async throws {
        let stored = try await Stored.make { writer in
            let data = try await writer.data("x")
            let inner = try await writer.tree(asGiven: [
                .file("..", [data], size: 1), .file("good", [data], size: 1),
                .file("/etc/x", [data], size: 1),
            ])
            return try await writer.tree(asGiven: [
                .folder("..", inner), .folder(".", inner), .file("", [data], size: 1),
                .file("a/b", [data], size: 1), .symlink("../c", "/"), .file("nul\0nul", [data], size: 1),
                .folder("sub", inner), .file("twice", [data], size: 1), .file("twice", [], size: 0),
            ])
        }
        let target = try Scratch()
        let report = try await stored.restore(into: target("in/out"))
        #expect(report.failures.count == 9)
        #expect(
            Set(try TreeSnapshotter.entries(target.path).keys.map { String(decoding: $0, as: UTF8.self) })
                == [
                    "in", "in/out", "in/out/sub", "in/out/sub/good", "in/out/twice",
                ]
        )
        #expect(try target.read("in/out/twice") == "x")
    }

    @Test func `never goes through a symlink of the snapshot`() async throws {
        let target = try Scratch()
        try target.write("outside", "outside/file")
        let stored = try await Stored.make { [outside = target("outside")] writer in
            let data = try await writer.data("evil")
            let inner = try await writer.tree([.file("file", [data], size: 4)])
            // Both a symlink and a directory of one name: whichever is made, nothing goes through the other.
            return try await writer.tree(asGiven: [.symlink("dir", outside), .folder("dir", inner)])
        }
        let report = try await stored.restore(into: target("out"))
        #expect(report.failures.count == 1)
        #expect(try target.read("outside/file") == "outside")
    }

    @Test(arguments: OverwritePolicy.allCases)
    func `never goes through a symlink that is in the target`(policy: OverwritePolicy) async throws {
        let target = try Scratch()
        try target.write("outside", "outside/file")
        try target.write("victim", "victim")
        try Paths.makeFolders(target("out"))
        symlink(target("outside"), target("out/dir"))
        symlink(target("victim"), target("out/plain"))
        symlink(target("victim"), target("out/large"))
        symlink(target("victim"), target("out/hole"))
        symlink(target("victim"), target("out/pipe"))
        let stored = try await Stored.make { writer in
            let data = try await writer.data("evil")
            let inner = try await writer.tree([.file("file", [data], size: 4)])
            return try await writer.tree([
                .folder("dir", inner), .file("plain", [data], size: 4),
                .file("large", [data, data], size: 8),
                .file("hole", [], size: 0), Node(name: "pipe", kind: .fifo, mode: FileMode(rawValue: 0o777)),
            ])
        }
        let plan = try await stored.restorer.plan(RestoreRequest(tree: stored.tree, target: target("out")))
        #expect(plan.obstacles == ["dir"])
        let report = try await stored.restore(into: target("out")) { $0.overwrite = policy }
        #expect(try target.read("outside/file") == "outside")
        #expect(try target.read("victim") == "victim")
        #expect(try Paths.status(target("victim"))?.mode == 0o100644)
        #expect(try Paths.names(in: target("outside")) == ["file"])
        if policy == .always {
            #expect(report.failures.isEmpty)
            #expect(try target.read("out/dir/file") == "evil")
            #expect(try target.read("out/large") == "evilevil")
        } else {
            #expect(report.failures.map(\.path) == ["dir"])
        }
        #expect(try Paths.names(in: target("out")).count == 5)
    }

    @Test func `refuses a file whose length is not that of its data, or whose data is missing`() async throws
    {
        let stored = try await Stored.make { writer in
            let data = try await writer.data("12345")
            let nowhere = BlobID(Digest(1, 2, 3, 4))
            return try await writer.tree([
                .file("longer", [data], size: 6), .file("shorter", [data], size: 4),
                .file("good", [data], size: 5),
                .file("gone", [data, nowhere], size: 10),
                Node(name: "nothing", kind: .file, size: 3, content: nil), .folder("lost", nowhere),
                Node(name: "bare", kind: .directory), Node(name: "link", kind: .symlink),
            ])
        }
        let target = try Scratch()
        let plan = try await stored.restorer.plan(RestoreRequest(tree: stored.tree, target: target("out")))
        #expect(
            plan.failures.map(\.path) == ["bare", "gone", "link", "longer", "lost", "nothing", "shorter"]
        )
        #expect(plan.counts.files == 1)
        let report = try await stored.restorer.restore(plan, progress: RestoreProgress())
        #expect(report.failures == plan.failures)
        #expect(Set(try Paths.names(in: target("out"))) == ["good", "lost"])
    }

    @Test func `refuses directories nested without end`() async throws {
        let stored = try await Stored.make { writer in
            var tree = try await writer.tree([])
            for _ in 0..<16_500 { tree = try await writer.tree([.folder("d", tree)]) }
            return tree
        }
        let target = try Scratch()
        let plan = try await stored.restorer.plan(RestoreRequest(tree: stored.tree, target: target("out")))
        #expect(plan.counts.folders == 16_384)
        #expect(plan.failures.count == 1)
    }

    @Test func `restores the snapshot's root tree or says that it cannot`() async throws {
        let stored = try await Stored.make { writer in try await writer.store(.tree, Array("no tree".utf8)) }
        let target = try Scratch()
        await #expect { try await stored.restore(into: target("out")) } throws: { error in
            (error as? BelayError)?.code == .repositoryDamaged
        }
        #expect(!Paths.exists(target("out")))
    }

    @Test func `cannot restore into a file`() async throws {
        let stored = try await Stored.make { writer in try await writer.tree([]) }
        let target = try Scratch()
        try target.write("x", "file")
        await #expect { try await stored.restore(into: target("file")) } throws: { error in
            (error as? BelayError)?.code == .targetNotUsable
        }
        #expect(try target.read("file") == "x")
    }
}
