/// A part of a whole, for people.
package struct Percentage: Hashable, Sendable {
    /// Thousandths of the whole, rounded down, so that only what is complete shows as 100 %.
    package let thousandths: Int

    /// How much of `whole` is `part`, which is held to it; of nothing everything is done.
    package init(_ part: UInt64, of whole: UInt64) {
        guard part < whole else {
            thousandths = 1000
            return
        }
        let product = part.multipliedFullWidth(by: 1000)
        // Below 1000, since the part is smaller than the whole; hence the division cannot overflow.
        thousandths = Int(whole.dividingFullWidth(product).quotient)
    }

    /// How much of `whole` is `part`, in bytes.
    package init(_ part: ByteCount, of whole: ByteCount) {
        self.init(part.bytes, of: whole.bytes)
    }
}

extension Percentage: CustomStringConvertible {
    /// `45.3 %`, and `100 %` once complete.
    package var description: String {
        thousandths == 1000 ? "100 %" : "\(thousandths / 10).\(thousandths % 10) %"
    }
}
