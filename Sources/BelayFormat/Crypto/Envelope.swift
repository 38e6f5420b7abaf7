/// Seals bytes and opens them: IV (16) ‖ AES-256-CTR ciphertext ‖ Poly1305-AES tag (16).
///
/// Holds contexts that each call uses again, so each worker has its own. The tag covers the ciphertext only;
/// that an envelope is the one that belongs in a place is for the digest in its name to tell.
package final class Envelope {
    /// How much longer sealed bytes are than plain ones.
    package static let overhead = 32

    private static let vectorLength = 16
    /// Ciphertext is authenticated in steps while it is still in the processor's nearest cache.
    private static let step = 16 * 1024

    private let cipher: CounterCipher
    private let authenticator: Poly1305AES
    private var vectors = InitializationVectors()

    /// An envelope for a key set, whose parts must have their proper lengths.
    package init(key: MasterKey) {
        cipher = CounterCipher(key: key.encryptKey)
        authenticator = Poly1305AES(k: key.macK, r: key.macR)
    }

    /// Seals `plain` into the start of `target` and returns the sealed length.
    ///
    /// `target` has room for ``overhead`` more bytes than `plain`, and does not overlap it, unless `plain`
    /// lies exactly 16 bytes into `target`: then it is encrypted in place. The IV is written first word
    /// first, each big-endian; it must be new for every call, and not zero.
    @discardableResult
    package func seal(
        _ plain: UnsafeRawBufferPointer,
        iv: (UInt64, UInt64),
        into target: UnsafeMutableRawBufferPointer
    ) -> Int {
        precondition(target.count >= plain.count + Self.overhead, "no room for the sealed bytes")
        precondition(iv.0 | iv.1 != 0, "an IV of zero cannot be opened")
        target.storeBytes(of: iv.0.bigEndian, toByteOffset: 0, as: UInt64.self)
        target.storeBytes(of: iv.1.bigEndian, toByteOffset: 8, as: UInt64.self)
        // Invariant: the precondition above makes the target not empty.
        guard let start = target.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
        cipher.start(at: start)
        authenticator.start(nonce: start)
        var output = start + Self.vectorLength
        if var input = plain.baseAddress?.assumingMemoryBound(to: UInt8.self) {
            var rest = plain.count
            while rest > 0 {
                let count = min(rest, Self.step)
                cipher.apply(from: input, to: output, count: Int32(count))
                authenticator.update(output, count: count)
                input += count
                output += count
                rest -= count
            }
        }
        authenticator.finish(into: output)
        return plain.count + Self.overhead
    }

    /// Seals like ``seal(_:iv:into:)`` under a fresh random IV.
    @discardableResult
    package func seal(_ plain: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int {
        seal(plain, iv: vectors.next(), into: target)
    }

    /// The sealed form of `plain` under a fresh random IV.
    package func seal(_ plain: [UInt8]) -> [UInt8] {
        plain.withBytes { plain in
            [UInt8](capacity: plain.count + Self.overhead) { seal(plain, into: $0) }
        }
    }

    /// Opens `sealed` into the start of `target` and returns the plain length, ``overhead`` less than sealed.
    ///
    /// The tag is checked before anything is decrypted; nothing is written if it is wrong. `target` does not
    /// overlap `sealed`, unless it begins with the ciphertext, 16 bytes into `sealed`: then it is decrypted
    /// in place.
    package func open(
        _ sealed: UnsafeRawBufferPointer,
        into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) -> Int {
        guard sealed.count >= Self.overhead, let start = sealed.baseAddress else {
            throw .malformed(what: "envelope", detail: "it is shorter than \(Self.overhead) bytes")
        }
        let plainCount = sealed.count - Self.overhead
        precondition(target.count >= plainCount, "no room for the plain bytes")
        let vector = start.assumingMemoryBound(to: UInt8.self)
        try authenticate(vector, plainCount: plainCount)
        guard let output = target.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
        cipher.start(at: vector)
        var position = 0
        while position < plainCount {
            let count = min(plainCount - position, 1 << 30)
            cipher.apply(
                from: vector + Self.vectorLength + position,
                to: output + position,
                count: Int32(count)
            )
            position += count
        }
        return plainCount
    }

    /// The plain form of `sealed`.
    package func open(_ sealed: [UInt8]) throws(FormatError) -> [UInt8] {
        try sealed.withBytes { (sealed) throws(FormatError) in
            try [UInt8](capacity: max(0, sealed.count - Self.overhead)) { (target) throws(FormatError) in
                try open(sealed, into: target)
            }
        }
    }

    private func authenticate(_ vector: UnsafePointer<UInt8>, plainCount: Int) throws(FormatError) {
        var isZero: UInt8 = 0
        for position in 0..<Self.vectorLength { isZero |= vector[position] }
        guard isZero != 0 else { throw .malformed(what: "envelope", detail: "its IV is zero") }
        authenticator.start(nonce: vector)
        authenticator.update(vector + Self.vectorLength, count: plainCount)
        let isGenuine = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Poly1305AES.tagLength) {
            tag in
            // Invariant: an allocation of 16 bytes has an address.
            guard let computed = tag.baseAddress else { return false }
            authenticator.finish(into: computed)
            return Primitives.equal(
                computed,
                vector + Self.vectorLength + plainCount,
                count: Poly1305AES.tagLength
            )
        }
        guard isGenuine else { throw .authenticationFailed }
    }
}
