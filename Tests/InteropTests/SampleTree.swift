import CBelay
import Foundation

/// Bytes that follow from a seed and cannot be compressed.
func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return [UInt8](unsafeUninitializedCapacity: (count + 7) / 8 * 8) { buffer, initialized in
        buffer.withMemoryRebound(to: UInt64.self) { words in
            for index in words.indices {
                state ^= state << 13
                state ^= state >> 7
                state ^= state << 17
                words[index] = state
            }
        }
        initialized = count
    }
}

/// A directory with at least one of everything that a file system can hold.
///
/// What only root may make is left out for others.
struct SampleTree {
    private let root: [UInt8]

    /// Fills a directory.
    static func make(at path: String) throws {
        let tree = SampleTree(root: Array(path.utf8))
        try tree.makeFiles()
        try tree.makeModes()
        try tree.makeTimes()
        try tree.makeNames()
        try tree.makeLinks()
        try tree.makeAttributes()
        try tree.makeSparseFiles()
        try tree.makeDeepPath()
        if Machine.isRoot {
            try tree.makeDevices()
            try tree.makeOwners()
        }
        // Last, for whatever is made in a directory changes its time.
        try tree.setFolderTimes()
    }

    /// Only regular files of various lengths, in a directory of their own.
    static func makeFiles(at path: String) throws { try SampleTree(root: Array(path.utf8)).makeFiles() }

    private func makeFiles() throws {
        try file("files/empty", "")
        try file("files/tree", #"{"nodes":[]}"# + "\n")
        try file("files/several-chunks", randomBytes(5_000_003, seed: 1))
        try file("files/twice-the-same", randomBytes(70_000, seed: 2))
        try file("files/the-same", randomBytes(70_000, seed: 2))
        try file("files/zeros", [UInt8](repeating: 0, count: 1_200_000))
    }

    private func makeModes() throws {
        try folder("modes")
        for mode in [0o644, 0o600, 0o755, 0o444, 0o4755, 0o2755, 0o6711, 0o1644] as [mode_t] {
            try file("modes/\(String(mode, radix: 8))", "mode \(mode)\n", mode: mode)
        }
        // Others than root could not read it.
        if Machine.isRoot { try file("modes/0", "nobody\n", mode: 0) }
        for mode in [0o1777, 0o2775, 0o700] as [mode_t] {
            try folder("modes/folder-\(String(mode, radix: 8))", mode: mode)
        }
        try folder("empty")
        try folder("empty/empty/empty")
    }

    private func makeTimes() throws {
        for (name, seconds, nanoseconds) in [
            ("now", 1_700_000_000, 123_456_789), ("tenth", 1_700_000_000, 100_000_000),
            ("last-nanosecond", 999_999_999, 999_999_999), ("epoch", 0, 0), ("before-epoch", -1, 999_999_999),
            ("war", -1_000_000_000, 1), ("far", 4_000_000_000, 7),
        ] {
            try file("times/\(name)", name)
            try setTime("times/\(name)", seconds, nanoseconds)
        }
    }

    private func makeNames() throws {
        let names: [[UInt8]] =
            [
                "caf\u{E9}", "cafe\u{301}", "日本語", "🧗", " ", " leading", "trailing ", "-rf", "--", "~", "*",
                "a*b?[c]",
                "quote\"quote", "back\\slash", "\\xff", "new\nline", "tab\t", "\u{1}\u{7F}", "$HOME", "%41",
                "...", ".hidden",
                "<&>", "\u{2028}", "\u{FFFD}", "\u{FEFF}bom",
            ].map { Array($0.utf8) } + [
                [0xFF], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80],
                Array("mixed-".utf8) + [0xFE, 0x41, 0xC3, 0xA9],
                [UInt8](repeating: 0x6E, count: 255),
                Array(repeating: Array("é".utf8), count: 127).flatMap(\.self),
                [UInt8](repeating: 0xF0, count: 255),
            ]
        try folder("names")
        for (number, name) in names.enumerated() {
            try file(Array("names/".utf8) + name, Array("name \(number)\n".utf8))
        }
        try folder(Array("names/folder-".utf8) + [0xFF, 0xC3])
        try file(Array("names/folder-".utf8) + [0xFF, 0xC3] + Array("/inside".utf8), Array("x".utf8))
    }

    private func makeLinks() throws {
        try file("links/original", "linked\n")
        try folder("links/sub")
        for name in ["links/another", "links/sub/third"] {
            try check(link(place("links/original"), place(name)), name)
        }
        let targets: [(String, [UInt8])] = [
            ("relative", Array("original".utf8)), ("absolute", Array("/usr".utf8)),
            ("dangling", Array("not/there".utf8)),
            ("folder", Array("sub".utf8)), ("bytes", [0xFF, 0x2F, 0xC3]), ("itself", Array("itself".utf8)),
            ("long", Array("../links/".utf8) + [UInt8](repeating: 0x78, count: 2_000)),
        ]
        for (name, target) in targets {
            try check(symlink(cString(target), place("links/\(name)")), name)
            try setTime("links/\(name)", 1_600_000_000, 5)
        }
        try check(mkfifo(place("links/fifo"), 0o640), "fifo")
    }

    private func makeAttributes() throws {
        try file("attributes/file", "x")
        try folder("attributes/folder")
        for name in ["attributes/file", "attributes/folder"] {
            try setAttribute(name, "user.text", Array("value".utf8))
            try setAttribute(name, "user.empty", [])
            try setAttribute(name, "user.bytes", Array(0...255))
            if Machine.isRoot { try setAttribute(name, "trusted.belay", [0, 1]) }
        }
        // Owner rw, nobody r, group r, mask r, others none: acl(5) and the kernel's posix_acl_xattr.h.
        let list = Self.accessList([(1, 6, .max), (2, 4, 65_534), (4, 4, .max), (16, 4, .max), (32, 0, .max)])
        try setAttribute("attributes/file", "system.posix_acl_access", list)
        try setAttribute("attributes/folder", "system.posix_acl_default", list)
        try file("attributes/folder/heir", "inherits the list")
        try check(symlink("file", place("attributes/link")), "link")
        if Machine.isRoot { try setAttribute("attributes/link", "trusted.link", Array("on the link".utf8)) }
    }

    private static func accessList(_ entries: [(tag: UInt16, permissions: UInt16, id: UInt32)]) -> [UInt8] {
        entries.reduce(into: [2, 0, 0, 0]) { bytes, entry in
            withUnsafeBytes(of: entry.tag.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: entry.permissions.littleEndian) { bytes += $0 }
            withUnsafeBytes(of: entry.id.littleEndian) { bytes += $0 }
        }
    }

    private func makeSparseFiles() throws {
        for (name, size, offsets) in [
            ("hole-only", 3_000_000, []), ("ends", 4_000_000, [0, 3_999_990]),
            ("middle", 2_500_001, [1_200_000]),
        ] as [(String, Int, [Int])] {
            try file("sparse/\(name)", "")
            let descriptor = open(place("sparse/\(name)"), O_WRONLY | O_CLOEXEC)
            try check(descriptor, name)
            defer { close(descriptor) }
            try check(ftruncate(descriptor, size), name)
            for offset in offsets { try check(Int32(pwrite(descriptor, "0123456789", 10, offset)), name) }
        }
    }

    /// A path that is near what the system takes at once.
    private func makeDeepPath() throws {
        let step = String(repeating: "deep", count: 25)
        let path = "deep/" + Array(repeating: step, count: 30).joined(separator: "/")
        try folder(path)
        try file("\(path)/bottom", "you are here\n")
    }

    /// Makes a path longer than the system takes at once.
    static func makeVeryDeepPath(at path: String) throws {
        var descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        for _ in 0..<50 {
            let tree = SampleTree(root: Array("/proc/self/fd/\(descriptor)".utf8))
            let name = String(repeating: "deep", count: 25)
            try tree.folder(name)
            let next = open(tree.place(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            close(descriptor)
            descriptor = next
        }
        defer { close(descriptor) }
        try SampleTree(root: Array("/proc/self/fd/\(descriptor)".utf8)).file("bottom", "you are far down\n")
    }

    private func makeDevices() throws {
        try folder("devices")
        // As makedev(3) numbers them: null, a disk, and one with large numbers.
        try check(mknod(place("devices/null"), S_IFCHR | 0o666, 0x103), "null")
        try check(mknod(place("devices/disk"), S_IFBLK | 0o660, 0x700), "disk")
        try check(mknod(place("devices/large"), S_IFBLK | 0o600, 0xFFF0_0FFF), "large")
    }

    private func makeOwners() throws {
        try file("owners/named", "x")
        try file("owners/nameless", "x")
        try file("owners/large", "x")
        try folder("owners/folder")
        try check(symlink("named", place("owners/link")), "link")
        for (name, owner, group) in [
            ("named", 1, 2), ("nameless", 54_321, 12_345), ("large", 4_294_967_294, 4_294_967_293),
            ("folder", 3, 4),
            ("link", 5, 6),
        ] as [(String, uid_t, gid_t)] {
            try check(lchown(place("owners/\(name)"), owner, group), name)
        }
        // Changing the owner takes these bits away, so that the order of a restore matters.
        try check(chmod(place("owners/named"), 0o6755), "named")
    }

    private func setFolderTimes() throws {
        for (number, name) in [
            "empty/empty", "empty", "modes", "names", "links/sub", "links", "files", "times",
        ].enumerated() {
            try setTime(name, 1_500_000_000 + number, 1_000 + number)
        }
    }

    // MARK: - Calls

    private func place(_ name: [UInt8]) -> [CChar] { cString(root + [0x2F] + name) }
    private func place(_ name: String) -> [CChar] { place(Array(name.utf8)) }

    private func check(_ result: Int32, _ name: String) throws {
        if result < 0 { throw Trouble("cannot make \(name): \(String(cString: strerror(errno)))") }
    }

    private func folder(_ name: String, mode: mode_t = 0o755) throws {
        try folder(Array(name.utf8), mode: mode)
    }

    private func folder(_ name: [UInt8], mode: mode_t = 0o755) throws {
        for end in name.indices where name[end] == 0x2F { mkdir(place(Array(name[..<end])), 0o755) }
        try check(mkdir(place(name), 0o755), shown(name))
        // Without the umask, and with the bits that mkdir does not take.
        try check(chmod(place(name), mode), shown(name))
    }

    private func file(_ name: String, _ text: String, mode: mode_t = 0o644) throws {
        try file(Array(name.utf8), Array(text.utf8), mode: mode)
    }

    private func file(_ name: String, _ bytes: [UInt8]) throws { try file(Array(name.utf8), bytes) }

    private func file(_ name: [UInt8], _ bytes: [UInt8], mode: mode_t = 0o644) throws {
        for end in name.indices where name[end] == 0x2F { mkdir(place(Array(name[..<end])), 0o755) }
        let descriptor = open(place(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try check(descriptor, shown(name))
        defer { close(descriptor) }
        guard bytes.withUnsafeBytes({ Foundation.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count
        else {
            throw Trouble("cannot write \(shown(name))")
        }
        try check(fchmod(descriptor, mode), shown(name))
    }

    private func setTime(_ name: String, _ seconds: Int, _ nanoseconds: Int) throws {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        try check(utimensat(AT_FDCWD, place(name), [time, time], AT_SYMLINK_NOFOLLOW), name)
    }

    private func setAttribute(_ name: String, _ attribute: String, _ value: [UInt8]) throws {
        try check(lsetxattr(place(name), attribute, value, value.count, 0), "\(attribute) of \(name)")
    }
}
