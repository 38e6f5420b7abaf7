import BelayCore
import BelayFormat
import Testing

@Suite struct `An index file` {
    private func decode(_ text: String) throws(FormatError) -> IndexFile {
        try IndexFile.decode(Array(text.utf8))
    }

    private let id = String(repeating: "0a", count: 32)

    private func pack(_ blobs: String) -> String { #"{"packs":[{"id":"\#(id)","blobs":\#(blobs)}]}"# }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `comes back as it was`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        func digest() -> Digest {
            Digest(generator.next(), generator.next(), generator.next(), generator.next())
        }
        let packs = (0..<20).map { count in
            PackEntry(
                id: PackID(digest()),
                blobs: (0..<count).map { _ in
                    IndexedBlob(
                        type: generator.next() & 1 == 0 ? .data : .tree,
                        id: BlobID(digest()),
                        offset: UInt32(truncatingIfNeeded: generator.next() >> 33),
                        length: UInt32(truncatingIfNeeded: generator.next() >> 33) + 32,
                        uncompressedLength: UInt32(truncatingIfNeeded: generator.next() >> 32)
                            * UInt32(generator.next() & 1)
                    )
                }
            )
        }
        let index = IndexFile(packs: packs)
        let text = index.encode()
        #expect(try IndexFile.decode(text) == index, "seed \(seed)")
        var visited: [PackID: [IndexedBlob]] = [:]
        try text.withBytes { (text) throws(FormatError) in
            try IndexFile.decode(text) { (pack, blob) throws(FormatError) in
                visited[pack, default: []].append(blob)
            }
        }
        #expect(visited == Dictionary(uniqueKeysWithValues: packs.dropFirst().map { ($0.id, $0.blobs) }))
    }

    @Test func `has restic's text`() throws {
        let blob = IndexedBlob(
            type: .data,
            id: BlobID(Digest(0, 0, 0, 255)),
            offset: 0,
            length: 47,
            uncompressedLength: 6
        )
        let tree = IndexedBlob(
            type: .tree,
            id: BlobID(Digest(0, 0, 0, 254)),
            offset: 47,
            length: 40,
            uncompressedLength: 0
        )
        let zeros = String(repeating: "0", count: 62)
        let file = IndexFile(packs: [PackEntry(id: PackID(Digest(0, 0, 0, 1)), blobs: [blob, tree])])
        #expect(
            String(decoding: file.encode(), as: UTF8.self)
                == #"{"packs":[{"id":"\#(zeros)01","blobs":["#
                + #"{"id":"\#(zeros)ff","type":"data","offset":0,"length":47,"uncompressed_length":6},"#
                + #"{"id":"\#(zeros)fe","type":"tree","offset":47,"length":40}]}]}"#
                + "\n"
        )
    }

    @Test func `may be empty, and have another order and unknown fields`() throws {
        #expect(try decode(#"{"packs":[]}"#).packs == [])
        #expect(try decode(#"{"packs":null}"#).packs == [])
        #expect(try decode(#"{"supersedes":["\#(id)"],"x":{}}"#).packs == [])
        let blob = #"{"length":40,"x":0,"offset":0,"type":"tree","id":"\#(id)"}"#
        let file = try decode(#" {"packs": [ {"blobs":[\#(blob),\#(blob)], "id":"\#(id)"} ] } "#)
        #expect(file.packs.map(\.blobs.count) == [2])
        #expect(try decode(pack("null")).packs.map(\.blobs.count) == [0])
    }

    @Test(arguments: [
        #"[{"id":"x","type":"data","offset":0,"length":47}]"#, #"[{"type":"data","offset":0,"length":47}]"#,
        #"[{"id":"ID","type":"file","offset":0,"length":47}]"#, #"[{"id":"ID","offset":0,"length":47}]"#,
        #"[{"id":"ID","type":"data","offset":0,"length":31}]"#,
        #"[{"id":"ID","type":"data","offset":-1,"length":47}]"#,
        #"[{"id":"ID","type":"data","offset":4294967295,"length":47}]"#,
        #"[{"id":"ID","type":"data","offset":0,"length":4294967296}]"#, "[[]]", "{}",
    ])
    func `with an impossible blob is refused`(blobs: String) {
        #expect(throws: FormatError.self) { try decode(pack(blobs.replacing("ID", with: id))) }
    }

    @Test(arguments: ["", "[]", "{", #"{"packs":[{}]}"#, #"{"packs":[{"blobs":[]}]}"#, #"{"packs":[]}x"#])
    func `of another shape is refused`(text: String) {
        #expect(throws: FormatError.self) { try decode(text) }
    }
}
