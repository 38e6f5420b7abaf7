import Foundation
import Testing

/// The flags that leave things out do so as restic's do.
@Suite struct `What both programs leave out` {
    private func stored(_ site: Site, _ flags: [String]) throws -> (belay: [String], restic: [String]) {
        try site.belay(["backup"] + flags)
        let belay = try site.belayRestore()
        try site.restic(.current, ["backup", "."] + flags, expecting: 0)
        let restic = try site.resticRestore()
        return (belay.paths, restic.paths)
    }

    @Test(arguments: [
        ["--exclude-caches"], ["--exclude-if-present", ".nobackup"], ["--exclude-if-present", "tag:yes"],
        ["--exclude-caches", "--exclude-if-present", ".nobackup", "--exclude-if-present", "tag:yes"],
    ])
    func `by marker files is the same`(flags: [String]) throws {
        let site = try Site()
        let signature = Array("Signature: 8a477f597d28d172789f06886806bc55\n# a cache\n".utf8)
        for (name, bytes) in [
            ("cache/CACHEDIR.TAG", signature), ("cache/data", [1]), ("cache/below/data", [1]),
            ("false/CACHEDIR.TAG", [1]), ("false/data", [1]), ("away/.nobackup", []), ("away/data", [1]),
            ("folder/.nobackup/data", [1]), ("folder/data", [1]), ("tagged/tag", Array("yes, please".utf8)),
            ("tagged/data", [1]), ("untagged/tag", Array("ye".utf8)), ("untagged/data", [1]),
            ("both/CACHEDIR.TAG", signature), ("both/.nobackup", []), ("both/data", [1]), ("kept", [1]),
        ] as [(String, [UInt8])] { try site.write(bytes, to: name) }
        let (belay, restic) = try stored(site, flags)
        #expect(belay == restic)
        // And once there is a cache of what was stored before, without the flags and with them.
        try site.belayBackup()
        #expect(try stored(site, flags).belay == restic)
        #expect(try stored(site, flags).belay == restic)
    }

    @Test(.enabled(if: Machine.isRoot, "needs a file system of its own"))
    func `by file system is the same`() throws {
        let site = try Site()
        try site.write([1], to: "kept")
        try site.write([1], to: "mounted/under")
        // Where that is not allowed there is nothing to test.
        let point = "\(site.project)/mounted"
        guard try site.run("mount", "-t", "tmpfs", "tmpfs", point, expecting: nil).status == 0 else { return }
        defer { _ = try? site.run("umount", "-l", point) }
        try site.write([1], to: "mounted/data")
        try site.belayBackup()
        let (belay, restic) = try stored(site, ["--one-file-system"])
        #expect(belay == restic && belay.contains("mounted") && !belay.contains("mounted/data"), "\(belay)")
        #expect(try stored(site, ["-x"]).belay == restic)
    }
}

extension TreeState {
    /// Of all entries, in order.
    var paths: [String] {
        entries.keys.map { String(decoding: $0, as: UTF8.self) }.sorted()
    }
}
