import BelayCore
import BelayFormat
import Testing

@Suite struct `An envelope` {
    private func key() throws -> MasterKey {
        try MasterKey(json: Array(Vectors.shared.get().mac.key.masterKeyJson.utf8))
    }

    @Test func `seals and opens the published vectors`() throws {
        let envelope = Envelope(key: try key())
        for vector in try Vectors.shared.get().mac.vectors {
            let iv = try bytes(vector.ivHex)
            let words = iv.withBytes {
                (
                    UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                    UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                )
            }
            let plain = try bytes(vector.plaintextHex)
            let sealed = try bytes(vector.sealedHex)
            let result = plain.withBytes { plain in
                [UInt8](capacity: plain.count + Envelope.overhead) {
                    envelope.seal(plain, iv: words, into: $0)
                }
            }
            #expect(result == sealed, "\(vector.label)")
            #expect(try envelope.open(sealed) == plain, "\(vector.label)")
        }
    }

    @Test(arguments: [0, 1, 15, 16, 17, 16383, 16384, 16385, 100_000])
    func `opens what it sealed`(length: Int) throws {
        let envelope = Envelope(key: try key())
        let plain = stream("envelope", length: length)
        let sealed = envelope.seal(plain)
        #expect(sealed.count == length + 32)
        #expect(sealed != envelope.seal(plain), "no IV is used twice")
        #expect(try envelope.open(sealed) == plain)
    }

    @Test(arguments: [1, 16, 40_000]) func `seals and opens in place`(length: Int) throws {
        let envelope = Envelope(key: try key())
        let plain = stream("in place", length: length)
        var buffer = [UInt8](repeating: 0, count: 16) + plain + [UInt8](repeating: 0, count: 16)
        buffer.withMutableBytes { buffer in
            _ = envelope.seal(
                UnsafeRawBufferPointer(rebasing: buffer[16..<16 + length]),
                iv: (1, 2),
                into: buffer
            )
        }
        #expect(try envelope.open(buffer) == plain)
        let count = try buffer.withMutableBytes { buffer in
            try envelope.open(
                UnsafeRawBufferPointer(buffer),
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[16...])
            )
        }
        #expect(count == length)
        #expect(Array(buffer[16..<16 + length]) == plain)
    }

    @Test func `notices every changed bit`() throws {
        let envelope = Envelope(key: try key())
        let sealed = envelope.seal(Array("forty bytes of plain text, no more of it".utf8))
        for bit in 0..<sealed.count * 8 {
            var damaged = sealed
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: FormatError.authenticationFailed) { try envelope.open(damaged) }
        }
    }

    @Test func `notices every truncation`() throws {
        let envelope = Envelope(key: try key())
        let sealed = envelope.seal(Array("some text".utf8))
        for length in 0..<sealed.count {
            #expect(throws: FormatError.self) { try envelope.open(Array(sealed[..<length])) }
        }
    }

    @Test func `refuses an IV of zero`() throws {
        let envelope = Envelope(key: try key())
        #expect(throws: FormatError.malformed(what: "envelope", detail: "its IV is zero")) {
            try envelope.open([UInt8](repeating: 0, count: 48))
        }
    }
}

@Suite struct `A blob hasher` {
    @Test func `knows the digest of nothing and of abc`() {
        let hasher = BlobHasher()
        #expect(
            hasher.finish().hexadecimal
                == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
        for part in ["a", "b", "c"] { Array(part.utf8).withBytes { hasher.update($0) } }
        let digest = hasher.finish()
        #expect(
            digest.hexadecimal == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        #expect(BlobHasher.digest(Array("abc".utf8)) == digest)
    }
}
