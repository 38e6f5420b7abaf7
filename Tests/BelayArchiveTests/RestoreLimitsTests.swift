import BelayArchive
import BelayCore
import BelaySystem
import Glibc
import Synchronization
import Testing

/// Where the system says no, or somebody else is at work.
@Suite(.serialized) struct `A restore with obstacles` {
    @Test(.enabled(if: isRoot, "only root can become somebody else"))
    func `sets what it may and tells of the rest, when it is not root's`() async throws {
        let scratch = try Scratch()
        chmod(scratch.path, 0o755)
        await #expect(processExitsWith: .success) { [path = scratch.path as String] in
            let source = try Scratch(in: path, "source")
            let target = try Scratch(in: path, "target")
            try source.write("mine", "plain")
            try source.write("run me", "setuid")
            chmod(source("setuid"), 0o6755)
            try source.write("secret", "closed/file")
            chmod(source("closed/file"), 0)
            chmod(source("closed"), 0o555)
            let folder = try Folder.open(path: source.path)
            try folder.makeSpecial("null", kind: .characterDevice, device: 0x103)
            try folder.makeSymlink("link", target: Array("plain".utf8))
            try ExtendedAttributes.write(
                [Node.ExtendedAttribute(name: "trusted.x", value: [1])],
                of: "plain",
                in: folder
            )
            let stored = try await Stored.capture(source.path)
            let entries = try TreeSnapshotter(source.path, readsContents: false).entries
            chown(target.path, 1234, 1234)
            precondition(setgroups(0, nil) == 0 && setgid(1234) == 0 && setuid(1234) == 0)
            let report = try await stored.restore(into: target("out"))
            #expect(report.failures.map(\.path) == ["null"])
            #expect(report.warnings.map(\.kind) == [.ownership, .setID, .attributes])
            #expect(report.warnings.map(\.count) == [5, 1, 1])
            let restored = try TreeSnapshotter(target("out"), readsContents: false).entries
            for (path, was) in entries where was.kind != .characterDevice {
                let name = String(decoding: path, as: UTF8.self)
                let now = try #require(restored[path], "\(name)")
                #expect(now.userID == 1234 && now.groupID == 1234)
                #expect(now.mode == (name == "setuid" ? 0o100755 : was.mode), "\(name)")
                #expect(now.modified == was.modified, "\(name)")
                #expect(now.size == was.size)
            }
        }
    }

    @Test(.enabled(if: isRoot, "needs a file system of its own"))
    func `stops when the target is full, with nothing half done`() async throws {
        let target = try Scratch()
        // Where that is not allowed there is nothing to test.
        guard mount("tmpfs", target.path, "tmpfs", 0, "size=1m") == 0 else { return }
        defer { umount2(target.path, Int32(MNT_DETACH)) }
        let stored = try await Stored.make { writer in
            var nodes: [Node] = []
            for number in 0..<10 {
                let content = [
                    try await writer.data(randomBytes(150_000, seed: UInt64(number) + 1)),
                    try await writer.data(randomBytes(150_000, seed: UInt64(number) + 100)),
                ]
                nodes.append(.file("large\(number)", content, size: 300_000))
                nodes.append(.file("small\(number)", [content[0]], size: 150_000))
            }
            return try await writer.tree(nodes)
        }
        await #expect { try await stored.restore(into: target.path) } throws: { error in
            (error as? BelayError)?.code == .targetNotUsable
        }
        for (path, state) in try TreeSnapshotter.entries(target.path) {
            let name = String(decoding: path, as: UTF8.self)
            #expect(state.size == (name.hasPrefix("large") ? 300_000 : 150_000), "\(name)")
        }
    }

    @Test func `is refused before anything is written if there is too much to hold`() async throws {
        let stored = try await Stored.makeBomb()
        let target = try Scratch()
        let restorer = Restorer(repository: stored.repository, index: stored.index, entriesMaximum: 5000)
        let error = await #expect(throws: BelayError.self) {
            try await restorer.plan(RestoreRequest(tree: stored.tree, target: target("out")))
        }
        #expect(error?.code == .repositoryUnsupported)
        #expect(error?.message.contains("limit") == true)
        #expect(!Paths.exists(target("out")))
    }

    @Test func `writes nothing elsewhere while somebody exchanges directories for symlinks`() async throws {
        let target = try Scratch()
        try Paths.makeFolders(target("outside/d"))
        for number in 0..<8 { try Paths.makeFolders(target("out/d\(number)/d")) }
        let stored = try await Stored.make { writer in
            var nodes: [Node] = []
            for number in 0..<8 {
                var files: [Node] = []
                for file in 0..<40 {
                    let one = try await writer.data(randomBytes(50, seed: UInt64(number * 100 + file + 1)))
                    files.append(.file("f\(file)", [one], size: 50))
                    files.append(.file("g\(file)", [one, one], size: 100))
                    files.append(.symlink("l\(file)", "f\(file)"))
                    files.append(
                        Node(name: FileName("p\(file)"), kind: .fifo, mode: FileMode(rawValue: 0o666))
                    )
                }
                let tree = try await writer.tree(files)
                nodes.append(.folder("d\(number)", try await writer.tree([.folder("d", tree)])))
            }
            return try await writer.tree(nodes)
        }
        let done = Flag()
        let before = try TreeSnapshotter.entries(target("outside"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let paths = (target("out"), target("outside"))
            group.addTask {
                // One step each, so that each has some time to be in place.
                var number = 0
                while !done.isSet {
                    let path = "\(paths.0)/d\(number % 8)"
                    rename(path, path + "-away")
                    symlink(paths.1, path)
                    await Task.yield()
                    unlink(path)
                    rename(path + "-away", path)
                    number += 1
                }
            }
            for policy in [OverwritePolicy.always, .never, .ifChanged, .always] {
                _ = try await stored.restore(into: target("out")) { $0.overwrite = policy }
            }
            done.set()
        }
        #expect(try TreeSnapshotter.entries(target("outside")) == before)
    }
}

/// Something that was not so and then is.
private final class Flag: Sendable {
    private let value = Atomic<Bool>(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
}
