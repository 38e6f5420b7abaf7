import BelayArchive
import BelayCore
import BelayStore
import BelaySystem
import Glibc
import Testing

/// What is restored is what was stored.
@Suite(.serialized) struct `A restore` {
    @Test(.enabled(if: isRoot, "devices, owners and trusted attributes are for root"))
    func `brings back every kind of entry with everything that belongs to it`() async throws {
        let source = try Scratch()
        let target = try Scratch()
        try makeEverything(source)
        let stored = try await Stored.capture(source.path)
        let report = try await stored.restore(into: target("out")) { $0.verifies = true }
        #expect(report.failures.isEmpty)
        #expect(report.warnings.isEmpty)
        let before = try TreeSnapshotter(source.path)
        let after = try TreeSnapshotter(target("out"))
        #expect(before.entries.count > 25)
        for (path, state) in before.entries {
            #expect(after.entries[path] == state, "\(String(decoding: path, as: UTF8.self))")
        }
        #expect(Set(before.entries.keys) == Set(after.entries.keys))
    }

    @Test func `brings back what is deeper than any path can be long`() async throws {
        let source = try Scratch()
        let target = try Scratch()
        var folder = try Folder.open(path: source.path)
        let name = FileName(String(repeating: "d", count: 250))
        for level in 0..<300 {
            folder = try folder.makeFolder(level.isMultiple(of: 10) ? name : "x", mode: 0o755)
        }
        let file = try OpenFile.creating("bottom", in: folder)
        try Array("deep".utf8).withUnsafeBytes { try file.write($0) }
        let stored = try await Stored.capture(source.path)
        let report = try await stored.restore(into: target("out"))
        #expect(report.failures.isEmpty)
        #expect(report.counts.folders == 300)
        #expect(try TreeSnapshotter.entries(target("out")) == TreeSnapshotter.entries(source.path))
    }

    @Test func `leaves holes where there are zeros`() async throws {
        let source = try Scratch()
        let target = try Scratch()
        try source.write([UInt8](repeating: 0, count: 100_000), "zeros")
        try source.write([UInt8](repeating: 7, count: 5000) + [UInt8](repeating: 0, count: 100_000), "tail")
        let file = try OpenFile.creating(path: source("sparse"))
        try file.resize(to: 40 << 20)
        try randomBytes(700_000, seed: 3).withUnsafeBytes { try file.write($0, at: 9_999_999) }
        let stored = try await Stored.capture(source.path)
        let report = try await stored.restore(into: target("out")) { $0.verifies = true }
        #expect(report.failures.isEmpty)
        let after = try TreeSnapshotter(target("out"))
        #expect(try after.entries == TreeSnapshotter.entries(source.path))
        #expect(after.allocated[Array("zeros".utf8)] == 0)
        #expect(after.allocated[Array("tail".utf8)] == 8192)
        #expect(try #require(after.allocated[Array("sparse".utf8)]) <= 720_000)
    }

    @Test func `writes one chunk to every place that holds it`() async throws {
        let source = try Scratch()
        let target = try Scratch()
        for number in 0..<40 { try source.write("the same\n", "d\(number % 3)/f\(number)") }
        let large = randomBytes(1_500_000, seed: 5)
        try source.write(large, "large")
        try source.write(large + large, "twice")
        let stored = try await Stored.capture(source.path)
        let report = try await stored.restore(into: target("out"))
        #expect(report.counts.files == 42)
        #expect(try TreeSnapshotter.entries(target("out")) == TreeSnapshotter.entries(source.path))
    }

    @Test func `has more large files under way than it keeps open`() async throws {
        let count = 200
        let stored = try await Stored.make(packSize: 4096) { writer in
            // First chunks of all, then second ones, then third ones: no file can be finished before the
            // rest.
            var contents = [[BlobID]](repeating: [], count: count)
            for part in 0..<3 {
                for file in 0..<count {
                    contents[file].append(try await writer.data("\(part) of \(file)\n"))
                }
            }
            return try await writer.tree(
                contents.enumerated().map { file, content in
                    .file(
                        "f\(file)",
                        content,
                        size: (0..<3).reduce(0) { $0 + "\($1) of \(file)\n".utf8.count }
                    )
                }
            )
        }
        let target = try Scratch()
        let report = try await stored.restore(into: target.path)
        #expect(report.failures.isEmpty)
        #expect(report.counts.files == UInt64(count))
        for file in 0..<count {
            #expect(try target.read("f\(file)") == "0 of \(file)\n1 of \(file)\n2 of \(file)\n")
        }
        #expect(try Paths.names(in: target.path).count == count)
    }

    @Test func `takes only the paths that were asked for`() async throws {
        let source = try Scratch()
        let target = try Scratch()
        for path in ["a/b/c", "a/b/d", "a/x", "z", ".belay/log"] { try source.write(path, path) }
        let stored = try await Stored.make { writer in
            let leaf = try await writer.data("hello")
            let inner = try await writer.tree([.file("c", [leaf], size: 5), .file("d", [leaf], size: 5)])
            let outer = try await writer.tree([.folder("b", inner), .file("x", [leaf], size: 5)])
            return try await writer.tree([
                .folder("a", outer), .file("z", [leaf], size: 5), .folder(".belay", inner),
            ])
        }
        var number = 0
        func names(_ change: (inout RestoreRequest) -> Void) async throws -> [String] {
            number += 1
            try await stored.restore(into: target("\(number)"), change)
            return try TreeSnapshotter.entries(target("\(number)")).keys
                .map { String(decoding: $0, as: UTF8.self) }.sorted()
        }
        #expect(
            try await names { $0.paths = [Array("a/b/c".utf8), Array("/z/".utf8)] } == [
                "a", "a/b", "a/b/c", "z",
            ]
        )
        #expect(try await names { $0.paths = [Array("a/b".utf8)] } == ["a", "a/b", "a/b/c", "a/b/d"])
        #expect(
            try await names { $0.leavesOutGenerated = true }
                == ["a", "a/b", "a/b/c", "a/b/d", "a/x", "z"]
        )
        await #expect { try await names { $0.paths = [Array("z".utf8), Array("a/q".utf8)] } } throws: {
            error in
            (error as? BelayError)?.code == .pathNotFound && (error as? BelayError)?.subjects == ["a/q"]
        }
        await #expect { try await names { $0.paths = [Array("z/q".utf8)] } } throws: { error in
            (error as? BelayError)?.code == .pathNotFound
        }
    }

    @Test func `writes nothing in a dry run`() async throws {
        let stored = try await Stored.make { writer in
            try await writer.tree([.file("a", [try await writer.data("hello")], size: 5)])
        }
        let target = try Scratch()
        let report = try await stored.restore(into: target("out")) { $0.isDryRun = true }
        #expect(report.counts.files == 1)
        #expect(report.counts.bytes == 5)
        #expect(!Paths.exists(target("out")))
    }
}

/// Everything that a directory can hold.
private func makeEverything(_ source: Scratch) throws {
    try source.write("hello\n", "plain")
    try source.write([], "empty")
    try source.write(randomBytes(3_000_000, seed: 1), "large")
    try source.write("#!/bin/sh\n", "bin/tool")
    chmod(source("bin/tool"), 0o755)
    try source.write("x", "owned/by somebody")
    chown(source("owned/by somebody"), 12_345, 54_321)
    try source.write("x", "owned/setuid")
    chown(source("owned/setuid"), 1234, 4321)
    chmod(source("owned/setuid"), 0o6755)
    chmod(source("owned"), 0o3770)
    try source.write("x", "mode zero")
    chmod(source("mode zero"), 0)
    mkdir(source("closed"), 0o000)
    mkdir(source("sticky"), 0o1777)
    chmod(source("sticky"), 0o1777)
    let folder = try Folder.open(path: source.path)
    // Names: any bytes, the longest, and two that only look alike.
    let texts = ["caf\u{e9}", "cafe\u{301}", "a\"\\<\n\u{1}b"]
    let names: [[UInt8]] = [[0xFF, 0xFE, 0x2E]] + texts.map { Array($0.utf8) }
    for bytes in names {
        let file = try OpenFile.creating(FileName(bytes), in: folder)
        try bytes.withUnsafeBytes { try file.write($0) }
    }
    _ = try OpenFile.creating(FileName([UInt8](repeating: 0x6E, count: 255)), in: folder)
    // Links.
    try folder.makeSymlink("link", target: Array("plain".utf8))
    try folder.makeSymlink("dangling", target: [0x2F, 0xFF, 0x41])
    try folder.setOwner(of: "dangling", 77, 78)
    try folder.setTimes(
        of: "dangling",
        accessed: Timestamp(seconds: 5),
        modified: Timestamp(seconds: 5, nanoseconds: 9)
    )
    let inner = try folder.makeFolder("names", mode: 0o755)
    try inner.makeLink("second", to: "large", in: folder)
    try folder.makeLink("third", to: "large", in: folder)
    try folder.makeLink("plain again", to: "plain", in: folder)
    try folder.makeLink("empty again", to: "empty", in: folder)
    // Special files.
    try folder.makeSpecial("fifo", kind: .fifo, device: 0)
    try folder.makeSpecial("socket", kind: .socket, device: 0)
    try folder.makeSpecial("null", kind: .characterDevice, device: 0x103)
    try folder.makeSpecial("disk", kind: .blockDevice, device: 0x12345)
    try folder.setPermissions(of: "null", 0o666)
    // Attributes: of files, directories, symlinks, and the two that are access lists.
    try set(["user.note": Array("x".utf8), "user.empty": []], "plain", source)
    try set(["trusted.link": Array("l".utf8)], "link", source)
    try set(["security.capability": capability], "tool", source, in: "/bin")
    chmod(source("mode zero"), 0o640)
    try set(["system.posix_acl_access": accessList], "mode zero", source)
    try set(["user.folder": [0, 1, 2, 0xFF], "system.posix_acl_default": accessList], "names", source)
    try source.write("born with an access list", "names/heir")
    // Times: before 1970, after 2262 and to the nanosecond; directories last.
    let times: [(String, Timestamp)] = [
        ("plain", Timestamp(seconds: 1_234_567_890, nanoseconds: 123_456_789)),
        ("bin/tool", Timestamp(seconds: -1_000_000_000, nanoseconds: 999_999_999)),
        ("large", Timestamp(seconds: 10_000_000_000, nanoseconds: 1)),
        ("fifo", Timestamp(seconds: 7, nanoseconds: 7)),
        ("bin", Timestamp(seconds: -1)), ("owned", Timestamp(seconds: 0)), ("names", Timestamp(seconds: 99)),
    ]
    for (name, time) in times { try folder.setTimes(of: FileName(name), accessed: time, modified: time) }
}

private func set(
    _ attributes: [String: [UInt8]],
    _ name: FileName,
    _ source: Scratch,
    in folder: String = ""
) throws {
    try ExtendedAttributes.write(
        attributes.map { Node.ExtendedAttribute(name: $0.key, value: $0.value) },
        of: name,
        in: try Folder.open(path: source.path + folder)
    )
}

/// `cap_net_raw=ep` as the kernel keeps it.
private let capability: [UInt8] =
    [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

/// An access list: owner rw, user 1000 rwx, group r, mask rw, others none.
private let accessList: [UInt8] =
    [2, 0, 0, 0] + entry(1, 6, nil) + entry(2, 7, 1000) + entry(4, 4, nil) + entry(16, 6, nil)
    + entry(32, 0, nil)

private func entry(_ tag: UInt8, _ permissions: UInt8, _ id: UInt32?) -> [UInt8] {
    let number = id ?? .max
    return [tag, 0, permissions, 0] + withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
