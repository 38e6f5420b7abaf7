import Testing

/// The rules that the compiler does not know: layers, sizes, and what has to be explained where it stands.
///
/// What a test names is a place, so that an editor can go there.
@Suite struct `The sources` {
    @Test func `are found`() {
        #expect(SourceFile.shipped.count > 100)
    }

    @Test func `import only what their layer may know`() {
        var wrong: [String] = []
        for file in SourceFile.shipped {
            guard let allowed = ModuleGraph.imports[file.module] else {
                wrong.append("\(file.path): the table in ModuleGraph.swift lacks \(file.module)")
                continue
            }
            for index in file.code.indices where file.code[index].holds("import ") {
                let pattern = /^\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(\w+)/
                guard let match = file.code[index].firstMatch(of: pattern) else { continue }
                if !allowed.contains(String(match.1)) { wrong.append(file.place(index)) }
            }
        }
        expectNone(wrong)
    }

    @Test func `know neither clock nor chance nor files where they are pure`() {
        let words = [
            "Clock.", "SystemRandomNumberGenerator", "ProcessInfo", "FileManager", ".random(", "Task {",
        ]
        expectNone(
            places(in: SourceFile.shipped.filter { ModuleGraph.pure.contains($0.module) }, words)
        )
    }

    @Test func `have at most 400 lines a file, 500 in tests`() {
        expectNone(
            SourceFile.swift.filter { $0.lineCount > ($0.isTest ? 500 : 400) }.map {
                "\($0.path): \($0.lineCount) lines"
            }
        )
    }

    @Test func `have functions that fit a screen, 70 lines`() {
        var long: [String] = []
        for file in SourceFile.shipped {
            for function in Function.all(in: file) where function.lineCount > 70 {
                if Self.longFunctions.contains("\(file.path) \(function.name)") { continue }
                long.append("\(file.place(function.line)) has \(function.lineCount) lines")
            }
        }
        expectNone(long)
    }

    /// Those that are longer, and why.
    private static let longFunctions: Set<String> = [
        // One comparison of a folder with what is known of it, which reads best in one piece.
        "Sources/BelayArchive/Capture/CaptureWorker+Scan.swift func match",
        // One loop over a pattern, a case for each of its elements.
        "Sources/BelayRules/Ignore/Wildcard.swift func wildcardMatches",
        // The steps of a backup in their order.
        "Sources/BelayWorkflows/Backup/BackupWorkflow.swift func store",
    ]

    @Test func `print in one place alone`() {
        expectNone(
            places(
                in: SourceFile.shipped,
                ["print(", "dump("],
                matching: /(?:^|[^\w.])(?:print|debugPrint|dump)\(/
            ) {
                $0.code[$1].holds("func ")
            }
        )
    }

    @Test func `explain why what traps cannot`() {
        let unwrapping: Regex<Substring> = /[\w)\]]!(?:[.,;:)\]\s(\[]|$)/
        let explained = { (file: SourceFile, index: Int) in file.isNear(index, "// Invariant:", within: 3) }
        expectNone(
            places(in: SourceFile.shipped, ["try!", "as!", "fatalError("], unless: explained)
                + places(in: SourceFile.shipped, ["!"], matching: unwrapping, unless: explained)
        )
    }

    @Test func `explain what the compiler is told to believe about sharing`() {
        // A local that is handed on is explained at the type that keeps it.
        let pattern: Regex<Substring> = /@unchecked Sendable|^(?!\s{8}).*nonisolated\(unsafe\)/
        expectNone(
            places(in: SourceFile.shipped, ["@unchecked", "(unsafe)"], matching: pattern) { file, index in
                file.lines[max(0, index - 8)...min(index + 2, file.lines.count - 1)].contains {
                    $0.holds("//")
                }
            }
        )
    }

    @Test func `explain why a failure does not matter`() {
        expectNone(places(in: SourceFile.shipped, ["try?"]) { $0.isNear($1, "//", within: 6) })
    }

    @Test func `offer nothing as public`() {
        expectNone(places(in: SourceFile.shipped, ["public ", "open "], matching: /^\s*(?:public|open)\s/))
    }

    @Test func `name the issue of what is left to do`() {
        let marks = ["TO" + "DO", "FIX" + "ME"]
        expectNone(
            SourceFile.swift.flatMap { file in
                file.lines.indices.filter { index in
                    marks.contains(where: file.lines[index].holds) && !file.lines[index].contains(/#\d/)
                }.map(file.place)
            }
        )
    }

    @Test func `never wait for time to pass in tests`() {
        let pattern: Regex<Substring> = /\b(?:Task\.sleep|[un]?sleep|nanosleep)\s*\(/
        let exempt: Set = [
            // The one place that waits for another process, which cannot be told to say when it has got somewhere.
            "Tests/InteropTests/Programs.swift",
            // A clock on which sleeping takes no time.
            "Tests/BelayTestKit/VirtualClock.swift",
        ]
        let files = SourceFile.swift.filter { $0.isTest && !exempt.contains($0.path) }
        expectNone(places(in: files, ["sleep"], matching: pattern))
    }
}

@Suite struct `The project's words` {
    /// Everything a reader sees.
    private static let files: [SourceFile] = {
        let folders = ["Sources", "Tests", "Scripts", "Benchmarks", "docs", "changelog", "share", "Fuzz"]
        return folders.flatMap { folder in
            // A folder may be missing.
            (try? SourceFile.all(
                below: [folder],
                withExtensions: ["swift", "c", "h", "md", "sh", "py", "1", "json", "yaml", "txt"]
            )) ?? []
        }
    }()

    @Test func `name no machine that it was written on`() {
        // In pieces, so that this file may say them.
        let machine = ["/wo" + "rk/main", "/wo" + "rk/shared", "/ro" + "ot/", "/Us" + "ers/", "/tmp/h" + "-"]
        expectNone(
            Self.files.flatMap { file in
                file.lines.indices.filter { machine.contains(where: file.lines[$0].holds) }.map(file.place)
            }
        )
    }
}

/// Every place where code holds one of the words and, if a pattern is given, matches that.
///
/// The words come first because a pattern is slow, and most lines need none.
private func places(
    in files: [SourceFile],
    _ words: [String],
    matching pattern: Regex<Substring>? = nil,
    unless isExcused: (SourceFile, Int) -> Bool = { _, _ in false }
) -> [String] {
    files.flatMap { file in
        file.code.indices.filter { index in
            let line = file.code[index]
            guard words.contains(where: line.holds) else { return false }
            if let pattern, !line.contains(pattern) { return false }
            return !isExcused(file, index)
        }.map(file.place)
    }
}

/// Fails once, naming every place.
private func expectNone(_ places: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    let text = places.joined(separator: "\n")
    #expect(text.isEmpty, sourceLocation: sourceLocation)
}
