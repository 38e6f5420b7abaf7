import BelayCore

/// A set of digests in one flat block: 32 bytes a slot, at most two thirds full.
///
/// A backup remembers every new blob here, so its memory is what grows with the number of new files; a
/// `Set` would take three times as much.
struct DigestSet {
    private var slots: [Digest]
    private var count = 0
    /// The all-zero digest marks an empty slot and so is kept apart.
    private var holdsZero = false

    private static let zero = Digest(0, 0, 0, 0)

    init(minimumCapacity: Int = 1024) {
        var capacity = 1024
        while capacity < minimumCapacity * 3 / 2 { capacity *= 2 }
        slots = [Digest](repeating: Self.zero, count: capacity)
    }

    func contains(_ digest: Digest) -> Bool {
        digest == Self.zero ? holdsZero : slots[slot(for: digest)] == digest
    }

    /// Adds a digest; `false` if it was there already.
    mutating func insert(_ digest: Digest) -> Bool {
        if digest == Self.zero {
            defer { holdsZero = true }
            return !holdsZero
        }
        if (count + 1) * 3 > slots.count * 2 { grow() }
        let slot = slot(for: digest)
        if slots[slot] == digest { return false }
        slots[slot] = digest
        count += 1
        return true
    }

    /// The slot that holds `digest`, or the empty one where it belongs.
    private func slot(for digest: Digest) -> Int {
        let mask = slots.count - 1
        // A digest is uniformly distributed: any of its words is a good hash.
        var slot = Int(truncatingIfNeeded: digest.word2) & mask
        while slots[slot] != Self.zero && slots[slot] != digest { slot = (slot + 1) & mask }
        return slot
    }

    private mutating func grow() {
        let old = slots
        slots = [Digest](repeating: Self.zero, count: old.count * 2)
        for digest in old where digest != Self.zero { slots[slot(for: digest)] = digest }
    }
}
