package import BelayCore
package import BelayFormat
import BelaySystem

/// Turns plain blobs into sealed ones; one for each worker, with its own contexts and scratch memory.
package final class BlobEncoder {
    private let envelope: Envelope
    private let compressor: ZstdCompressor?
    private lazy var treeCompressor = compressor ?? ZstdCompressor(level: .auto)
    private var random = RandomBytes()
    /// Room for the vector, then the compressed blob, which is sealed where it stands.
    private var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    package init(_ repository: Repository, level: CompressionLevel) {
        envelope = repository.makeEnvelope()
        compressor = level == .off ? nil : ZstdCompressor(level: level)
    }

    deinit { scratch.deallocate() }

    /// A sealed blob, valid until the next call, and what its location must say of it.
    package struct Sealed {
        package var bytes: UnsafeRawBufferPointer
        /// 0 if it was not worth compressing.
        package var uncompressedLength: UInt32
    }

    /// Compresses and seals a blob.
    ///
    /// Data that does not get smaller is sealed as it is: just as valid, and quicker to read. Trees are always
    /// compressed, because restic writes packs with others anew.
    package func encode(_ plain: UnsafeRawBufferPointer, type: BlobType) throws -> Sealed {
        var payload = plain
        var uncompressedLength: UInt32 = 0
        let isTree = type == .tree
        if let compressor = isTree ? treeCompressor : compressor, plain.count > 0,
            isTree || !compressor.looksIncompressible(plain)
        {
            Self.reserve(ZstdCompressor.bound(plain.count) + Envelope.overhead, in: &scratch)
            let room = UnsafeMutableRawBufferPointer(rebasing: scratch[Self.vectorLength...])
            let count = try compressor.compress(plain, into: room)
            if isTree || count < plain.count {
                payload = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(room)[..<count])
                uncompressedLength = UInt32(plain.count)
            }
        }
        Self.reserve(payload.count + Envelope.overhead, in: &scratch)
        let count = envelope.seal(payload, iv: random.pair(), into: scratch)
        return Sealed(
            bytes: UnsafeRawBufferPointer(rebasing: scratch[..<count]),
            uncompressedLength: uncompressedLength
        )
    }

    /// The vector stands before the sealed bytes.
    private static let vectorLength = 16

    private static func reserve(_ count: Int, in buffer: inout UnsafeMutableRawBufferPointer) {
        if buffer.count >= count { return }
        buffer.deallocate()
        buffer = .allocate(byteCount: max(count, 256 << 10), alignment: 64)
    }
}

/// Turns sealed blobs into plain ones; one for each worker.
package final class BlobDecoder {
    private let envelope: Envelope
    private let decompressor = ZstdDecompressor()
    private var opened = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    package init(_ repository: Repository) {
        envelope = repository.makeEnvelope()
    }

    deinit { opened.deallocate() }

    /// Opens and decompresses a blob into `target`, which has exactly the blob's plain length.
    ///
    /// The seal and the length are checked; whether the bytes have the hash they should is the caller's to
    /// check, since hashes of many blobs are made at once.
    package func decode(
        _ sealed: UnsafeRawBufferPointer,
        isCompressed: Bool,
        into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        if !isCompressed {
            guard sealed.count == target.count + Envelope.overhead else {
                throw .malformed(what: "blob", detail: "its length is not what the index says")
            }
            _ = try envelope.open(sealed, into: target)
            return
        }
        if opened.count < sealed.count {
            opened.deallocate()
            opened = .allocate(byteCount: max(sealed.count, 256 << 10), alignment: 64)
        }
        let count = try envelope.open(sealed, into: opened)
        let length = try decompressor.decompress(
            UnsafeRawBufferPointer(rebasing: opened[..<count]),
            into: target
        )
        guard length == target.count else {
            throw .malformed(
                what: "blob",
                detail: "it decompresses to \(length) bytes instead of \(target.count)"
            )
        }
    }

    /// Opens, decompresses and checks a blob against its id.
    package func decode(
        _ sealed: UnsafeRawBufferPointer,
        at location: BlobLocation,
        id: BlobID
    ) throws(FormatError) -> [UInt8] {
        var failure: FormatError?
        let plain = [UInt8](unsafeUninitializedCapacity: location.plainLength) { buffer, count in
            let target = UnsafeMutableRawBufferPointer(buffer.extracting(..<location.plainLength))
            do throws(FormatError) {
                try decode(sealed, isCompressed: location.isCompressed, into: target)
                count = location.plainLength
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard BlobHasher.digest(plain) == id.digest else {
            throw .malformed(what: "blob", detail: "its contents do not match its id")
        }
        return plain
    }
}
