/// How costly it is to derive a key set from a password.
package struct ScryptParameters: Hashable, Sendable {
    /// N: how much memory and time; a power of two.
    package let cost: UInt64
    /// r: the block size, in units of 128 bytes.
    package let blockSize: UInt64
    /// p: how often everything is done.
    package let parallelization: UInt64

    /// For passwords that people choose: 32 MiB, about a tenth of a second.
    package static let human = ScryptParameters(knownCost: 32_768)
    /// For secrets of 128 random bits or more, which stretching cannot make better: a few milliseconds.
    package static let randomKey = ScryptParameters(knownCost: 1024)

    /// The most memory a derivation may take: 1 GiB.
    ///
    /// A key file comes from a place that others can write to; it must not bring the machine down.
    package static let memoryMaximum: UInt64 = 1 << 30
    /// The most work a derivation may take, as N·r·p: 500 times that of ``human``.
    package static let workMaximum: UInt64 = 1 << 27

    private init(knownCost cost: UInt64) {
        self.cost = cost
        blockSize = 8
        parallelization = 1
    }

    /// Parameters that restic accepts and that stay within the limits.
    package init(cost: UInt64, blockSize: UInt64, parallelization: UInt64) throws(FormatError) {
        guard cost >= 2, cost & (cost - 1) == 0, blockSize >= 1, parallelization >= 1 else {
            throw .malformed(
                what: "scrypt parameters",
                detail: "N=\(cost), r=\(blockSize), p=\(parallelization)"
            )
        }
        let (lanes, lanesOverflow) = blockSize.multipliedReportingOverflow(by: parallelization)
        let (work, workOverflow) = cost.multipliedReportingOverflow(by: lanes)
        guard !lanesOverflow, !workOverflow, lanes < 1 << 30, work <= Self.workMaximum else {
            throw .tooLarge(what: "the work scrypt needs for this key", limit: Int(Self.workMaximum))
        }
        // No overflow: the product without 128 is at most 2^27. The lanes are held besides the large table.
        guard 128 * cost * blockSize <= Self.memoryMaximum, 128 * lanes <= Self.memoryMaximum / 16 else {
            throw .tooLarge(
                what: "the memory in bytes scrypt needs for this key",
                limit: Int(Self.memoryMaximum)
            )
        }
        self.cost = cost
        self.blockSize = blockSize
        self.parallelization = parallelization
    }

    /// The key set for a password under these parameters.
    package func keySet(password: [UInt8], salt: [UInt8]) throws(FormatError) -> MasterKey {
        let derived = Primitives.scrypt(
            password: password,
            salt: salt,
            cost: cost,
            blockSize: blockSize,
            parallelization: parallelization,
            // The library adds what the result and its own buffers need.
            memoryMaximum: 2 * Self.memoryMaximum + (1 << 20),
            count: MasterKey.byteCount
        )
        guard let derived else { throw .engine("scrypt refused the parameters, or memory ran out") }
        return try MasterKey(derived: derived)
    }
}
