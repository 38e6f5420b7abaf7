import BelayCore
import BelayFormat
import Testing

@Suite struct `A pack` {
    private let envelope = Envelope(key: MasterKey(randomBytes: (1...64).map { UInt8($0) }))

    private func build(_ blobs: [[UInt8]], into builder: inout PackBuilder) throws -> FinishedPack {
        let compressor = ZstdCompressor(level: .auto)
        for (index, blob) in blobs.enumerated() {
            let payload = index.isMultiple(of: 2) ? blob : try compressor.compress(blob)
            payload.withBytes { payload in
                builder.append(
                    type: index % 3 == 0 ? .tree : .data,
                    id: BlobID(BlobHasher.digest(blob)),
                    uncompressedLength: index.isMultiple(of: 2) ? 0 : UInt32(blob.count),
                    maximumLength: payload.count + Envelope.overhead + 50
                ) { envelope.seal(payload, into: $0) }
            }
        }
        let expected = builder.packLength
        let pack = try builder.finish(with: envelope)
        #expect(pack.bytes.count == expected)
        return pack
    }

    private func open(_ tail: ArraySlice<UInt8>, packLength: Int) throws(FormatError) -> [IndexedBlob] {
        try Array(tail).withBytes { (tail) throws(FormatError) in
            try PackHeader.open(tail: tail, packLength: packLength, with: envelope)
        }
    }

    private let contents: [[UInt8]] = [
        Array("tree".utf8), stream("one", length: 5000), stream("two", length: 1), Array("text".utf8) + [10],
    ]

    @Test func `tells from its end what it holds`() throws {
        var builder = PackBuilder(capacity: 1000)
        let pack = try build(contents, into: &builder)
        #expect(builder.isEmpty)
        #expect(pack.id == PackID(BlobHasher.digest(pack.bytes)))
        #expect(PackLayout.packLength(pack.entry.blobs) == pack.bytes.count)
        let blobs = try open(pack.bytes.suffix(PackHeader.probeLength), packLength: pack.bytes.count)
        #expect(blobs == pack.entry.blobs)
        for (blob, content) in zip(blobs, contents) {
            let sealed = Array(pack.bytes[Int(blob.offset)..<Int(blob.offset + blob.length)])
            let payload = try envelope.open(sealed)
            let plain = try blob.isCompressed ? decompress(payload, limit: blob.plainLength) : payload
            #expect(plain == content)
        }
    }

    @Test func `is built again in the same memory`() throws {
        var builder = PackBuilder()
        let first = try build(contents, into: &builder)
        builder.reset(reusing: first.bytes)
        #expect(builder.packLength == 36)
        let second = try build(contents.reversed(), into: &builder)
        #expect(second.entry.blobs.count == contents.count)
        #expect(try open(second.bytes[...], packLength: second.bytes.count) == second.entry.blobs)
    }

    @Test func `takes blobs from other packs as they are`() throws {
        var builder = PackBuilder()
        let source = try build(contents, into: &builder)
        for blob in source.entry.blobs.reversed() {
            source.bytes.withBytes {
                let sealed = $0[Int(blob.offset)..<Int(blob.offset + blob.length)]
                builder.append(UnsafeRawBufferPointer(rebasing: sealed), as: blob)
            }
        }
        let copy = try builder.finish(with: envelope)
        #expect(copy.bytes.count == source.bytes.count)
        #expect(copy.entry.blobs.map(\.handle) == source.entry.blobs.reversed().map(\.handle))
    }

    @Test func `does not gain a blob whose writing failed`() throws {
        var builder = PackBuilder()
        #expect(throws: FormatError.wrongPassword) {
            try builder.append(
                type: .data,
                id: BlobID(Digest(1, 2, 3, 4)),
                uncompressedLength: 0,
                maximumLength: 100
            ) { (_) throws(FormatError) in throw FormatError.wrongPassword }
        }
        #expect(builder.isEmpty)
        #expect(builder.packLength == 36)
    }

    @Test func `is refused when truncated, extended or altered`() throws {
        var builder = PackBuilder()
        let bytes = try build([[1], [2, 3]], into: &builder).bytes
        for length in 0..<bytes.count {
            #expect(throws: FormatError.self) { try open(bytes[..<length], packLength: length) }
        }
        #expect(throws: FormatError.self) { try open([0] + bytes, packLength: bytes.count + 1) }
        #expect(throws: FormatError.self) { try open(bytes[...], packLength: bytes.count + 1) }
        let headerStart = bytes.count - 4 - 32 - 37 - 41
        for position in headerStart..<bytes.count {
            var damaged = bytes
            damaged[position] ^= 0x40
            #expect(throws: FormatError.self) { try open(damaged[...], packLength: damaged.count) }
        }
    }

    @Test func `has limits`() {
        #expect(PackHeader.probeLength == 651)
        #expect(PackHeader.packLengthMinimum == 73)
        #expect(PackHeader.size(entries: []) == 36)
        let builder = PackBuilder()
        #expect(builder.hasRoom(for: 20 << 20))
        #expect(!builder.hasRoom(for: 1 << 32))
    }

    @Test func `has no gaps, overlaps or foreign bytes`() throws {
        func blob(_ offset: UInt32, _ length: UInt32) -> IndexedBlob {
            IndexedBlob(
                type: .data,
                id: BlobID(Digest(0, 0, 0, 1)),
                offset: offset,
                length: length,
                uncompressedLength: 0
            )
        }
        try PackLayout.check([blob(40, 60), blob(0, 40)], packLength: 100 + 36 + 74)
        for (blobs, length) in [
            ([blob(0, 40), blob(41, 60)], 101 + 110), ([blob(1, 40)], 41 + 73),
            ([blob(0, 40), blob(39, 60)], 210),
            ([blob(0, 40)], 40 + 72), ([blob(0, 40)], 40 + 74), ([blob(.max, .max), blob(0, .max)], 73),
        ] {
            #expect(throws: FormatError.self) { try PackLayout.check(blobs, packLength: length) }
        }
    }

    @Test func `has a header of known types only`() {
        let id = [UInt8](repeating: 5, count: 32)
        for header in [
            [4, 40, 0, 0, 0] + id, [0, 31, 0, 0, 0] + id, [2, 40, 0, 0, 0, 0, 0, 0, 0] + id, [0, 40],
        ] {
            #expect(throws: FormatError.self) {
                try header.withBytes { (header) throws(FormatError) in _ = try PackHeader.decode(header) }
            }
        }
    }
}
