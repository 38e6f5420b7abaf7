/// One step of a compiled pattern.
struct WildcardStep: Hashable, Sendable {
    /// What a step takes from the text.
    enum Kind: UInt8, Sendable {
        /// The byte `byte`.
        case literal
        /// One byte of the set at `set`, which has no slash.
        case set
        /// One byte that is not a slash.
        case any
        /// Any number of bytes that are not slashes.
        case star
        /// `**/`: nothing, or everything through some slash.
        case directories
        /// `**\/`: everything through some slash, and there must be one.
        case someDirectories
        /// `**` at the end: everything.
        case rest
    }

    let kind: Kind
    var byte: UInt8 = 0
    /// An index into the sets that belong to the steps.
    var set: Int32 = 0

    /// Whether the step takes exactly one byte.
    var isSingle: Bool { kind.rawValue <= Kind.any.rawValue }
}

/// Whether all of `text` is what `steps` describe.
///
/// Time grows with the product of both lengths, and of the number of directories in `text` where there are
/// `**`: of the stars met so far only the last one and the last `**` are ever tried again, because whatever
/// an earlier one could take instead, the later one can take too. Allocates nothing. The text is compared in
/// lower case if `foldsCase`, for which the steps must have been compiled.
func wildcardMatches(
    _ steps: UnsafeBufferPointer<WildcardStep>,
    _ sets: UnsafeBufferPointer<ByteSet>,
    _ text: UnsafeBufferPointer<UInt8>,
    foldsCase: Bool
) -> Bool {
    @inline(__always)
    func accepts(_ step: WildcardStep, _ raw: UInt8) -> Bool {
        let byte = foldsCase ? ASCII.lowercase(raw) : raw
        return switch step.kind {
        case .literal: byte == step.byte
        case .set: sets[Int(step.set)].contains(byte)
        default: byte != ASCII.slash
        }
    }

    // The last byte decides most mismatches, as most patterns end in something fixed.
    if let last = steps.last, last.isSingle {
        guard let end = text.last, accepts(last, end) else { return false }
    }

    var step = 0
    var position = 0
    // Where to go on after a mismatch: the step behind the star, and how far the star reaches.
    var starStep = -1
    var starEnd = 0
    var crossStep = -1
    var crossEnd = 0

    while true {
        if step < steps.count {
            let current = steps[step]
            switch current.kind {
            case .rest:
                return true
            case .star:
                step += 1
                starStep = step
                starEnd = position
                continue
            case .directories, .someDirectories:
                step += 1
                crossStep = step
                crossEnd = position
                starStep = -1
                if current.kind == .directories { continue }
            case .literal, .set, .any:
                // Out of text: whatever starts later has even less of it.
                if position == text.count { return false }
                if accepts(current, text[position]) {
                    step += 1
                    position += 1
                    continue
                }
            }
        } else if position == text.count {
            return true
        }

        if starStep >= 0, starEnd < text.count, text[starEnd] != ASCII.slash {
            starEnd += 1
            position = starEnd
            step = starStep
            continue
        }
        guard crossStep >= 0 else { return false }
        while crossEnd < text.count, text[crossEnd] != ASCII.slash { crossEnd += 1 }
        if crossEnd == text.count { return false }
        crossEnd += 1
        position = crossEnd
        step = crossStep
        starStep = -1
    }
}
