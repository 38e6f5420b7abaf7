import BelayCLI
import Foundation
import Testing

@Suite struct `The generated files` {
    @Test(arguments: GeneratedFiles.Kind.allCases)
    func `are what the commands' definitions make today`(kind: GeneratedFiles.Kind) throws {
        let folder = Self.root.appending(path: kind.folder)
        for file in try GeneratedFiles.files(kind) {
            let present = try? String(contentsOf: folder.appending(path: file.path), encoding: .utf8)
            #expect(
                present == file.text,
                "\(kind.folder)/\(file.path) is not what the commands say now; run `make docs` and look at the difference"
            )
        }
    }

    @Test func `are there for commands that exist`() throws {
        let wanted = Set(try GeneratedFiles.files(.man).map(\.path))
        let pages = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "share/man/man1").path
        )
        let stale = pages.map { "man1/\($0)" }.filter { !wanted.contains($0) }.sorted()
        #expect(stale.isEmpty, "of commands that are gone; run `make docs`")
    }

    @Test func `are the same every time`() throws {
        for kind in GeneratedFiles.Kind.allCases {
            let texts = try (0..<2).map { _ in try GeneratedFiles.files(kind).map(\.text) }
            #expect(texts[0] == texts[1])
        }
    }

    /// The project's root.
    private static let root: URL = {
        var url = URL(filePath: #filePath)
        for _ in 0..<3 { url.deleteLastPathComponent() }
        return url
    }()
}
