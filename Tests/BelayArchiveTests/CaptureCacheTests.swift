import BelayArchive
import BelayCore
import BelayRepository
import BelaySystem
import CBelay
import Foundation
import Testing

@Suite struct `The cache of the unchanged` {
    @Test func `spares reading what has not changed`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("one", to: "a.txt")
        try fixture.project.write("two", to: "folder/b.txt")
        let later = SystemClock().now().adding(.hour)
        let first = try await fixture.capture(started: later)
        let second = try await fixture.capture(started: later)
        #expect(first.tree == second.tree)
        #expect(first.counts.filesNew == 2)
        #expect(second.counts.filesUnmodified == 2)
        #expect(second.counts.bytesRead == 0)
        #expect(!second.isChanged)
    }

    @Test func `does not believe a file that was written as the run began`() async throws {
        let fixture = try await CaptureFixture()
        // The run began before the file was written: a later write could leave the same times.
        let started = SystemClock().now()
        try fixture.project.write("one", to: "a.txt")
        try await fixture.capture(started: started)
        let second = try await fixture.capture(started: started)
        #expect(second.counts.bytesRead == 3)
        #expect(second.counts.filesUnmodified == 1, "nothing in it is different")
        try fixture.project.write("two", to: "a.txt")
        let third = try await fixture.capture(started: started)
        #expect(third.counts.filesChanged == 1 && third.counts.filesUnmodified == 0)
    }

    @Test func `counts a large file that was read again and holds the same as unmodified`() async throws {
        let fixture = try await CaptureFixture()
        let started = SystemClock().now()
        try fixture.project.write(String(repeating: "0123456789", count: 200_000), to: "large.txt")
        try await fixture.capture(started: started)
        let second = try await fixture.capture(started: started)
        #expect(second.counts.bytesRead == 2_000_000)
        #expect(second.counts.filesUnmodified == 1 && second.counts.filesChanged == 0)
    }

    @Test func `does not hide that attributes are missing, however often the same is stored`() async throws {
        let fixture = try await CaptureFixture()
        let name = "user.".utf8.map { CChar($0) } + [CChar(bitPattern: 0xFF), 0]
        for path in ["folder/small", "folder/large"] {
            try fixture.project.write(
                String(repeating: "x", count: path == "folder/large" ? 2_000_000 : 1),
                to: path
            )
            try #require(setxattr("\(fixture.project.path)/\(path)", name, "x", 1, 0) == 0)
        }
        try #require(setxattr("\(fixture.project.path)/folder", name, "x", 1, 0) == 0)
        let later = SystemClock().now().adding(.hour)
        for _ in 0..<3 {
            let result = try await fixture.capture(started: later)
            #expect(Set(result.failures.map(\.path)) == ["folder", "folder/large", "folder/small"])
        }
    }

    @Test func `is not believed when its snapshot is gone`() async throws {
        let fixture = try await CaptureFixture()
        try fixture.project.write("one", to: "a.txt")
        let later = SystemClock().now().adding(.hour)
        try await fixture.capture(started: later)
        for snapshot in try await fixture.repository.snapshots().readable {
            try await fixture.repository.remove(Handle(snapshot.id))
        }
        let second = try await fixture.capture(started: later)
        #expect(second.counts.filesNew == 1)
    }

    @Test func `counts as absent when a byte of it has flipped`() async throws {
        let fixture = try await CaptureFixture()
        for number in 0..<20 {
            try fixture.project.write("text \(number)", to: "f\(number % 3)/\(number).txt")
        }
        let later = SystemClock().now().adding(.hour)
        let first = try await fixture.capture(started: later)
        var originals: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: fixture.cache.path) {
            originals[name] = try Data(contentsOf: URL(fileURLWithPath: "\(fixture.cache.path)/\(name)"))
        }
        for (name, whole) in originals {
            for position in stride(from: 0, to: whole.count, by: max(1, whole.count / 40)) {
                for (other, contents) in originals {
                    var contents = contents
                    if other == name { contents[position] ^= 0x10 }
                    try contents.write(to: URL(fileURLWithPath: "\(fixture.cache.path)/\(other)"))
                }
                let again = try await fixture.capture(started: later)
                #expect(again.tree == first.tree, "\(name) at \(position)")
            }
        }
    }

    /// The oracle is a capture without a cache: after any change both must give the same tree.
    @Test(arguments: 1...12)
    func `never changes the result, whatever happens to a project`(seed: Int) async throws {
        let fixture = try await CaptureFixture()
        var generator = SeededGenerator(seed: UInt64(seed))
        var tree = RandomTree(root: fixture.project.path)
        for _ in 0..<30 { try tree.change(using: &generator) }
        for round in 0..<12 {
            for _ in 0..<Int.random(in: 0...4, using: &generator) { try tree.change(using: &generator) }
            // Far later than the changes, so that times alone decide, as they do for old files.
            let later = SystemClock().now().adding(.hour)
            let fresh = try await fixture.capture(usingCache: false, started: later)
            let cached = try await fixture.capture(started: later)
            #expect(cached.tree == fresh.tree, "seed \(seed), round \(round)")
            #expect(cached.totals == fresh.totals, "seed \(seed), round \(round)")
        }
    }
}

/// A directory tree to which things happen.
struct RandomTree {
    let root: String
    private var files: [String] = []
    private var folders: [String] = [""]
    private var counter = 0

    init(root: String) {
        self.root = root
    }

    mutating func change(using generator: inout SeededGenerator) throws {
        counter += 1
        let folder = folders.randomElement(using: &generator) ?? ""
        let name = "\(folder)n\(Int.random(in: 0..<40, using: &generator))"
        let path = "\(root)/\(name)"
        let kind = Self.kind(path)
        let isTaken = kind != nil
        switch Int.random(in: 0..<10, using: &generator) {
        case 0, 1, 2:
            guard kind == nil || kind == .typeRegular else { return }
            try Data("content \(counter)".utf8).write(to: URL(fileURLWithPath: path))
            if !files.contains(name) { files.append(name) }
        case 3:
            guard !isTaken else { return }
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            folders.append("\(name)/")
        case 4:
            guard let file = files.randomElement(using: &generator) else { return }
            try FileManager.default.removeItem(atPath: "\(root)/\(file)")
            files.removeAll { $0 == file }
        case 5:
            guard let file = files.randomElement(using: &generator),
                Self.kind("\(root)/\(file)") == .typeRegular
            else { return }
            let mode = [0o600, 0o644, 0o755].randomElement(using: &generator) ?? 0o644
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(root)/\(file)")
        case 6:
            guard let file = files.randomElement(using: &generator), !isTaken else { return }
            try FileManager.default.moveItem(atPath: "\(root)/\(file)", toPath: path)
            files.removeAll { $0 == file }
            files.append(name)
        case 7:
            guard !isTaken, let file = files.randomElement(using: &generator),
                Self.kind("\(root)/\(file)") == .typeRegular
            else { return }
            try FileManager.default.linkItem(atPath: "\(root)/\(file)", toPath: path)
            files.append(name)
        case 8:
            guard !isTaken else { return }
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "target \(counter)")
            files.append(name)
        default:
            guard folders.count > 1, let gone = folders.dropFirst().randomElement(using: &generator) else {
                return
            }
            try FileManager.default.removeItem(atPath: "\(root)/\(gone.dropLast())")
            files.removeAll { $0.hasPrefix(gone) }
            folders.removeAll { $0.hasPrefix(gone) }
        }
    }

    /// What is at a path, a symlink itself included; `nil` if nothing is.
    private static func kind(_ path: String) -> FileAttributeType? {
        // Nothing there is an answer here.
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }
}
