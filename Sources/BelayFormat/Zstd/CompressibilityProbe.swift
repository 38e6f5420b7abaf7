import CZstd

/// Tells from samples whether bytes are worth compressing.
///
/// First the distribution of byte values in a few samples, which costs about a microsecond and clears
/// almost everything that compresses; what is left is compressed in part at the fastest level.
final class CompressibilityProbe {
    /// Below this a frame is cheap enough to just try.
    private static let lengthMinimum = 4096
    private static let sampleCount = 8
    private static let sampleLength = 512
    /// How much is compressed to make sure.
    private static let trialLength = 64 * 1024

    private var context: OpaquePointer?
    private var trial: [UInt8] = []

    deinit { ZSTD_freeCCtx(context) }

    func looksIncompressible(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= Self.lengthMinimum, looksUniform(bytes) else { return false }
        return failsTrial(bytes)
    }

    /// Whether byte values are as evenly distributed as random ones.
    ///
    /// Of n uniform bytes the squared counts sum up to n + n²/256 on average; text has several times that.
    private func looksUniform(_ bytes: UnsafeRawBufferPointer) -> Bool {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            let distance = (bytes.count - Self.sampleLength) / (Self.sampleCount - 1)
            for sample in 0..<Self.sampleCount {
                let start = sample * distance
                for position in start..<start + Self.sampleLength { counts[Int(bytes[position])] &+= 1 }
            }
            var squares = 0
            for count in counts { squares += Int(count) * Int(count) }
            let total = Self.sampleCount * Self.sampleLength
            let expected = total + total * total / 256
            return squares < expected + expected / 8
        }
    }

    /// Whether less than 1/32 is saved on a piece from the middle.
    private func failsTrial(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if context == nil {
            context = ZSTD_createCCtx()
            trial = [UInt8](repeating: 0, count: Self.trialLength)
        }
        // Without memory for a trial the blob is simply compressed.
        guard let context else { return false }
        let length = min(bytes.count, Self.trialLength)
        let start = (bytes.count - length) / 2
        let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<start + length])
        let written = trial.withMutableBytes { target in
            ZSTD_compressCCtx(
                context,
                target.baseAddress,
                length - length / 32,
                piece.baseAddress,
                piece.count,
                1
            )
        }
        return ZSTD_isError(written) != 0
    }
}
