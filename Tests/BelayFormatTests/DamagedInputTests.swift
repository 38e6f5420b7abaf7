import BelayCore
import BelayFormat
import Testing

/// No decoder may trap, whatever it is given; what it makes of it does not matter here.
@Suite struct `Damaged input` {
    private struct Decoder {
        let name: String
        let seeds: [[UInt8]]
        let decode: ([UInt8]) throws -> Void
    }

    private func decoders() throws -> [Decoder] {
        let vectors = try Vectors.shared.get()
        let sample = vectors.sampleRepositories[0]
        let compressor = ZstdCompressor(level: .auto)
        let decompressor = ZstdDecompressor()
        let header = PackHeader.encode(
            (0..<4).map {
                IndexedBlob(
                    type: .data,
                    id: BlobID(Digest(1, 2, 3, UInt64($0))),
                    offset: 0,
                    length: 50,
                    uncompressedLength: UInt32($0)
                )
            }
        )
        return [
            Decoder(name: "tree", seeds: sample.trees.map { Array($0.utf8.utf8) }) {
                let tree = try TreeDecoding.decode($0)
                _ = TreeEncoding.encode(tree.nodes.isEmpty ? [] : [tree.nodes[0]])
            },
            Decoder(name: "node", seeds: vectors.nodes.vectors.map { Array($0.utf8) }) {
                _ = TreeEncoding.encode(try TreeDecoding.node($0))
            },
            Decoder(name: "examination", seeds: sample.trees.map { Array($0.utf8.utf8) }) {
                _ = try TreeDecoding.examine($0)
            },
            Decoder(name: "snapshot", seeds: sample.snapshots.map { Array($0.json.utf8) }) {
                _ = SnapshotCoding.encode(try SnapshotCoding.decode($0))
            },
            Decoder(name: "index", seeds: sample.indexFiles.map { Array($0.utf8.utf8) }) {
                _ = try IndexFile.decode($0).encode()
            },
            Decoder(name: "config", seeds: [Array(sample.configJson.utf8)]) {
                _ = try RepositoryConfig.decode($0).encode()
            },
            Decoder(name: "master key", seeds: [Array(sample.masterKeyJson.utf8)]) {
                _ = try MasterKey(json: $0).json()
            },
            Decoder(name: "key file", seeds: vectors.kdf.map { Array($0.keyFileText.utf8) }) {
                _ = try KeyFile.decode($0).encode()
            },
            Decoder(name: "name", seeds: vectors.names.vectors.map { Array($0.goQuoted.utf8) }) {
                _ = NameQuoting.unquoted($0)
            },
            Decoder(name: "time", seeds: vectors.times.map { Array($0.text.utf8) }) { text in
                if let time = text.withBytes({ TimestampText.parse($0) }) { _ = TimestampText.text(time) }
            },
            Decoder(name: "pack header", seeds: [header]) {
                try $0.withBytes { (bytes) throws(FormatError) in
                    try PackLayout.check(try PackHeader.decode(bytes), packLength: 400)
                }
            },
            Decoder(
                name: "zstd",
                seeds: try sample.trees.prefix(3).map { try compressor.compress(Array($0.utf8.utf8)) }
            ) {
                try $0.withBytes { (bytes) throws(FormatError) in
                    _ = try decompressor.decompress(bytes, limit: 1 << 16)
                    var target = [UInt8](repeating: 0, count: 1 << 12)
                    try target.withMutableBytes { (target) throws(FormatError) in
                        _ = try decompressor.decompress(bytes, into: target)
                    }
                }
            },
        ]
    }

    @Test func `does no harm at any length`() throws {
        for decoder in try decoders() {
            for seed in decoder.seeds.prefix(6) {
                // Long seeds are cut at every length near their ends and at some between.
                let step = max(1, seed.count / 400)
                for length in stride(from: 0, to: seed.count, by: step) {
                    attempt(decoder, Array(seed[..<length]))
                }
            }
        }
    }

    @Test func `does no harm with any bit flipped`() throws {
        for decoder in try decoders() {
            guard let seed = decoder.seeds.max(by: { $0.count < $1.count }) else { continue }
            let step = max(1, seed.count * 8 / 3000)
            for bit in stride(from: 0, to: seed.count * 8, by: step) {
                var damaged = seed
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                attempt(decoder, damaged)
            }
        }
    }

    @Test(arguments: [UInt64(20_240_501)])
    func `does no harm after random changes`(seed: UInt64) throws {
        #if DEBUG
        let rounds = 1500
        #else
        let rounds = 20_000
        #endif
        var generator = SeededGenerator(seed: seed)
        for decoder in try decoders() {
            for _ in 0..<rounds {
                let start = decoder.seeds.randomElement(using: &generator) ?? []
                attempt(decoder, mutated(start, using: &generator))
            }
        }
    }

    private func attempt(_ decoder: Decoder, _ bytes: [UInt8]) {
        do { try decoder.decode(bytes) } catch {
            #expect(error is FormatError, "\(decoder.name)")
        }
    }

    private func mutated(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        let interesting = Array("\"\\{}[],:0-9.eEun\u{0}".utf8) + [0xFF, 0x80, 0xED, 0xF4]
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let position = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0 where position < bytes.count:
                bytes[position] = UInt8(truncatingIfNeeded: generator.next())
            case 1 where position < bytes.count:
                bytes[position] = interesting.randomElement(using: &generator) ?? 0
            case 2: bytes.insert(interesting.randomElement(using: &generator) ?? 0, at: position)
            case 3 where position < bytes.count:
                let end = min(bytes.count, position + Int.random(in: 1...40, using: &generator))
                bytes.removeSubrange(position..<end)
            case 4 where position < bytes.count:
                let end = min(bytes.count, position + Int.random(in: 1...60, using: &generator))
                bytes.insert(contentsOf: Array(bytes[position..<end]), at: position)
            default:
                if position < bytes.count { bytes[position] ^= 1 << UInt8(generator.next() & 7) }
            }
        }
        return bytes
    }
}
