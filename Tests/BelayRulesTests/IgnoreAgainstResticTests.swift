import BelayRules
import Foundation
import Testing

/// restic is the judge of what its patterns mean.
@Suite(.enabled(if: IgnoreTesting.restic != nil, "restic is not installed"), .serialized)
struct `Backup excludes compared with restic` {
    private typealias Support = IgnoreTesting

    private static func restic(_ arguments: [String], in folder: Support.Folder) throws -> Support.Output {
        guard let restic = Support.restic else { throw Support.Failure(text: "restic is not installed") }
        return try Support.run(
            restic,
            arguments + ["-q", "--no-cache"],
            in: folder,
            environment: ["RESTIC_PASSWORD": "x", "RESTIC_REPOSITORY": folder.path + "/repository"]
        )
    }

    /// A name without what the tools in between would take for something else.
    private static func name(_ random: inout Support.Randomness) -> [UInt8] {
        let choices: [[UInt8]] =
            ["a", "b", "c", "ab", "x.o", "A", "é", "É", "-", "[", "]", "*", "\\", "?", "^", "!"].map {
                Array($0.utf8)
            } + [[0xFF], [0xC3]]
        var name: [UInt8] = []
        for _ in 0...random.below(2) {
            name += random.chance(75) ? choices[random.below(6)] : random.pick(choices)
        }
        return name
    }

    private static func pattern(_ random: inout Support.Randomness, near path: [UInt8]) -> [UInt8] {
        var components = path.split(separator: 0x2F).map(Array.init)
        components.removeFirst(random.below(components.count))
        if random.chance(40) { components.removeLast(random.below(components.count)) }
        var parts: [[UInt8]] = []
        for component in components {
            if random.chance(25) {
                parts.append(Array(random.pick(["**", "*", "..", ".", "", "**", "a**"]).utf8))
            }
            if random.chance(15) { continue }
            var part: [UInt8] = []
            for byte in component {
                switch random.below(14) {
                case 0: part.append(0x3F)
                case 1: part.append(0x2A)
                case 2: part += [0x5B, 0x61, 0x2D] + (byte < 0x80 && byte != 0x5C ? [byte] : [0x7A]) + [0x5D]
                case 3: part += Array("[^a-b\\]é]".utf8)
                case 4: part += [0x5C, byte]
                default: part.append(byte)
                }
            }
            parts.append(part)
        }
        if random.chance(15) { parts.append([0x2A, 0x2A]) }
        if parts.isEmpty { parts = [[0x61]] }
        return Array(parts.joined(separator: [0x2F]))
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `agree on which files are stored`(seed: UInt64) throws {
        let folder = try Support.Folder()
        var random = Support.Randomness(seed: seed)
        let root = Array(folder.path.utf8) + Array("/source".utf8)
        var files: Set<[UInt8]> = []
        var lists: [[UInt8]] = []
        // Every case has a folder of its own that its patterns name, so that one backup serves for many.
        for number in 0..<60 {
            let base = Array("case\(number)".utf8)
            var paths: [[UInt8]] = []
            for _ in 0..<12 {
                var path = Self.name(&random)
                for _ in 0..<random.below(4) { path += [0x2F] + Self.name(&random) }
                let clashes = paths.contains {
                    $0.starts(with: path + [0x2F]) || path.starts(with: $0 + [0x2F])
                }
                if clashes || paths.contains(path) { continue }
                paths.append(path)
                files.insert(base + [0x2F] + path)
                try folder.write([], to: Array("source/".utf8) + base + [0x2F] + path)
            }
            for _ in 0...random.below(2) {
                var pattern = base + [0x2F] + Self.pattern(&random, near: random.pick(paths))
                if random.chance(20) {
                    pattern = base + Array("/**/".utf8) + Self.pattern(&random, near: random.pick(paths))
                }
                if random.chance(25) { pattern = root + [0x2F] + pattern }
                if random.chance(20) { pattern = [0x21] + pattern }
                lists.append(pattern)
            }
        }
        let ignoresCase = seed.isMultiple(of: 2)
        func excludes(_ patterns: [[UInt8]]) throws -> BackupExcludes {
            ignoresCase ? try BackupExcludes([], ignoringCase: patterns) : try BackupExcludes(patterns)
        }
        let valid = lists.filter { pattern in
            // A pattern that is refused alone is refused in every list; one that has the whole source tells
            // little.
            (try? excludes([pattern]))?.excludes(root) == false && !pattern.contains(0x24)
                && !pattern.starts(with: [0x23]) && pattern.last.map { $0 > 0x20 } == true
        }
        let rules = try excludes(valid)
        var expected: Set<[UInt8]> = []
        for file in files {
            let full = root + [0x2F] + file
            let ends = full.indices.filter { full[$0] == 0x2F && $0 > root.count } + [full.count]
            if !ends.contains(where: { rules.excludes(Array(full[..<$0])) }) { expected.insert(file) }
        }

        try folder.write(valid.flatMap { $0 + [0x0A] }, to: Array("patterns".utf8))
        _ = try Self.restic(["init"], in: folder)
        _ = try Self.restic(
            [
                "backup", folder.path + "/source", ignoresCase ? "--iexclude-file" : "--exclude-file",
                "patterns",
            ],
            in: folder
        )
        // A restored tree has names as they are, where lists replace what is not UTF-8.
        _ = try Self.restic(["restore", "latest:\(folder.path)/source", "--target", "restored"], in: folder)
        var stored: Set<[UInt8]> = []
        for file in files where folder.exists(Array("restored/".utf8) + file) { stored.insert(file) }
        let difference = expected.symmetricDifference(stored)
        #expect(
            difference.isEmpty,
            """
            seed \(seed): \(difference.map(Support.show)) of \(files.count), \(stored.count) stored, \
            patterns \(valid.map(Support.show))
            """
        )
        #expect(stored.count < files.count && !stored.isEmpty)
    }

    /// restic notices some faults only when it compares, and then excludes nothing; belay refuses those as
    /// well.
    @Test func `refuse every pattern that restic refuses`() throws {
        let folder = try Support.Folder()
        _ = try Self.restic(["init"], in: folder)
        try folder.write([], to: [0x61])
        var random = Support.Randomness(seed: 5)
        let alphabet = Array("[]^-a\\*".utf8)
        var patterns: [[UInt8]] = []
        for _ in 0..<400 {
            patterns.append([0x61] + (0...random.below(5)).map { _ in random.pick(alphabet) })
        }
        // restic names all patterns that it refuses, each on a line.
        try folder.write(patterns.flatMap { $0 + [0x0A] }, to: Array("patterns".utf8))
        guard let restic = Support.restic else { return }
        let output = try Support.run(
            restic,
            ["backup", "a", "--exclude-file", "patterns"],
            in: folder,
            environment: ["RESTIC_PASSWORD": "x", "RESTIC_REPOSITORY": folder.path + "/repository"],
            mayFail: true
        )
        let refused = Set(output.standardError.split(separator: "\n").map(String.init))
        #expect(refused.count > 50)
        for pattern in patterns where refused.contains(String(decoding: pattern, as: UTF8.self)) {
            #expect(throws: BackupExcludesError.invalidPattern(pattern)) { try BackupExcludes([pattern]) }
        }
        // And not many more: those whose fault comes after a star, behind what does not match itself.
        let accepted = patterns.filter { !refused.contains(String(decoding: $0, as: UTF8.self)) }
        for pattern in accepted where !pattern.contains(0x2A) {
            #expect(throws: Never.self) { try BackupExcludes([pattern]) }
        }
    }
}

extension IgnoreTesting.Folder {
    /// Whether there is anything at that path.
    fileprivate func exists(_ relative: [UInt8]) -> Bool {
        var status = stat()
        let bytes = (Array(path.utf8) + [0x2F] + relative + [0]).map { CChar(bitPattern: $0) }
        return lstat(bytes, &status) == 0
    }
}
