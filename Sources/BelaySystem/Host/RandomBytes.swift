import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Random bytes from the kernel, fetched a page at a time because every sealed blob needs 16.
package struct RandomBytes: ~Copyable {
    private var block: [UInt64] = []
    private var next = 0

    package init() {}

    /// 128 fresh random bits, never all zero.
    package mutating func pair() -> (UInt64, UInt64) {
        if next + 2 > block.count {
            block = Self.words(256)
            next = 0
        }
        defer { next += 2 }
        let pair = (block[next], block[next + 1])
        return pair.0 | pair.1 == 0 ? (1, 1) : pair
    }

    /// `count` fresh random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        let words = words((count + 7) / 8)
        return words.withUnsafeBytes { Array($0[..<count]) }
    }

    private static func words(_ count: Int) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: count)
        words.withUnsafeMutableBytes { buffer in
            var done = 0
            while done < buffer.count {
                let got = getrandom(buffer.baseAddress.map { $0 + done }, buffer.count - done, 0)
                // Invariant: with a valid buffer and no flags the call only fails by being interrupted.
                precondition(got > 0 || errno == EINTR, "the kernel gives no random bytes")
                if got > 0 { done += got }
            }
        }
        return words
    }
}
