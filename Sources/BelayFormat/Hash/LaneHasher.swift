package import BelayCore
import CBelayHash

/// SHA-256 of many independent buffers at once.
///
/// A blob's name is the hash of its content, so everything that is stored or read back passes through here, and
/// one stream of SHA-256 is slower than anything else on its way. Blobs do not depend on each other: the more of
/// them are handed over in one call, the better the processor is used. From 16 buffers on it is used fully,
/// whatever their lengths; order them as you like. Calls block for as long as they compute and may be made
/// from any number of threads.
package enum LaneHasher {
    /// The code that hashes.
    ///
    /// All give the same digests; anything but ``automatic`` is for tests and measurements.
    package enum Implementation: Int32, CaseIterable, Sendable {
        /// What is fastest on this processor, measured once in less than a millisecond.
        case automatic = 0
        case portable = 1
        case shaExtensions = 2
        case avx2 = 3
        case avx512 = 4

        /// Whether this processor and operating system can run it.
        package var isAvailable: Bool { belay_sha256_available() >> UInt32(rawValue) & 1 == 1 }

        /// A short name for people.
        package var name: String { String(cString: belay_sha256_name(rawValue)) }
    }

    /// The name of the code that ``Implementation/automatic`` stands for on this processor.
    package static var implementationName: String {
        String(cString: belay_sha256_name(belay_sha256_chosen()))
    }

    /// The digest of one buffer.
    ///
    /// It takes as long as one stream does; whoever has several buffers hands them over together.
    package static func digest(
        _ bytes: UnsafeRawBufferPointer,
        using implementation: Implementation = .automatic
    ) -> Digest {
        var digest = Digest(0, 0, 0, 0)
        withUnsafeMutablePointer(to: &digest) { digest in
            var input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            var length = bytes.count
            fill(UnsafeMutableBufferPointer(start: digest, count: 1)) { target in
                belay_sha256_many(&input, &length, 1, target, implementation.rawValue)
            }
        }
        return digest
    }

    /// Makes `digests` the digests of `inputs`, in their order, reusing its storage.
    ///
    /// - Precondition: `implementation` is available.
    package static func digests(
        of inputs: [UnsafeRawBufferPointer],
        into digests: inout [Digest],
        using implementation: Implementation = .automatic
    ) {
        let count = inputs.count
        withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: count) { addresses in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: count) { lengths in
                for (position, input) in inputs.enumerated() {
                    let address = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    addresses.initializeElement(at: position, to: address)
                    lengths.initializeElement(at: position, to: input.count)
                }
                resize(&digests, to: count)
                digests.withUnsafeMutableBufferPointer { digests in
                    fill(digests) { target in
                        belay_sha256_many(
                            addresses.baseAddress,
                            lengths.baseAddress,
                            count,
                            target,
                            implementation.rawValue
                        )
                    }
                }
            }
        }
    }

    /// Makes `digests` the digests of ranges of `bytes`, in their order, reusing its storage.
    ///
    /// Range `i` has `lengths[i]` bytes and begins at `offsets[i]`; ranges may overlap. This costs no allocation
    /// once `digests` has its capacity.
    ///
    /// - Precondition: there are as many offsets as lengths, every range lies in `bytes`, and `implementation`
    ///   is available.
    package static func digests(
        in bytes: UnsafeRawBufferPointer,
        offsets: [Int],
        lengths: [Int],
        into digests: inout [Digest],
        using implementation: Implementation = .automatic
    ) {
        let count = offsets.count
        precondition(count == lengths.count, "every range has an offset and a length")
        for position in 0..<count {
            let (offset, length) = (offsets[position], lengths[position])
            precondition(
                offset >= 0 && length >= 0 && offset <= bytes.count && length <= bytes.count - offset,
                "a range to hash lies in the buffer"
            )
        }
        resize(&digests, to: count)
        digests.withUnsafeMutableBufferPointer { digests in
            fill(digests) { target in
                belay_sha256_ranges(
                    bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    offsets,
                    lengths,
                    count,
                    target,
                    implementation.rawValue
                )
            }
        }
    }

    private static func resize(_ digests: inout [Digest], to count: Int) {
        guard digests.count != count else { return }
        digests.removeAll(keepingCapacity: true)
        digests.append(contentsOf: repeatElement(Digest(0, 0, 0, 0), count: count))
    }

    /// Lets `hash` write the bytes of each digest, and makes words of them in place.
    ///
    /// `Bytes` is the C array of 32 bytes, which Swift sees as a tuple that is better not spelled out.
    private static func fill<Bytes>(
        _ digests: UnsafeMutableBufferPointer<Digest>,
        by hash: (UnsafeMutablePointer<Bytes>?) -> Int
    ) {
        let raw = UnsafeMutableRawBufferPointer(digests)
        assert(MemoryLayout<Bytes>.stride == Digest.byteCount)
        let written = hash(raw.baseAddress?.assumingMemoryBound(to: Bytes.self))
        precondition(written == digests.count, "the processor can run the code that is to hash")
        for position in digests.indices {
            let start = position * Digest.byteCount
            let bytes = UnsafeRawBufferPointer(rebasing: raw[start..<start + Digest.byteCount])
            digests[position] = Digest(loading: bytes)
        }
    }
}
