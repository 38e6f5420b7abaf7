import CZstd

/// Compresses blobs to zstd frames, one after another with the same context.
///
/// Each worker has its own. Frames state the length of their content and carry no checksum: the envelope's
/// tag and the blob's digest protect it already.
package final class ZstdCompressor {
    package let level: CompressionLevel

    private let context: OpaquePointer
    private let probe = CompressibilityProbe()

    /// A compressor with a context of its own, some hundred KiB to some MiB depending on the level.
    package init(level: CompressionLevel) {
        self.level = level
        guard let context = ZSTD_createCCtx() else {
            // Invariant: this fails only when memory runs out, as any allocation would.
            fatalError("libzstd failed: out of memory")
        }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level.zstdLevel)
    }

    deinit { ZSTD_freeCCtx(context) }

    /// The most bytes that compressing `count` bytes can yield.
    package static func bound(_ count: Int) -> Int {
        ZSTD_compressBound(count)
    }

    /// Compresses `source` into the start of `target` and returns the length of the frame.
    ///
    /// With room for ``bound(_:)`` bytes it does not fail on account of the content.
    package func compress(
        _ source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> Int {
        let length = ZSTD_compress2(
            context,
            target.baseAddress,
            target.count,
            source.baseAddress,
            source.count
        )
        guard ZSTD_isError(length) == 0 else { throw .engine("zstd: \(ZstdFrame.errorName(length))") }
        return length
    }

    /// Compresses like ``compress(_:into:)``, but returns `nil` if `target` is too small.
    ///
    /// A target shorter than the source thus gives up on what does not become smaller.
    package func compressIfFits(
        _ source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> Int? {
        let length = ZSTD_compress2(
            context,
            target.baseAddress,
            target.count,
            source.baseAddress,
            source.count
        )
        if ZSTD_isError(length) == 0 { return length }
        guard ZSTD_getErrorCode(length) == ZSTD_error_dstSize_tooSmall else {
            throw .engine("zstd: \(ZstdFrame.errorName(length))")
        }
        return nil
    }

    /// The frame of `source`.
    package func compress(_ source: [UInt8]) throws(FormatError) -> [UInt8] {
        try source.withBytes { (source) throws(FormatError) in
            try [UInt8](capacity: Self.bound(source.count)) { (target) throws(FormatError) in
                try compress(source, into: target)
            }
        }
    }

    /// Whether compressing `bytes` would not be worth it, from a look at a few of them.
    ///
    /// May be wrong either way; then a blob is stored larger than it need be, or compressed in vain.
    package func looksIncompressible(_ bytes: UnsafeRawBufferPointer) -> Bool {
        probe.looksIncompressible(bytes)
    }
}
