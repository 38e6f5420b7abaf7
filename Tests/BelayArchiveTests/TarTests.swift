import BelayArchive
import BelayCore
import Foundation
import Testing

@Suite struct `A tar archive` {
    /// What GNU tar lists of an archive, without owners.
    private func list(_ archive: [UInt8], _ arguments: [String] = []) throws -> String {
        let folder = try TemporaryFolder()
        try Data(archive).write(to: URL(fileURLWithPath: "\(folder.path)/a.tar"))
        return try run(["tar", "--utc", "--full-time", "-tvf", "a.tar"] + arguments, in: folder.path).text
    }

    private func run(_ arguments: [String], in folder: String) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        return (process.terminationStatus, text)
    }

    private final class Written {
        var bytes: [UInt8] = []
    }

    private func archive(_ entries: [(path: String, node: Node, bytes: [UInt8])]) throws -> [UInt8] {
        let written = Written()
        var writer = TarWriter { written.bytes.append(contentsOf: $0) }
        for entry in entries {
            let isHeld = try writer.begin(entry.node, at: Array(entry.path.utf8))
            #expect(isHeld)
            try entry.bytes.withUnsafeBytes { try writer.write($0) }
        }
        try writer.finish()
        return written.bytes
    }

    private func file(_ bytes: [UInt8], _ change: (inout Node) -> Void = { _ in }) -> (Node, [UInt8]) {
        var node = Node(
            name: "x",
            kind: .file,
            mode: FileMode(posix: 0o100644),
            modified: Timestamp(seconds: 1_769_092_215),
            userID: 7,
            groupID: 8,
            user: "ada",
            group: "dev",
            size: UInt64(bytes.count)
        )
        change(&node)
        return (node, bytes)
    }

    @Test func `is what GNU tar reads`() throws {
        let (plain, bytes) = file(Array("hello\n".utf8))
        let (empty, none) = file([]) { $0.mode = FileMode(posix: 0o104755) }
        var folder = Node(
            name: "d",
            kind: .directory,
            mode: FileMode(posix: 0o041777),
            modified: plain.modified
        )
        folder.user = "ada"
        folder.group = "dev"
        let link = Node(
            name: "l",
            kind: .symlink,
            mode: FileMode(posix: 0o120777),
            modified: plain.modified,
            user: "ada",
            group: "dev",
            linkTarget: Array("to here".utf8)
        )
        let archive = try archive([
            ("d", folder, []), ("d/plain", plain, bytes), ("d/empty", empty, none), ("d/l", link, []),
        ])
        #expect(archive.count.isMultiple(of: 512))
        #expect(
            try list(archive) == """
                drwxrwxrwt ada/dev           0 2026-01-22 14:30:15 d/
                -rw-r--r-- ada/dev           6 2026-01-22 14:30:15 d/plain
                -rwsr-xr-x ada/dev           0 2026-01-22 14:30:15 d/empty
                lrwxrwxrwx ada/dev           0 2026-01-22 14:30:15 d/l -> to here

                """
        )
    }

    @Test func `keeps what a plain header cannot hold`() throws {
        let long = (0..<40).map { "directory-\($0)" }.joined(separator: "/")
        let (node, bytes) = file(Array("x".utf8)) {
            $0.modified = Timestamp(seconds: 1_769_092_215, nanoseconds: 123_456_789)
            $0.userID = 4_000_000_000
            $0.user = ""
            $0.extendedAttributes = [Node.ExtendedAttribute(name: "user.note", value: [1, 0x0A, 0, 2])]
        }
        let target = Array(String(repeating: "t", count: 300).utf8)
        let link = Node(
            name: "l",
            kind: .symlink,
            modified: node.modified,
            user: "ada",
            group: "dev",
            linkTarget: target
        )
        let archive = try archive([(long, node, bytes), ("größe", link, [])])
        let text = try list(archive)
        #expect(text.contains(long))
        #expect(text.contains("14:30:15.123456789"))
        #expect(text.contains("4000000000/dev"))
        #expect(text.contains("größe -> " + String(decoding: target, as: UTF8.self)))
        // The star is GNU tar's sign for attributes.
        #expect(try list(archive, ["--xattrs", "--xattrs-include=*"]).hasPrefix("-rw-r--r--* "))
        #expect(archive.firstRange(of: Array("31 SCHILY.xattr.user.note=\u{1}\n\u{0}\u{2}\n".utf8)) != nil)
    }

    @Test func `keeps access lists as tar reads them`() throws {
        // user::rw-, user:1234:r-x, group::r--, mask::r-x, other::---
        let list: [UInt8] = [
            2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 5, 0, 210, 4, 0, 0, 4, 0, 4, 0, 255, 255, 255,
            255,
            16, 0, 5, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255,
        ]
        let (node, bytes) = file([]) {
            $0.extendedAttributes = [
                Node.ExtendedAttribute(name: "system.posix_acl_access", value: list),
                Node.ExtendedAttribute(name: "system.posix_acl_default", value: [9]),
            ]
        }
        let archive = try archive([("f", node, bytes)])
        let text = "SCHILY.acl.access=user::rw-\nuser:1234:r-x\ngroup::r--\nmask::r-x\nother::---\n\n"
        #expect(archive.firstRange(of: Array(text.utf8)) != nil)
        #expect(archive.firstRange(of: Array("SCHILY.xattr.system.posix_acl_access".utf8)) == nil)
        // What is no list stays what it is.
        #expect(archive.firstRange(of: Array("SCHILY.xattr.system.posix_acl_default=".utf8)) != nil)
    }

    @Test(arguments: [-1, -34_560_000, 0, 1, 8_589_934_591, 8_589_934_592, 253_402_300_799] as [Int64])
    func `keeps times far from now`(seconds: Int64) throws {
        let (node, bytes) = file([]) { $0.modified = Timestamp(seconds: seconds, nanoseconds: 500_000_000) }
        let folder = try TemporaryFolder()
        try Data(try archive([("f", node, bytes)])).write(to: URL(fileURLWithPath: "\(folder.path)/a.tar"))
        let script = "import tarfile; print(repr(tarfile.open('a.tar').getmembers()[0].pax_headers['mtime']))"
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") else { return }
        let text = try run(["/usr/bin/python3", "-c", script], in: folder.path).text
        let expected =
            seconds < 0
            ? (seconds == -1 ? "-0.500000000" : "\(seconds + 1).500000000") : "\(seconds).500000000"
        #expect(text == "'\(expected)'\n")
    }

    @Test func `refuses contents of another length than it was told`() throws {
        let (node, _) = file([1, 2, 3])
        #expect(throws: BelayError.self) { try archive([("f", node, [1, 2, 3, 4])]) }
        #expect(throws: BelayError.self) { try archive([("f", node, [1, 2])]) }
    }

    @Test func `holds no sockets`() throws {
        var writer = TarWriter { _ in }
        let isHeld = try writer.begin(Node(name: "s", kind: .socket), at: [0x73])
        #expect(!isHeld)
    }

    @Test(arguments: 80...130)
    func `counts the length of its records right`(length: Int) throws {
        let name = String(repeating: "n", count: length)
        let (node, bytes) = file([])
        #expect(try list(archive([(name, node, bytes)])).contains(" \(name)\n"))
    }
}
