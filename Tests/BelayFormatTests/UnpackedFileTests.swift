import BelayCore
import BelayFormat
import Testing

@Suite struct `An unpacked file` {
    private let envelope = Envelope(key: MasterKey(randomBytes: (1...64).map { UInt8($0) }))
    private let json = Array(#"{"packs":[]}"#.utf8)

    private func decode(
        _ payload: [UInt8],
        version: RepositoryConfig.Version = .two,
        limit: Int = 1 << 20
    ) throws(FormatError) -> [UInt8] {
        try UnpackedFile.decode(
            envelope.seal(payload),
            version: version,
            envelope: envelope,
            decompressor: ZstdDecompressor(),
            limit: limit
        )
    }

    @Test(arguments: [RepositoryConfig.Version.one, .two])
    func `comes back as it was`(version: RepositoryConfig.Version) throws {
        let (bytes, digest) = try UnpackedFile.encode(
            json,
            version: version,
            envelope: envelope,
            compressor: ZstdCompressor(level: .off)
        )
        #expect(digest == BlobHasher.digest(bytes))
        let payload = try envelope.open(bytes)
        #expect(version == .one ? payload == json : payload[0] == 2)
        let decoded = try UnpackedFile.decode(
            bytes,
            version: version,
            envelope: envelope,
            decompressor: ZstdDecompressor()
        )
        #expect(decoded == json)
    }

    @Test func `may be plain JSON`() throws {
        #expect(try decode(json) == json)
        #expect(try decode([0x5B, 0x5D]) == [0x5B, 0x5D])
        #expect(try decode(json, version: .one) == json)
    }

    @Test func `is refused when empty, of an unknown encoding, or too large`() throws {
        for payload in [[], [0x20] + json, [3] + json, [2], [2] + json] {
            #expect(throws: FormatError.self) { try decode(payload) }
        }
        let frame = try ZstdCompressor(level: .auto).compress(json)
        #expect(try decode([2] + frame) == json)
        #expect(throws: FormatError.self) { try decode([2] + frame, limit: json.count - 1) }
    }
}

@Suite struct `A config` {
    private let valid = #"{"version":2,"id":"abc","chunker_polynomial":"3da3358b4dc173"}"#

    private func decode(_ text: String) throws(FormatError) -> RepositoryConfig {
        try RepositoryConfig.decode(Array(text.utf8))
    }

    @Test func `keeps its text`() throws {
        let config = try decode(valid)
        #expect(config.encode() == Array(valid.utf8))
        #expect(config.version == .two)
        #expect(!config.hasForeignChunker)
    }

    @Test func `may have capitals, space and other tools' fields`() throws {
        let text = #" {"x":[], "version":1, "chunker_polynomial":"3DA3358B4DC173"} "#
        #expect(try decode(text).version == .one)
        for field in ["chunker", "chunk_size", "chunk_min_size", "chunk_max_size"] {
            #expect(try decode(valid.dropLast() + #","\#(field)":1}"#).hasForeignChunker)
        }
    }

    @Test(arguments: [
        (":2", ":0"), (":2", ":3"), (":2", ":\"2\""), (":2", ":2.0"), ("\"version\":2,", ""),
        ("dc173", "dc172"),
        ("3da3358b4dc173", ""), ("3da3358b4dc173", "0x3"), ("3da3358b4dc173", "13da3358b4dc1730000"),
    ])
    func `is refused with another version or a reducible polynomial`(old: String, new: String) {
        #expect(throws: FormatError.self) { try decode(valid.replacing(old, with: new)) }
    }
}

@Suite struct `A lock` {
    @Test func `has restic's text`() throws {
        var lock = LockFile(
            time: Timestamp(seconds: 0),
            isExclusive: true,
            hostname: "mill",
            username: "ada",
            processID: 42
        )
        let text =
            #"{"time":"1970-01-01T00:00:00Z","exclusive":true,"hostname":"mill","username":"ada","pid":42"#
        #expect(lock.encode() == Array((text + "}").utf8))
        lock.userID = 1000
        lock.groupID = 100
        #expect(lock.encode() == Array((text + #","uid":1000,"gid":100}"#).utf8))
        #expect(try LockFile.decode(lock.encode()) == lock)
    }

    @Test func `may lack fields and have others`() throws {
        let lock = try LockFile.decode(Array(#" {"x":1,"exclusive":true} "#.utf8))
        #expect(lock.isExclusive)
        #expect(lock.time == .missing)
    }
}

@Suite struct `A snapshot file` {
    @Test func `comes back as it was`() throws {
        var snapshot = Snapshot(
            time: Timestamp(seconds: 1_714_557_600, nanoseconds: 1, offsetMinutes: 120),
            parent: SnapshotID(Digest(1, 2, 3, 4)),
            tree: BlobID(Digest(5, 6, 7, 8)),
            paths: ["/a", "/b<"],
            hostname: "mill",
            username: "ada",
            userID: 1,
            groupID: .max,
            excludes: ["*.o"],
            tags: ["x", "y"],
            original: SnapshotID(Digest(9, 9, 9, 9)),
            programVersion: "belay 1.0"
        )
        #expect(try SnapshotCoding.decode(SnapshotCoding.encode(snapshot)) == snapshot)
        var summary = Snapshot.Summary()
        summary.dataAdded = .max
        summary.totalFilesProcessed = 7
        snapshot.summary = summary
        #expect(try SnapshotCoding.decode(SnapshotCoding.encode(snapshot)) == snapshot)
    }

    @Test func `needs nothing but a tree`() throws {
        let id = String(repeating: "ab", count: 32)
        let snapshot = try SnapshotCoding.decode(Array(#"{"tree":"\#(id)","paths":null,"x":1}"#.utf8))
        #expect(snapshot.tree.hexadecimal == id)
        #expect(snapshot.time == .missing)
        for text in [
            "{}", #"{"tree":null}"#, #"{"tree":"ab"}"#, #"{"tree":"\#(id)","parent":"x"}"#,
            #"{"tree":"\#(id)","uid":-1}"#, #"{"tree":"\#(id)","uid":1.0}"#, #"{"tree":"\#(id)","uid":1e3}"#,
        ] {
            #expect(throws: FormatError.self) { try SnapshotCoding.decode(Array(text.utf8)) }
        }
    }
}
