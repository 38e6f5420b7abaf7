/// The tables with which a fingerprint is carried from one byte to the next, made once per repository.
///
/// Notation of the format notes: OUT[b] is what a byte that leaves the window adds to the fingerprint, MOD[b]
/// reduces a fingerprint whose top byte is b after a shift by eight bits.
package struct ChunkerTables: Sendable {
    /// How many bytes a fingerprint covers.
    package static let window = 64

    /// OUT, then MOD, 256 words each.
    package let out: [UInt64]
    package let mod: [UInt64]
    /// OUT as the search uses it: moved past the shift, so that it is off the chain of dependent steps.
    ///
    /// Shift and reduction are linear, so (d ^ OUT[o]) · x⁸ mod P = d · x⁸ mod P ^ OUT[o] · x⁸ mod P.
    let outShifted: [UInt64]

    /// Tables for a polynomial, which must be fit for the chunker.
    package init(polynomial: RabinPolynomial) throws(FormatError) {
        guard polynomial.isFitForChunker else {
            throw .unsupported(
                what: "chunker polynomial",
                detail: "it is not irreducible, or not of degree 53"
            )
        }
        let bytes = (0..<256).map { UInt64($0) }
        out = bytes.map { byte in
            (0..<(Self.window - 1) * 8).reduce(byte) { value, _ in polynomial.timesX(value) }
        }
        let mod = bytes.map { byte in
            let remainder = (0..<RabinPolynomial.chunkerDegree).reduce(byte) { value, _ in
                polynomial.timesX(value)
            }
            return remainder ^ byte << UInt64(RabinPolynomial.chunkerDegree)
        }
        outShifted = out.map { $0 << 8 ^ mod[Int($0 >> UInt64(RabinPolynomial.chunkerDegree - 8))] }
        self.mod = mod
    }

    /// The fingerprint of up to 64 bytes.
    package func fingerprint(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0) { value, byte in
            let top = Int(value >> UInt64(RabinPolynomial.chunkerDegree - 8))
            return (value << 8 | UInt64(byte)) ^ mod[top]
        }
    }
}
