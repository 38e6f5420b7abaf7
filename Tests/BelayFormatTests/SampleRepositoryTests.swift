import BelayCore
import BelayFormat
import Testing

@Suite struct `A sample repository` {
    /// Everything in one repository, opened and read.
    private struct Contents {
        let sample: Vectors.SampleRepository
        let archive: TarArchive
        let envelope: Envelope
        let config: RepositoryConfig
        var blobs: [BlobHandle: [UInt8]] = [:]
        var packs: [PackEntry] = []

        init(_ sample: Vectors.SampleRepository) throws {
            self.sample = sample
            archive = try TarArchive(try #require(Base64.decode(sample.tarBase64.utf8)))
            let master = try MasterKey(json: Array(sample.masterKeyJson.utf8))
            envelope = Envelope(key: master)
            let sealed = try #require(archive.files["repo/config"])
            let text = try envelope.open(sealed)
            #expect(text == Array(sample.configJson.utf8))
            config = try RepositoryConfig.decode(text)
            #expect(config.encode() == text)
            try readPacks()
        }

        private mutating func readPacks() throws {
            let decompressor = ZstdDecompressor()
            for (name, bytes) in archive.folder("repo/data") {
                #expect(BlobHasher.digest(bytes).hexadecimal == name)
                let blobs = try bytes.withBytes {
                    try PackHeader.open(tail: $0, packLength: bytes.count, with: envelope)
                }
                packs.append(PackEntry(id: try #require(PackID(hexadecimal: name)), blobs: blobs))
                for blob in blobs {
                    var plain = try envelope.open(
                        Array(bytes[Int(blob.offset)..<Int(blob.offset + blob.length)])
                    )
                    if blob.isCompressed {
                        plain = try plain.withBytes { (frame) throws(FormatError) in
                            try [UInt8](capacity: blob.plainLength) { (target) throws(FormatError) in
                                let exact = UnsafeMutableRawBufferPointer(
                                    rebasing: target[..<blob.plainLength]
                                )
                                return try decompressor.decompress(frame, into: exact)
                            }
                        }
                    }
                    #expect(plain.count == blob.plainLength)
                    #expect(BlobID(BlobHasher.digest(plain)) == blob.id)
                    self.blobs[blob.handle] = plain
                }
            }
        }

        /// The JSON text of each file in a folder, by name.
        func texts(_ folder: String) throws -> [String: [UInt8]] {
            let decompressor = ZstdDecompressor()
            return try Dictionary(
                uniqueKeysWithValues: archive.folder("repo/" + folder).map { name, bytes in
                    #expect(BlobHasher.digest(bytes).hexadecimal == name)
                    return (
                        name,
                        try UnpackedFile.decode(
                            bytes,
                            version: config.version,
                            envelope: envelope,
                            decompressor: decompressor
                        )
                    )
                }
            )
        }
    }

    private static let count = 3

    private func contents(_ index: Int) throws -> Contents {
        try Contents(Vectors.shared.get().sampleRepositories[index])
    }

    @Test(arguments: 0..<count) func `opens with its passwords`(index: Int) throws {
        let contents = try contents(index)
        let keys = contents.archive.folder("repo/keys")
        #expect(keys.map(\.name) == contents.sample.keyIds.sorted())
        for password in [contents.sample.password, contents.sample.secondPassword].compactMap({ $0 }) {
            var opened: [[UInt8]] = []
            for key in keys {
                let file = try KeyFile.decode(key.bytes)
                #expect(file.encode() == key.bytes)
                if let master = try unlocked(file, password) { opened.append(master.json()) }
            }
            #expect(opened == [Array(contents.sample.masterKeyJson.utf8)])
        }
    }

    /// The master key, or `nil` if the key file has another password.
    private func unlocked(_ file: KeyFile, _ password: String) throws(FormatError) -> MasterKey? {
        do {
            return try file.unlock(password: Array(password.utf8))
        } catch {
            guard error == .wrongPassword else { throw error }
            return nil
        }
    }

    @Test(arguments: 0..<count) func `has packs that agree with its index`(index: Int) throws {
        let contents = try contents(index)
        #expect(contents.packs.map(\.id.hexadecimal) == contents.sample.packIds.sorted())
        let texts = try contents.texts("index")
        #expect(texts.count == contents.sample.indexFiles.count)
        var indexed: [PackID: Set<IndexedBlob>] = [:]
        for expected in contents.sample.indexFiles {
            let text = try #require(texts[expected.id])
            #expect(String(decoding: text, as: UTF8.self) == expected.utf8)
            let file = try IndexFile.decode(text)
            for pack in file.packs { indexed[pack.id, default: []].formUnion(pack.blobs) }
            #expect(file.encode() == text || file.encode() == text + [0x0A])
        }
        for pack in contents.packs {
            #expect(indexed[pack.id] == Set(pack.blobs))
        }
    }

    @Test(arguments: 0..<count) func `has snapshots and trees that are rewritten byte for byte`(
        index: Int
    ) throws {
        let contents = try contents(index)
        let texts = try contents.texts("snapshots")
        #expect(texts.count == contents.sample.snapshots.count)
        for expected in contents.sample.snapshots {
            let text = try #require(texts[expected.id])
            #expect(String(decoding: text, as: UTF8.self) == expected.json)
            #expect(SnapshotCoding.encode(try SnapshotCoding.decode(text)) == text)
        }
        for expected in contents.sample.trees {
            let id = try #require(BlobID(hexadecimal: expected.id))
            let text = try #require(contents.blobs[BlobHandle(.tree, id)])
            #expect(String(decoding: text, as: UTF8.self) == expected.utf8)
            #expect(TreeEncoding.encode(try TreeDecoding.decode(text).nodes) == text)
            #expect(try TreeDecoding.examine(text).irregularities == [])
        }
        #expect(contents.sample.trees.count == contents.blobs.keys.filter { $0.type == .tree }.count)
    }

    @Test(arguments: 0..<count) func `holds every file of every snapshot`(index: Int) throws {
        let contents = try contents(index)
        for expected in contents.sample.snapshots {
            let snapshot = try SnapshotCoding.decode(Array(expected.json.utf8))
            var found: [String: Node] = [:]
            try walk(snapshot.tree, path: [], contents: contents, into: &found)
            #expect(Set(found.keys) == Set(expected.entries.map(\.pathHex)))
            for entry in expected.entries {
                let node = try #require(found[entry.pathHex])
                #expect(node.kind.word == entry.type)
                guard let digest = entry.sha256, let content = node.content else { continue }
                var bytes: [UInt8] = []
                for id in content { bytes += try #require(contents.blobs[BlobHandle(.data, id)]) }
                #expect(BlobHasher.digest(bytes).hexadecimal == digest)
                #expect(UInt64(bytes.count) == node.size)
            }
        }
    }

    private func walk(
        _ id: BlobID,
        path: [UInt8],
        contents: Contents,
        into found: inout [String: Node]
    ) throws {
        let tree = try TreeDecoding.decode(try #require(contents.blobs[BlobHandle(.tree, id)]))
        for node in tree.nodes {
            let path = path + [0x2F] + node.name.bytes
            found[Hexadecimal.text(path)] = node
            #expect(tree.node(named: node.name) == node)
            if let subtree = node.subtree { try walk(subtree, path: path, contents: contents, into: &found) }
        }
    }
}
