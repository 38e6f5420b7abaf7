import BelayCore
import BelayFormat
import BelayRepository
import Testing

@Suite struct `Text on its way to a terminal` {
    @Test func `steers nothing, begins no line and turns nothing around, wherever it comes from`() {
        let name = "a\u{1B}]0;x\u{07}\nhint: no\u{9B}\u{202E}\u{2028}é"
        let shown = "a\\x1b]0;x\\x07\\x0ahint: no\\xc29b\\xe280ae\\xe280a8é"
        #expect(PrintableText.of(name) == shown)
        let lock = HeldLock(
            id: LockID(Digest(1, 0, 0, 0)),
            file: LockFile(
                time: Timestamp(seconds: 0),
                isExclusive: true,
                hostname: name,
                username: name,
                processID: 7
            )
        )
        #expect(lock.description == "exclusively by \(shown)@\(shown) (pid 7)")
    }
}
