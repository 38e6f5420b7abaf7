/// Writes JSON as Go's encoder does: no spaces, keys in the order given, and Go's escapes.
///
/// Commas are put where they belong; that begins and ends match is the caller's part. The bytes of a tree
/// decide its name, so nothing here may ever be written in a second way.
package struct JSONWriter {
    /// What has been written so far.
    package private(set) var bytes: [UInt8]
    private var needsComma = false

    /// A writer with nothing written.
    package init(reservingCapacity capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Continues at the end of `bytes`, which come back in ``bytes``.
    package init(appendingTo bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    /// Hands over what has been written, without a copy, and starts anew.
    package mutating func takeBytes() -> [UInt8] {
        defer { self = JSONWriter() }
        return bytes
    }

    /// Writes `{`; members follow, each a ``key(_:)`` and a value.
    package mutating func beginObject() { open(0x7B) }

    /// Writes `}`.
    package mutating func endObject() { close(0x7D) }

    /// Writes `[`; values follow.
    package mutating func beginArray() { open(0x5B) }

    /// Writes `]`.
    package mutating func endArray() { close(0x5D) }

    /// Writes a member's name, which must need no escape.
    package mutating func key(_ name: StaticString) {
        separate()
        bytes.append(0x22)
        bytes.append(name)
        bytes.append(0x22)
        bytes.append(0x3A)
        needsComma = false
    }

    /// Writes a string.
    package mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { string(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes a string whose bytes should be UTF-8; each byte that is not becomes `\ufffd`.
    package mutating func string(utf8 text: UnsafeRawBufferPointer) {
        separate()
        bytes.append(0x22)
        JSONEscaping.append(text, to: &bytes)
        bytes.append(0x22)
    }

    /// Writes a string that is known to need no escape.
    package mutating func string(literal text: StaticString) {
        separate()
        bytes.append(0x22)
        bytes.append(text)
        bytes.append(0x22)
    }

    /// Writes a string that `append` puts between the quotes, already escaped.
    package mutating func string(escaped append: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(0x22)
        append(&bytes)
        bytes.append(0x22)
    }

    /// Writes an integer in decimal digits.
    package mutating func unsigned(_ value: UInt64) {
        separate()
        guard value >= 10 else { return bytes.append(0x30 + UInt8(value)) }
        bytes.append(capacity: 20) { room in
            var rest = value
            var start = 20
            while rest != 0 {
                start -= 1
                room[start] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            for position in start..<20 { room[position - start] = room[position] }
            return 20 - start
        }
    }

    /// Writes an integer in decimal digits, with a sign if it is negative.
    package mutating func signed(_ value: Int64) {
        guard value < 0 else { return unsigned(UInt64(value)) }
        separate()
        bytes.append(0x2D)
        needsComma = false
        unsigned(value.magnitude)
    }

    /// Writes `true` or `false`.
    package mutating func boolean(_ value: Bool) {
        separate()
        bytes.append(value ? "true" : "false")
    }

    /// Writes `null`.
    package mutating func null() {
        separate()
        bytes.append("null")
    }

    /// Writes a value that is JSON text already.
    package mutating func raw(_ value: [UInt8]) {
        separate()
        bytes.append(contentsOf: value)
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }
}
