import BelayArchive
import BelayCore
import Foundation
import Testing

/// Whether the tools that people use take our patches.
@Suite struct `A patch in other hands` {
    private enum Tool: String, CaseIterable {
        case patch = "/usr/bin/patch"
        case git = "/usr/bin/git"

        var arguments: [String] {
            switch self {
            case .patch: ["-p1", "--silent", "--no-backup-if-mismatch"]
            case .git: ["apply", "--whitespace=nowarn"]
            }
        }
    }

    /// A file or symlink of a random project.
    private struct Entry: Equatable {
        var bytes: [UInt8]
        var isExecutable = false
        var isSymlink = false

        var node: Node {
            Node(
                name: "x",
                kind: isSymlink ? .symlink : .file,
                mode: FileMode(rawValue: isExecutable ? 0o755 : 0o644)
            )
        }
    }

    private static let names = [
        "a.txt", "dir/b c.txt", "dir/deep/größe.md", "quo\"te", "tab\there", "x\\y", "plain", "-dash",
    ]

    private static func text(_ random: inout SeededGenerator) -> [UInt8] {
        let count = Int.random(in: 0...60, using: &random)
        var bytes: [UInt8] = []
        for _ in 0..<count {
            switch Int.random(in: 0..<20, using: &random) {
            case 0: break
            case 1: bytes += Array("--- a/trap\n+++ b/trap\n".utf8)
            case 2: bytes += Array("@@ -1 +1 @@".utf8)
            case 3: bytes += [0xFF, 0xC3, 0x0D]
            case 4: bytes += Array("\\ No newline at end of file".utf8)
            case 5: bytes += Array("diff --git a/x b/x".utf8)
            default: bytes += Array("line \(Int.random(in: 0..<25, using: &random))".utf8)
            }
            bytes.append(0x0A)
        }
        if Bool.random(using: &random), bytes.last == 0x0A, bytes.count > 1 { bytes.removeLast() }
        return bytes
    }

    /// The text with some lines put in, taken out or changed.
    private static func edited(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { Array($0) }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let place = Int.random(in: 0...lines.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: lines.insert(Array("new \(Int.random(in: 0..<9, using: &random))".utf8), at: place)
            case 1 where place < lines.count: lines.remove(at: place)
            default: if place < lines.count { lines[place] += [0x21] }
            }
        }
        return Array(lines.joined(separator: [0x0A]))
    }

    private static func patch(_ old: [String: Entry], _ new: [String: Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in Set(old.keys).union(new.keys).sorted() {
            let path = Array(name.utf8)
            var steps = [(old[name], new[name])]
            if let before = old[name], let after = new[name], before.isSymlink || after.isSymlink {
                steps = [(before, nil), (nil, after)]
            }
            for (before, after) in steps where old[name] != new[name] {
                guard case .text(let hunks, _, _) = TextPatch.compare(before?.bytes ?? [], after?.bytes ?? [])
                else {
                    Issue.record("it is text")
                    continue
                }
                bytes += FilePatch.header(
                    path,
                    old: before.flatMap { FilePatch.Side($0.node) },
                    new: after.flatMap { FilePatch.Side($0.node) },
                    hasHunks: !hunks.isEmpty
                )
                bytes += hunks
            }
        }
        return bytes
    }

    private static func write(_ entries: [String: Entry], to folder: String) throws {
        for (name, entry) in entries {
            let path = "\(folder)/\(name)"
            let parent = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            if entry.isSymlink {
                try FileManager.default.createSymbolicLink(
                    atPath: path,
                    withDestinationPath: String(decoding: entry.bytes, as: UTF8.self)
                )
            } else {
                try Data(entry.bytes).write(to: URL(fileURLWithPath: path))
                try FileManager.default.setAttributes(
                    [.posixPermissions: entry.isExecutable ? 0o755 : 0o644],
                    ofItemAtPath: path
                )
            }
        }
    }

    private static func read(_ folder: String) throws -> [String: Entry] {
        var entries: [String: Entry] = [:]
        for name in names {
            let path = "\(folder)/\(name)"
            if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
                entries[name] = Entry(bytes: Array(target.utf8), isSymlink: true)
            } else if let data = FileManager.default.contents(atPath: path) {
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                entries[name] = Entry(bytes: Array(data), isExecutable: (mode ?? 0) & 0o100 != 0)
            }
        }
        return entries
    }

    private static func apply(
        _ patch: [UInt8],
        with tool: Tool,
        in folder: String
    ) throws -> (status: Int32, text: String) {
        let file = "\(folder)/../\(UUID().uuidString).patch"
        try Data(patch).write(to: URL(fileURLWithPath: file))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool.rawValue)
        process.arguments = tool == .patch ? tool.arguments + ["-i", file] : tool.arguments + [file]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder, "GIT_CEILING_DIRECTORIES": "/"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(arguments: 1...25)
    func `makes the new files of the old ones`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed) &* 7919)
        var old: [String: Entry] = [:]
        var new: [String: Entry] = [:]
        for name in Self.names {
            let entry = Entry(bytes: Self.text(&random), isExecutable: Bool.random(using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0: new[name] = entry
            case 1: old[name] = entry
            case 2:
                old[name] = entry
                new[name] = Entry(bytes: entry.bytes, isExecutable: !entry.isExecutable)
            case 3:
                old[name] = Entry(bytes: Array("here".utf8), isSymlink: true)
                new[name] = Entry(bytes: Array("there/and back".utf8), isSymlink: true)
            case 4: new[name] = Entry(bytes: [], isExecutable: entry.isExecutable)
            case 5: old[name] = Entry(bytes: [], isExecutable: entry.isExecutable)
            default:
                old[name] = entry
                new[name] = Entry(bytes: Self.edited(entry.bytes, &random), isExecutable: entry.isExecutable)
            }
        }
        let patch = Self.patch(old, new)
        for tool in Tool.allCases where FileManager.default.isExecutableFile(atPath: tool.rawValue) {
            let folder = try TemporaryFolder()
            let work = "\(folder.path)/work"
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            try Self.write(old, to: work)
            let outcome = try Self.apply(patch, with: tool, in: work)
            #expect(outcome.status == 0, "seed \(seed), \(tool): \(outcome.text)")
            let result = try Self.read(work)
            for name in Self.names where result[name] != new[name] {
                Issue.record("seed \(seed), \(tool): \(name) is not what it should be")
            }
        }
    }

    @Test(arguments: Tool.allCases)
    private func `turns a file into a symlink and back`(tool: Tool) throws {
        let old = [
            "plain": Entry(bytes: Array("text\n".utf8)),
            "a.txt": Entry(bytes: Array("there".utf8), isSymlink: true),
        ]
        let new = [
            "plain": Entry(bytes: Array("there".utf8), isSymlink: true),
            "a.txt": Entry(bytes: Array("text\n".utf8)),
        ]
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/work",
            withIntermediateDirectories: true
        )
        try Self.write(old, to: "\(folder.path)/work")
        let outcome = try Self.apply(Self.patch(old, new), with: tool, in: "\(folder.path)/work")
        #expect(outcome.status == 0, "\(outcome.text)")
        #expect(try Self.read("\(folder.path)/work") == new)
    }
}
