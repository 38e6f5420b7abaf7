import BelayCore
import BelayFormat
import Testing

@Suite struct `The quoting of names` {
    @Test func `agrees with what restic wrote, both ways`() throws {
        for vector in try Vectors.shared.get().names.vectors {
            let name = FileName(try bytes(vector.bytesHex))
            var text: [UInt8] = []
            NameQuoting.append(name, to: &text)
            #expect(String(decoding: text, as: UTF8.self) == vector.jsonText)
            #expect(name.bytes.withBytes { NameQuoting.quoted($0) } == Array(vector.goQuoted.utf8))
            #expect(NameQuoting.unquoted(Array(vector.goQuoted.utf8)) == name.bytes)
            let json = [0x22] + text + [0x22]
            let read = try json.withBytes { json in
                var reader = JSONReader(json, of: "name")
                return NameQuoting.name(try reader.string())
            }
            #expect(read == name)
        }
    }

    @Test func `has the published table of printable scalars`() throws {
        let ranges = try Vectors.shared.get().printableRanges.ranges
        var boundaries = ranges.flatMap { [$0[0], $0[1] + 1] }[...]
        var isInside = false
        var differences: [UInt32] = []
        for scalar in 0...UInt32(0x10FFFF) {
            while let boundary = boundaries.first, boundary <= scalar {
                isInside.toggle()
                boundaries = boundaries.dropFirst()
            }
            if PrintableScalars.contains(scalar) != isInside { differences.append(scalar) }
        }
        #expect(differences == [])
    }

    @Test(arguments: [
        (#"\x41\101\u0041\U00000041"#, "AAAA"), (#"\a\b\f\n\r\t\v\\\""#, "\u{7}\u{8}\u{c}\n\r\t\u{b}\\\""),
        ("it's", "it's"),
    ])
    func `accepts every escape of Go`(text: String, name: String) {
        #expect(NameQuoting.unquoted(Array(text.utf8)) == Array(name.utf8))
    }

    @Test(arguments: [
        "\"", "a\nb", #"\"#, #"\x4"#, #"\xg0"#, #"\u12"#, #"\ud800"#, #"\U00110000"#, #"\U0000000"#, #"\400"#,
        #"\18"#,
        #"\'"#, #"\q"#, #"\8"#,
    ])
    func `refuses what Go refuses`(text: String) {
        #expect(NameQuoting.unquoted(Array(text.utf8)) == nil)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `loses no byte of any name`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let name = generator.bytes(Int.random(in: 1...24, using: &generator))
            #expect(
                NameQuoting.unquoted(name.withBytes { NameQuoting.quoted($0) }) == name,
                "seed \(seed)"
            )
        }
    }
}

@Suite struct `A tree` {
    private func decode(_ text: String) throws(FormatError) -> Tree {
        try TreeDecoding.decode(Array(text.utf8))
    }

    private func node(_ name: String, _ more: String = #""type":"fifo""#) -> String {
        #"{"name":"\#(name)",\#(more)}"#
    }

    @Test func `without entries has the known text and id`() throws {
        let text = TreeEncoding.encode([Node]())
        #expect(text == Array("{\"nodes\":[]}\n".utf8))
        #expect(
            BlobHasher.digest(text).hexadecimal
                == "ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8"
        )
        #expect(try TreeDecoding.decode(text).nodes == [])
        #expect(try decode(#"{"nodes":null}"#).nodes == [])
        #expect(try decode("{}").nodes == [])
    }

    @Test func `keeps every node that restic wrote byte for byte`() throws {
        for text in try Vectors.shared.get().nodes.vectors {
            let node = try TreeDecoding.node(Array(text.utf8))
            #expect(String(decoding: TreeEncoding.encode(node), as: UTF8.self) == text)
        }
    }

    @Test func `writes link targets as restic does`() throws {
        for vector in try Vectors.shared.get().linkTargets {
            let target = try bytes(vector.bytesHex)
            let node = Node(name: "l", kind: .symlink, linkTarget: target)
            let text = TreeEncoding.encode(node)
            #expect(String(decoding: text, as: UTF8.self).contains(",\(vector.jsonFields),\"content\":null"))
            #expect(try TreeDecoding.node(text).linkTarget == target)
        }
    }

    @Test func `has the modes that restic wrote`() throws {
        for vector in try Vectors.shared.get().modes {
            let mode = try #require(UInt32(vector.stModeOctal, radix: 8))
            #expect(FileMode(posix: mode).rawValue == vector.goMode, "\(vector.name)")
        }
    }

    @Test func `keeps all 64 bits of numbers`() throws {
        let node = Node(
            name: "d",
            kind: .characterDevice,
            userID: .max - 1,
            groupID: .max,
            inode: .max,
            deviceID: .max,
            size: .max,
            links: .max,
            device: .max
        )
        #expect(try TreeDecoding.node(TreeEncoding.encode(node)) == node)
    }

    @Test func `is read whatever the order of keys, with unknown fields and space`() throws {
        let id = String(repeating: "AB", count: 32)
        let tree = try decode(
            """
            { "later" : {"a":[1]}, "nodes" : [ {"content":["\(id)"], "size": 3, "type":"file", "x":null,
              "subtree":null, "name":"\\u0062", "uid":5, "mtime":"2024-05-01T10:00:00+02:00"} ,
             \(node("a")) ] }
            """
        )
        #expect(tree.nodes.map(\.name) == ["a", "b"])
        #expect(tree.nodes[1].content?.first?.hexadecimal == id.lowercased())
        #expect(tree.nodes[1].modified.seconds == 1_714_550_400)
        #expect(tree.nodes[1].accessed == .missing)
    }

    @Test(arguments: ["", ".", "..", "a/b", "/", "\\\\x00", "a\\\\x00", "\\\\x2e\\\\x2e", "\\u002e."])
    func `with a name that could lead elsewhere is refused`(name: String) throws {
        let text = #"{"nodes":[\#(node(name))]}"#
        #expect(throws: FormatError.self) { try decode(text) }
        let (_, irregularities) = try TreeDecoding.examine(Array(text.utf8))
        #expect(irregularities.contains { if case .invalidName = $0 { true } else { false } })
    }

    @Test(arguments: [
        #"{"name":"a"}"#, #"{"name":"a","type":"door"}"#, #"{"name":"a","type":"fifo","uid":-1}"#,
        #"{"name":"a","type":"fifo","uid":1.0}"#, #"{"name":"a","type":"fifo","mode":4294967296}"#,
        #"{"name":"a","type":"fifo","mtime":"10000-01-01T00:00:00Z"}"#, #"{"name":"\\q","type":"fifo"}"#,
        #"{"name":"a","type":"dir","subtree":"abc"}"#, #"{"name":"a","type":"file","content":["zz"]}"#,
        #"{"name":"a","type":"fifo","inode":18446744073709551616}"#, "[]", "7",
    ])
    func `that restic cannot read is refused`(node: String) {
        #expect(throws: FormatError.self) { try decode(#"{"nodes":[\#(node)]}"#) }
        #expect(throws: FormatError.self) { try decode("\u{FEFF}{\"nodes\":[]}") }
    }

    @Test func `out of order is put in order, and examination tells`() throws {
        let text = Array(#"{"nodes":[\#(node("b")),\#(node("a")),\#(node("b")),\#(node("c"))]}"#.utf8)
        #expect(try TreeDecoding.decode(text).nodes.map(\.name) == ["a", "b", "b", "c"])
        let (tree, irregularities) = try TreeDecoding.examine(text)
        #expect(tree.nodes.map(\.name) == ["b", "a", "b", "c"])
        #expect(irregularities == [.notInOrder("a"), .duplicateName("b"), .notCanonical])
    }

    @Test func `is examined for what nodes lack`() throws {
        let nodes = [Node(name: "d", kind: .directory), Node(name: "f", kind: .file)]
        let (_, irregularities) = try TreeDecoding.examine(TreeEncoding.encode(nodes))
        #expect(irregularities == [.missingSubtree("d"), .missingContent("f")])
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `of random nodes comes back equal`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var names: Set<FileName> = []
        while names.count < 40 {
            let name = FileName(generator.bytes(Int.random(in: 1...20, using: &generator)))
            if name.isValid { names.insert(name) }
        }
        let nodes = names.sorted().map { randomNode($0, using: &generator) }
        let text = TreeEncoding.encode(nodes)
        let tree = try TreeDecoding.decode(text)
        #expect(tree.nodes == nodes, "seed \(seed)")
        #expect(TreeEncoding.encode(tree.nodes) == text, "seed \(seed)")
        #expect(try TreeDecoding.examine(text).irregularities == [], "seed \(seed)")
    }
}

/// A node of any kind with fields of any value that its text keeps.
func randomNode(_ name: FileName, using generator: inout SeededGenerator) -> Node {
    func digest(_ generator: inout SeededGenerator) -> BlobID {
        BlobID(Digest(generator.next(), generator.next(), generator.next(), generator.next()))
    }
    func time(_ generator: inout SeededGenerator) -> Timestamp {
        Timestamp(
            seconds: Int64.random(in: -60_000_000_000...253_000_000_000, using: &generator),
            nanoseconds: UInt32.random(in: 0...999_999_999, using: &generator),
            offsetMinutes: Int16.random(in: -1439...1439, using: &generator)
        )
    }
    let kind = Node.Kind.allCases.randomElement(using: &generator) ?? .file
    var node = Node(name: name, kind: kind)
    node.mode = FileMode(rawValue: UInt32.random(in: 0 ... .max, using: &generator))
    node.modified = time(&generator)
    node.accessed = time(&generator)
    node.changed = time(&generator)
    node.userID = UInt32.random(in: 0 ... .max, using: &generator)
    node.user = Bool.random(using: &generator) ? "ada" : "b\u{fffd}ö<\u{2028}\n"
    node.group = Bool.random(using: &generator) ? "" : "wheel"
    node.inode = generator.next()
    node.deviceID = generator.next()
    node.links = generator.next()
    if kind == .symlink { node.linkTarget = generator.bytes(Int.random(in: 1...9, using: &generator)) }
    if Bool.random(using: &generator) {
        node.extendedAttributes = [
            .init(name: "user.ü", value: generator.bytes(5)), .init(name: "e", value: []),
        ]
        node.genericAttributes = Array(#"{"windows.a":[1, 2.5e3 ,"\u0041"]}"#.utf8)
    }
    if kind == .file {
        node.size = generator.next()
        node.content = (0..<Int.random(in: 0...3, using: &generator)).map { _ in digest(&generator) }
    }
    if kind == .directory { node.subtree = digest(&generator) }
    if kind == .blockDevice { node.device = generator.next() }
    return node
}
