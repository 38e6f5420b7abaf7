/// A polynomial over GF(2), its coefficients being the bits of a number.
///
/// A repository's polynomial decides where its files are cut, so that two tools agree; and as it is secret,
/// cut positions tell nobody else which known files a repository holds.
package struct RabinPolynomial: Hashable, Sendable {
    /// The coefficients, that of x⁰ lowest.
    package let coefficients: UInt64

    /// Any polynomial; see ``isFitForChunker`` for what it is good for.
    package init(coefficients: UInt64) {
        self.coefficients = coefficients
    }

    /// The degree that the chunker needs.
    package static let chunkerDegree = 53

    /// A random polynomial fit for the chunker: irreducible and of degree 53.
    ///
    /// One candidate in about 26 is irreducible, so this ends soon with any generator worth the name.
    package static func random(using generator: inout some RandomNumberGenerator) -> RabinPolynomial {
        while true {
            let bits = generator.next() & ((1 << (chunkerDegree + 1)) - 1)
            let candidate = RabinPolynomial(coefficients: bits | 1 << chunkerDegree | 1)
            if candidate.isIrreducible { return candidate }
        }
    }

    /// The highest power with a coefficient; -1 for zero.
    package var degree: Int { 63 - coefficients.leadingZeroBitCount }

    /// Whether the chunker works with it.
    package var isFitForChunker: Bool { degree == Self.chunkerDegree && isIrreducible }

    /// Whether it is no product of two polynomials of lower degree.
    ///
    /// By Ben-Or's test: it has no factor of degree i if it has none in common with x^(2^i) + x.
    package var isIrreducible: Bool {
        guard degree >= 1 else { return false }
        // 2 stands for x.
        var power = remainder(of: 2)
        for _ in 0..<degree / 2 {
            power = product(power, power)
            guard Self.greatestCommonDivisor(coefficients, power ^ 2) == 1 else { return false }
        }
        return true
    }

    /// The remainder of `value` divided by this polynomial, which must not be zero.
    package func remainder(of value: UInt64) -> UInt64 {
        Self.remainder(value, coefficients)
    }

    /// The product of two remainders, reduced again.
    func product(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var result: UInt64 = 0
        for bit in (0..<max(degree, 0)).reversed() {
            result = timesX(result)
            if right >> UInt64(bit) & 1 != 0 { result ^= left }
        }
        return result
    }

    /// A remainder times x, reduced again.
    func timesX(_ value: UInt64) -> UInt64 {
        let overflows = value >> UInt64(degree - 1) & 1 != 0
        return overflows ? (value << 1) ^ coefficients : value << 1
    }

    private static func remainder(_ dividend: UInt64, _ divisor: UInt64) -> UInt64 {
        var rest = dividend
        let zeros = divisor.leadingZeroBitCount
        while rest.leadingZeroBitCount <= zeros {
            rest ^= divisor << UInt64(zeros - rest.leadingZeroBitCount)
        }
        return rest
    }

    private static func greatestCommonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var (left, right) = (left, right)
        while right != 0 { (left, right) = (right, remainder(left, right)) }
        return left
    }
}
