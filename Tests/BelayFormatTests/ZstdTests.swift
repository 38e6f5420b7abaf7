import BelayFormat
import Testing

@Suite struct `A compressor` {
    @Test(arguments: CompressionLevel.allCases, [0, 1, 255, 256, 5000, 300_000])
    func `gives frames that come back`(level: CompressionLevel, length: Int) throws {
        let plain =
            Array(stream("zstd", length: 1000).prefix(length))
            + [UInt8](repeating: 7, count: max(0, length - 1000))
        let frame = try ZstdCompressor(level: level).compress(plain)
        let decompressor = ZstdDecompressor()
        let back = try frame.withBytes { (frame) throws(FormatError) in
            try [UInt8](capacity: length) { (target) throws(FormatError) in
                try decompressor.decompress(
                    frame,
                    into: UnsafeMutableRawBufferPointer(rebasing: target[..<length])
                )
            }
        }
        #expect(back == plain)
        #expect(try decompress(frame, limit: length) == plain)
        // A frame header with content size and without checksum.
        #expect(frame[4] & 0b100 == 0)
        #expect(frame[4] >> 6 != 0 || frame[4] & 0x20 != 0)
    }

    @Test func `tells when the room does not do`() throws {
        let compressor = ZstdCompressor(level: .auto)
        let random = stream("random", length: 10_000)
        var target = [UInt8](repeating: 0, count: 9000)
        let length = try random.withBytes { (random) throws(FormatError) in
            try target.withMutableBytes { (target) throws(FormatError) in
                try compressor.compressIfFits(random, into: target)
            }
        }
        #expect(length == nil)
        #expect(throws: FormatError.self) {
            try random.withBytes { (random) throws(FormatError) in
                try target.withMutableBytes { (target) throws(FormatError) in
                    _ = try compressor.compress(random, into: target)
                }
            }
        }
        // The context is usable afterwards.
        #expect(try decompress(compressor.compress(random), limit: 10_000) == random)
    }

    @Test func `knows random bytes from others`() {
        let compressor = ZstdCompressor(level: .auto)
        func looks(_ bytes: [UInt8]) -> Bool { bytes.withBytes { compressor.looksIncompressible($0) } }
        for length in [4096, 70_000, 1 << 20] {
            #expect(looks(stream("random", length: length)))
            #expect(!looks([UInt8](repeating: 0, count: length)))
            #expect(!looks((0..<length).map { UInt8(truncatingIfNeeded: $0) }))
            let text = Array("the quick brown fox jumps over the lazy dog. ".utf8)
            #expect(!looks((0..<length).map { text[$0 % text.count] }))
        }
        // Evenly distributed, but the same 20 KiB again and again.
        let piece = stream("repeated", length: 20_000)
        #expect(!looks((0..<200_000).map { piece[$0 % piece.count] }))
        #expect(!looks(stream("short", length: 100)))
        #expect(!looks([]))
    }
}

@Suite struct `A decompressor` {
    private let plain = stream("plain", length: 300) + [UInt8](repeating: 1, count: 40_000)

    private func frame() throws -> [UInt8] { try ZstdCompressor(level: .fastest).compress(plain) }

    @Test func `refuses a length that is not exact`() throws {
        let frame = try frame()
        let decompressor = ZstdDecompressor()
        for length in [0, plain.count - 1, plain.count + 1, 2 * plain.count] {
            var target = [UInt8](repeating: 0, count: length)
            #expect(throws: FormatError.self) {
                try frame.withBytes { (frame) throws(FormatError) in
                    try target.withMutableBytes { (target) throws(FormatError) in
                        _ = try decompressor.decompress(frame, into: target)
                    }
                }
            }
        }
    }

    @Test func `accepts several frames and skippable ones`() throws {
        let skippable: [UInt8] = [0x53, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9]
        let frames = try skippable + frame() + skippable + frame()
        #expect(try decompress(frames, limit: 200_000) == plain + plain)
        #expect(try decompress(skippable, limit: 10) == [])
    }

    @Test func `does not need the content size`() throws {
        // Magic, a 1 KiB window, one raw block with five bytes, one run of 1000 bytes.
        let frame: [UInt8] = [
            0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x28, 0x00, 0x00, 1, 2, 3, 4, 5, 0x43, 0x1F, 0x00, 6,
        ]
        let content = [1, 2, 3, 4, 5] + [UInt8](repeating: 6, count: 1000)
        #expect(try decompress(frame, limit: 1005) == content)
        #expect(try decompress(frame + frame, limit: 2010) == content + content)
        #expect(throws: FormatError.tooLarge(what: "the content of a zstd frame in bytes", limit: 1004)) {
            try decompress(frame, limit: 1004)
        }
        #expect(throws: FormatError.self) { try decompress(frame, limit: 0) }
    }

    @Test func `refuses what is no frame before, between and after`() throws {
        let frame = try frame()
        for wrong in [
            [], frame + [0], frame + [0x28, 0xB5], [0] + frame, frame + [0, 1, 2, 3, 4, 5, 6, 7, 8] + frame,
        ] {
            #expect(throws: FormatError.self) { try decompress(wrong, limit: 1 << 20) }
        }
        for length in 0..<frame.count {
            #expect(throws: FormatError.self) { try decompress(Array(frame[..<length]), limit: 1 << 20) }
        }
    }

    @Test func `refuses a window above 512 MiB and a dictionary`() {
        let block: [UInt8] = [0x09, 0, 0, 65]
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        #expect(throws: FormatError.unsupported(what: "zstd frame", detail: "its window exceeds 512 MiB")) {
            try decompress(magic + [0x00, 20 << 3] + block, limit: 100)
        }
        #expect(throws: FormatError.unsupported(what: "zstd frame", detail: "it needs a dictionary")) {
            try decompress(magic + [0x01, 0x00, 7] + block, limit: 100)
        }
        #expect(throws: Never.self) { try decompress(magic + [0x00, 19 << 3] + block, limit: 100) }
    }

    @Test func `stops at the limit, whatever the header says`() throws {
        #expect(throws: FormatError.self) { try decompress(frame(), limit: plain.count - 1) }
        // A content size of 2^64 - 1.
        let claim: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0xE0] + [UInt8](repeating: 0xFF, count: 8) + [1, 0, 0]
        #expect(throws: FormatError.self) { try decompress(claim, limit: 1 << 20) }
    }
}

func decompress(_ frame: [UInt8], limit: Int) throws(FormatError) -> [UInt8] {
    let decompressor = ZstdDecompressor()
    return try frame.withBytes { (frame) throws(FormatError) in
        try decompressor.decompress(frame, limit: limit)
    }
}
