import Foundation
import Testing

/// A snapshot of a whole path, as restic stores it, is restored as `belay ls` lists it.
@Suite struct `A snapshot of a path` {
    @Test func `is restored from the project's directory on`() throws {
        let site = try Site()
        try site.write([1], to: "reg")
        try site.write([2], to: "sub/deep")
        try site.restic(.current, "backup", site.project)
        #expect(try site.belay("ls", "latest").text == "reg\nsub/\n")
        #expect(try site.belayRestore("latest", "reg").paths == ["reg"])
        #expect(try site.belayRestore("latest", "sub/deep").paths == ["sub", "sub/deep"])
        #expect(try site.belayRestore().paths == ["reg", "sub", "sub/deep"])
        #expect(
            try site.belayRestore("latest", "--include", "\(site.project)/sub").paths == ["sub", "sub/deep"]
        )
        expect(try site.belayRestore("latest", "."), equals: try TreeState(site.project))
        // What is asked for from the root on keeps its place only if it is not the project's.
        let parent = (site.project as NSString).deletingLastPathComponent
        let whole = try site.belayRestore("latest", parent)
        #expect(whole.paths.contains(String(site.project.dropFirst()) + "/sub/deep"), "\(whole.paths)")
    }
}
