import BelayCore
import BelaySystem
import CBelay
import Foundation
import Testing

/// A directory for one test.
struct Scratch: ~Copyable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "belay-system-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // What cannot be removed harms no other test.
        try? FileManager.default.removeItem(atPath: path)
    }
}

@Suite struct `An atomic file` {
    @Test func `is whole, has its mode, and leaves nothing beside it`() throws {
        let scratch = try Scratch()
        try AtomicFile.write([1, 2, 3], to: "file", inFolder: scratch.path, mode: 0o640)
        #expect(try readFile(path: "\(scratch.path)/file", limit: 10) == [1, 2, 3])
        #expect(try Paths.status("\(scratch.path)/file")?.mode == 0o100640)
        #expect(try Paths.names(in: scratch.path) == ["file"])
    }

    @Test func `replaces what is there`() throws {
        let scratch = try Scratch()
        try AtomicFile.write([1, 2, 3], to: "file", inFolder: scratch.path)
        try AtomicFile.write([4], to: "file", inFolder: scratch.path)
        #expect(try readFile(path: "\(scratch.path)/file", limit: 10) == [4])
    }

    @Test func `is not there if it could not be put in its place`() throws {
        let scratch = try Scratch()
        try Paths.makeFolders("\(scratch.path)/taken/by a folder")
        #expect(throws: SystemError.self) {
            try AtomicFile.write([1], to: "taken", inFolder: scratch.path)
        }
        #expect(try Paths.names(in: scratch.path) == ["taken"])
    }
}

@Suite struct `A directory listing` {
    @Test func `has all names, of any bytes, in the order of their bytes`() throws {
        let scratch = try Scratch()
        let folder = try Folder.open(path: scratch.path)
        var names: [[UInt8]] = [[0xFF], [0x61, 0x0A], Array("é".utf8), Array("e\u{301}".utf8)]
        names += (0..<5000).map { Array("entry number \($0)".utf8) }
        names.append([UInt8](repeating: 0x78, count: 255))
        for name in names { _ = try OpenFile.creating(FileName(name), in: folder) }
        var listing = DirectoryListing()
        try listing.read(folder)
        let read = (0..<listing.count).map { listing.fileName($0) }
        #expect(read == names.map { FileName($0) }.sorted())
        try listing.read(folder)
        #expect(listing.count == names.count)
    }
}

@Suite struct `Extended attributes` {
    @Test func `come back as they were set, and others go`() throws {
        let scratch = try Scratch()
        let folder = try Folder.open(path: scratch.path)
        let file = try OpenFile.creating("file", in: folder)
        let attributes = [
            Node.ExtendedAttribute(name: "user.one", value: [0, 1, 2]),
            Node.ExtendedAttribute(name: "user.two", value: []),
        ]
        try ExtendedAttributes.write(attributes, descriptor: file.descriptor, subject: "file")
        var unnamed = 0
        let both = try ExtendedAttributes.read(of: "file", in: folder, unnamed: &unnamed)
        #expect(Set(both) == Set(attributes))
        try ExtendedAttributes.write([attributes[1]], of: "file", in: folder)
        let one = try ExtendedAttributes.read(
            descriptor: file.descriptor,
            subject: "file",
            unnamed: &unnamed
        )
        #expect(one == [attributes[1]] && unnamed == 0)
    }

    @Test func `whose names are no text are counted`() throws {
        let scratch = try Scratch()
        let folder = try Folder.open(path: scratch.path)
        let file = try OpenFile.creating("file", in: folder)
        let name = "user.".utf8.map { CChar($0) } + [CChar(bitPattern: 0xFF), 0]
        try #require(fsetxattr(file.descriptor, name, "x", 1, 0) == 0)
        var unnamed = 0
        #expect(try ExtendedAttributes.read(of: "file", in: folder, unnamed: &unnamed).isEmpty)
        #expect(unnamed == 1)
    }

    @Test func `of a file without any are none`() throws {
        let scratch = try Scratch()
        let folder = try Folder.open(path: scratch.path)
        try folder.makeSymlink("link", target: Array("nowhere".utf8))
        var unnamed = 0
        #expect(try ExtendedAttributes.read(of: "link", in: folder, unnamed: &unnamed).isEmpty)
    }
}

@Suite struct `Paths of files` {
    @Test(arguments: [
        ("/a/b", "/", "/a/b"), ("b", "/a", "/a/b"), ("../b", "/a/c", "/a/b"), ("./b/.", "/a", "/a/b"),
        ("..", "/", "/"), ("//a///b/", "/x", "/a/b"),
    ])
    func `are made absolute`(path: String, base: String, expected: String) {
        #expect(Paths.absolute(path, from: base) == expected)
    }

    @Test func `to a folder that is refused are told`() throws {
        let scratch = try Scratch()
        _ = try OpenFile.creating(path: "\(scratch.path)/file")
        #expect(throws: SystemError.self) { try Paths.makeFolders("\(scratch.path)/file/below") }
        #expect(try Paths.status("\(scratch.path)/nothing") == nil)
    }

    @Test func `never lead a folder through a symlink`() throws {
        let scratch = try Scratch()
        let folder = try Folder.open(path: scratch.path)
        try folder.makeSymlink("link", target: Array("/tmp".utf8))
        #expect(throws: SystemError.self) { _ = try folder.folder(named: "link") }
        #expect(throws: SystemError.self) { _ = try OpenFile.reading("link", in: folder) }
    }

    @Test(.timeLimit(.minutes(1))) func `lead to regular files alone where contents are read`() throws {
        let scratch = try Scratch()
        let folder = try Folder.open(path: scratch.path)
        try folder.makeSpecial("fifo", kind: .fifo, device: 0)
        try folder.makeSymlink("zero", target: Array("/dev/zero".utf8))
        for name in ["fifo", "zero"] {
            let error = #expect(throws: SystemError.self) {
                _ = try readFile(path: "\(scratch.path)/\(name)", limit: 1 << 20)
            }
            #expect(error?.reason == "not a regular file")
        }
        #expect(throws: SystemError.self) { _ = try readFile("fifo", in: folder, limit: 1 << 20) }
        #expect(throws: SystemError.self) { _ = try readStart(of: "fifo", in: folder, count: 4) }
        let error = #expect(throws: SystemError.self) { _ = try readFile(path: scratch.path, limit: 1) }
        #expect(error?.reason == "is a directory")
    }
}

@Suite struct `The checksum` {
    @Test func `changes with every bit and with the length`() {
        var bytes = [UInt8](repeating: 7, count: 1000)
        let sum = bytes.withUnsafeBytes { Checksum.of($0) }
        for position in stride(from: 0, to: bytes.count, by: 37) {
            for bit in 0..<8 {
                bytes[position] ^= 1 << UInt8(bit)
                #expect(bytes.withUnsafeBytes { Checksum.of($0) } != sum)
                bytes[position] ^= 1 << UInt8(bit)
            }
        }
        bytes.append(0)
        #expect(bytes.withUnsafeBytes { Checksum.of($0) } != sum)
    }
}
