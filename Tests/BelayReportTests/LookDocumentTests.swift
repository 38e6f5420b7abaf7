import BelayArchive
import BelayCore
import BelayReport
import BelayWorkflows
import Testing

@Suite struct `Modes as text` {
    @Test(arguments: [
        (UInt32(0o100644), Node.Kind.file, "-rw-r--r--", "-rw-r--r--"),
        (0o104755, .file, "-rwsr-xr-x", "urwxr-xr-x"), (0o102644, .file, "-rw-r-Sr--", "grw-r--r--"),
        (0o040755, .directory, "drwxr-xr-x", "drwxr-xr-x"),
        (0o041777, .directory, "drwxrwxrwt", "dtrwxrwxrwx"),
        (0o041776, .directory, "drwxrwxrwT", "dtrwxrwxrw-"), (0o120777, .symlink, "lrwxrwxrwx", "Lrwxrwxrwx"),
        (0o010600, .fifo, "prw-------", "prw-------"), (0o140755, .socket, "srwxr-xr-x", "Srwxr-xr-x"),
        (0o060660, .blockDevice, "brw-rw----", "Drw-rw----"),
        (0o020660, .characterDevice, "crw-rw----", "Dcrw-rw----"),
    ])
    func `are those of ls, and restic's`(mode: UInt32, kind: Node.Kind, list: String, restic: String) {
        let node = Node(name: "x", kind: kind, mode: FileMode(posix: mode))
        #expect(ModeText.list(node) == list)
        #expect(ModeText.restic(node.mode) == restic)
    }
}

@Suite struct `Moments in documents` {
    @Test(arguments: [
        (Timestamp(seconds: 0), "1970-01-01T00:00:00Z"),
        (
            Timestamp(seconds: 1_769_092_215, nanoseconds: 500_000_000, offsetMinutes: 60),
            "2026-01-22T15:30:15.5+01:00"
        ),
        (
            Timestamp(seconds: 1_769_092_215, nanoseconds: 1, offsetMinutes: -570),
            "2026-01-22T05:00:15.000000001-09:30"
        ),
        (Timestamp.missing, "0001-01-01T00:00:00Z"),
    ])
    func `are written as restic writes them`(time: Timestamp, text: String) {
        #expect(InstantText.of(time) == text)
    }
}

@Suite struct `Changes as documents` {
    private func node(
        _ kind: Node.Kind = .file,
        size: UInt64 = 1,
        blob: UInt64 = 1,
        mode: UInt32 = 0o644
    ) -> Node {
        var node = Node(name: "f", kind: kind, mode: FileMode(rawValue: mode), size: size)
        if kind == .file { node.content = [BlobID(Digest(blob, 0, 0, 0))] }
        return node
    }

    private func entry(_ path: String, _ old: Node?, _ new: Node?, _ patches: [DiffPatch] = []) -> DiffEntry {
        DiffEntry(change: TreeChange(path: Array(path.utf8), old: old, new: new), patches: patches)
    }

    private func text(_ entry: DiffEntry, _ form: DiffForm = .names) -> String {
        DiffChangeDocument(entry, form: form).text(.plain)
    }

    @Test func `name what changed, with sizes`() {
        #expect(text(entry("a", nil, node(size: 2048))) == "+  a  2 KiB")
        #expect(text(entry("d", node(.directory), nil)) == "-  d/")
        #expect(text(entry("a", node(size: 1), node(size: 2, blob: 2))) == "M  a  1 B -> 2 B")
        #expect(text(entry("a", node(), node(.directory))) == "T  a/  1 B")
        #expect(text(entry("a", node(), node(blob: 2))) == "M? a  1 B -> 1 B")
        #expect(text(entry("a", node(), node(mode: 0o600))) == "U  a  -rw-r--r-- -> -rw-------")
    }

    @Test func `show no control characters to a person`() {
        #expect(text(entry("a\u{1B}[2J", nil, node())) == "+  a\\x1b[2J  1 B")
    }

    @Test func `show a patch as it is, and clean on a terminal`() {
        let hunks = Array("@@ -0,0 +1 @@\n+\u{1B}[2Jred\tx\n".utf8)
        let patch = DiffPatch(
            header: Array("diff --git a/f b/f\n".utf8),
            body: .text(hunks: hunks, added: 1, removed: 0)
        )
        let document = DiffChangeDocument(entry("f", nil, node(), [patch]), form: .patch)
        #expect(document.bytes(.plain) == patch.header + hunks)
        let shown = String(decoding: document.bytes(TextStyle(isColored: true, columns: 80)), as: UTF8.self)
        #expect(shown.contains("\u{1B}[32m+\\x1b[2Jred\tx\u{1B}[0m\n"))
    }

    @Test func `comment on what a patch cannot hold`() {
        let binary = entry("f", node(), node(blob: 2), [DiffPatch(header: [], body: .binary)])
        #expect(text(binary, .patch) == "# f is binary and differs\n")
        #expect(text(binary, .lineCounts) == "M? f  binary, 1 B -> 1 B")
        let large = entry("f", node(), node(size: 9, blob: 2), [DiffPatch(header: [], body: .tooLarge)])
        #expect(text(large, .patch) == "# f differs and is too large to be compared\n")
        #expect(text(large, .lineCounts) == "M  f  too large to compare, 1 B -> 9 B")
    }

    @Test func `have restic's keys`() throws {
        let json = try DiffChangeDocument(entry("d/f", node(), node(size: 2, blob: 2)), form: .names).json()
        #expect(
            json
                == #"{"message_type":"change","modifier":"M","path":"/d/f","size_after":2,"size_before":1,"type":"file"}"#
        )
    }

    @Test func `are summed up`() throws {
        let snapshot = StoredSnapshot(
            id: SnapshotID(Digest(1, 2, 3, 4)),
            snapshot: Snapshot(time: Timestamp(seconds: 0), tree: BlobID(Digest(0, 0, 0, 1)), paths: [])
        )
        var totals = DiffTotals()
        totals.added.files = 1
        totals.added.bytes = 1024
        totals.removed.folders = 2
        totals.filesChanged = 3
        totals.bytesBefore = 10
        totals.bytesAfter = 20
        totals.kindsChanged = 1
        let result = DiffResult(sides: DiffSides(old: snapshot, new: nil), totals: totals, failures: [])
        #expect(
            DiffTotalsDocument(result, form: .names).text(.plain) == """

                added    1 file (1 KiB)
                removed  2 directories
                changed  3 files (10 B -> 20 B), 1 entry in kind
                """
        )
        let none = DiffResult(sides: result.sides, totals: DiffTotals(), failures: [])
        #expect(DiffTotalsDocument(none, form: .names).text(.plain) == "no differences")
        #expect(
            DiffSidesDocument(result.sides, zone: .utc).text(.plain)
                == "from snapshot 00000000 (19700101_000000) to the project now"
        )
    }
}
