// The hot loop of the chunker: which n in a range is the first whose last 64 bytes have a fingerprint with
// the low bits zero.
//
// One fingerprint after another is a chain of dependent steps, each a table load and a few cycles; the
// processor idles most of the time. So four stretches of the range are searched at once, and the earliest
// hit counts. Where the processor has the instructions, sixty-four are (see `WideCutSearch`).

/// How many bytes each of the four searches covers in a round.
///
/// Each round spends 64 bytes per search on filling its window, and a hit throws away what later searches
/// did.
private let stretchMaximum = 8192
private let stretchMinimum = 256

private let topShift: UInt64 = UInt64(RabinPolynomial.chunkerDegree - 8)

/// The least n from `start` through `end` such that the 64 bytes before it match; 0 if there is none.
///
/// `start` is at least 64, and `bytes` has `end` bytes.
func findCut(
    _ bytes: UnsafePointer<UInt8>,
    from start: Int,
    through end: Int,
    mask: UInt64,
    mod: UnsafePointer<UInt64>,
    out: UnsafePointer<UInt64>,
    wide: WideCutSearch?
) -> Int {
    let search = CutSearch(bytes: bytes, mask: mask, mod: mod, out: out)
    // A fraction of the way to a hit, which is 2^bits on average.
    let stretchUsual = max(stretchMinimum, min(stretchMaximum, Int((mask + 1) / 16)))
    var position = start
    while let wide {
        let span = wide.span(from: position, before: end)
        if span == 0 { break }
        let cut = wide.first(in: bytes, from: position, span: span)
        if cut != 0 { return cut }
        position += span
    }
    while position <= end {
        let stretch = min(stretchUsual, (end - position + 1) / 4)
        guard stretch >= stretchMinimum else {
            return search.first(from: position, through: end)
        }
        let cut = search.firstOfFour(from: position, stretch: stretch)
        if cut != 0 { return cut }
        position += 4 * stretch
    }
    return 0
}

private struct CutSearch {
    let bytes: UnsafePointer<UInt8>
    let mask: UInt64
    let mod: UnsafePointer<UInt64>
    let out: UnsafePointer<UInt64>

    /// A fingerprint times x to the eighth, reduced.
    @inline(__always)
    func shifted(_ value: UInt64) -> UInt64 {
        value << 8 ^ mod[Int(truncatingIfNeeded: value >> topShift)]
    }

    /// The fingerprint of the 64 bytes before `position`.
    @inline(__always)
    func fingerprint(before position: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in position - ChunkerTables.window..<position {
            value = shifted(value) ^ UInt64(bytes[index])
        }
        return value
    }

    /// The fingerprint one byte further: `pointer` is at the byte that enters.
    @inline(__always)
    func rolled(_ value: UInt64, _ pointer: UnsafePointer<UInt8>) -> UInt64 {
        let change = out[Int(pointer[-ChunkerTables.window])] ^ UInt64(pointer[0])
        return shifted(value) ^ change
    }

    func first(from start: Int, through end: Int) -> Int {
        guard start <= end else { return 0 }
        return continued(fingerprint(before: start), from: start, through: end)
    }

    /// Searches on from `start`, whose fingerprint is `value`.
    @inline(never)
    func continued(_ value: UInt64, from start: Int, through end: Int) -> Int {
        var value = value
        var position = start
        while value & mask != 0 {
            guard position < end else { return 0 }
            value = rolled(value, bytes + position)
            position += 1
        }
        return position
    }

    /// Searches four stretches of equal length, one after the other, from `start`.
    @inline(never)
    func firstOfFour(from start: Int, stretch: Int) -> Int {
        var values = fingerprints(before: start, distance: stretch)
        var pointer = bytes + start
        var offset = 0
        while true {
            let hit0 = values.0 & mask == 0
            let hit1 = values.1 & mask == 0
            let hit2 = values.2 & mask == 0
            let hit3 = values.3 & mask == 0
            if hit0 || hit1 || hit2 || hit3 { break }
            offset += 1
            if offset == stretch { return 0 }
            values.0 = rolled(values.0, pointer)
            values.1 = rolled(values.1, pointer + stretch)
            values.2 = rolled(values.2, pointer + 2 * stretch)
            values.3 = rolled(values.3, pointer + 3 * stretch)
            pointer += 1
        }
        // Some search has a hit; those before it must still finish, as theirs would be earlier.
        for (index, value) in [values.0, values.1, values.2, values.3].enumerated() {
            let first = start + index * stretch
            let cut = continued(value, from: first + offset, through: first + stretch - 1)
            if cut != 0 { return cut }
        }
        return 0
    }

    /// The fingerprints before four positions, the first `position`, the others at multiples of `distance`.
    @inline(__always)
    private func fingerprints(
        before position: Int,
        distance: Int
    ) -> (UInt64, UInt64, UInt64, UInt64) {
        var values: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var pointer = bytes + (position - ChunkerTables.window)
        for _ in 0..<ChunkerTables.window {
            values.0 = shifted(values.0) ^ UInt64(pointer[0])
            values.1 = shifted(values.1) ^ UInt64(pointer[distance])
            values.2 = shifted(values.2) ^ UInt64(pointer[2 * distance])
            values.3 = shifted(values.3) ^ UInt64(pointer[3 * distance])
            pointer += 1
        }
        return values
    }
}
