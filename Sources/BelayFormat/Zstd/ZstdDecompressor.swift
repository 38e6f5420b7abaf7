import CZstd

/// Decompresses zstd frames, one blob after another with the same context.
///
/// Each worker has its own. Several frames in a row and skippable ones are accepted; anything else before,
/// between or after them, a dictionary, and a window above 512 MiB are refused, as restic does.
package final class ZstdDecompressor {
    private let context: OpaquePointer

    /// A decompressor with a context of its own.
    package init() {
        guard let context = ZSTD_createDCtx() else {
            // Invariant: this fails only when memory runs out, as any allocation would.
            fatalError("libzstd failed: out of memory")
        }
        self.context = context
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZstdFrame.windowMaximumLog)
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Decompresses `source`, whose content must fill `target` exactly.
    ///
    /// The length is known from the pack's header or the index. One that is wrong must be noticed here:
    /// nothing later would, and chunks after it would be restored to wrong places.
    @discardableResult
    package func decompress(
        _ source: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> Int {
        _ = try ZstdFrame.all(in: source)
        let length = ZSTD_decompressDCtx(
            context,
            target.baseAddress,
            target.count,
            source.baseAddress,
            source.count
        )
        guard ZSTD_isError(length) == 0 else { throw ZstdFrame.malformed(ZstdFrame.errorName(length)) }
        guard length == target.count else {
            throw ZstdFrame.malformed("it has \(length) bytes of content instead of \(target.count)")
        }
        return length
    }

    /// The content of `source`, whose length is not known before, but is at most `limit` bytes.
    package func decompress(
        _ source: UnsafeRawBufferPointer,
        limit: Int
    ) throws(FormatError) -> [UInt8] {
        var known = 0
        var isKnown = true
        for frame in try ZstdFrame.all(in: source) {
            let (sum, overflow) = known.addingReportingOverflow(frame.contentLength ?? 0)
            guard !overflow, sum <= limit else { throw tooLarge(limit) }
            known = sum
            if frame.contentLength == nil { isKnown = false }
        }
        guard isKnown else { return try stream(source, limit: limit) }
        return try [UInt8](capacity: known) { (target) throws(FormatError) in
            try decompress(source, into: UnsafeMutableRawBufferPointer(rebasing: target[..<known]))
        }
    }

    private func stream(_ source: UnsafeRawBufferPointer, limit: Int) throws(FormatError) -> [UInt8] {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        var content: [UInt8] = []
        var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var pending = 1
        while true {
            // One byte beyond the limit tells content that exceeds it from content that just fits.
            let room = min(max(16 * 1024, content.count), limit + 1 - content.count)
            guard room > 0 else { throw tooLarge(limit) }
            var hasFilledRoom = false
            try content.append(capacity: room) { (target) throws(FormatError) in
                var output = ZSTD_outBuffer(dst: target.baseAddress, size: room, pos: 0)
                repeat {
                    pending = ZSTD_decompressStream(context, &output, &input)
                    guard ZSTD_isError(pending) == 0 else {
                        throw ZstdFrame.malformed(ZstdFrame.errorName(pending))
                    }
                } while input.pos < input.size && output.pos < output.size
                hasFilledRoom = output.pos == output.size
                return output.pos
            }
            // With room left, the library had nothing more to give.
            if input.pos == input.size, !hasFilledRoom || pending == 0 { break }
        }
        guard pending == 0 else { throw ZstdFrame.malformed("it ends within a frame") }
        guard content.count <= limit else { throw tooLarge(limit) }
        return content
    }

    private func tooLarge(_ limit: Int) -> FormatError {
        .tooLarge(what: "the content of a zstd frame in bytes", limit: limit)
    }
}
