/// Chunks that wait to be hashed together.
///
/// Hashing many at once is several times faster than one after the other; small ones are kept few enough to
/// stay in the processor's cache until they are written.
struct PlainBatch<Purpose>: ~Copyable {
    struct Item {
        var purpose: Purpose
        var bytes: Range<Int>
    }

    /// Bytes from which it is full if it has enough chunks to hash side by side.
    private static var goodSize: Int { 1 << 20 }
    private static var goodCount: Int { 32 }
    /// Bytes at which it is full anyway.
    private static var sizeMaximum: Int { 32 << 20 }
    /// Chunks begin at multiples of this.
    private static var alignment: Int { 64 }

    private var block: UnsafeMutableRawBufferPointer
    private var used = 0
    private(set) var items: [Item] = []

    init() {
        // Only what is touched takes memory.
        block = .allocate(byteCount: Self.sizeMaximum, alignment: Self.alignment)
    }

    deinit { block.deallocate() }

    /// Whether a chunk of `length` bytes has to wait for the next batch.
    func isFull(for length: Int) -> Bool {
        if items.isEmpty { return false }
        if used >= Self.goodSize && items.count >= Self.goodCount { return true }
        return used + length > block.count
    }

    /// Room for exactly `length` bytes; they belong to the batch once ``add(_:length:)`` was called.
    mutating func room(for length: Int) -> UnsafeMutableRawBufferPointer {
        if used + length > block.count {
            // A single chunk of unusual size: nothing is in the batch that would have to be kept.
            precondition(items.isEmpty, "the caller empties a full batch")
            block.deallocate()
            block = .allocate(byteCount: length, alignment: Self.alignment)
            used = 0
        }
        return UnsafeMutableRawBufferPointer(rebasing: block[used..<(used + length)])
    }

    /// Takes in the chunk that was put where ``room(for:)`` said.
    mutating func add(_ purpose: Purpose, length: Int) {
        items.append(Item(purpose: purpose, bytes: used..<(used + length)))
        used = min(block.count, (used + length + Self.alignment - 1) & ~(Self.alignment - 1))
    }

    /// The chunks, in the order in which they came; valid until the batch is cleared.
    var chunks: [UnsafeRawBufferPointer] {
        items.map { UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(block)[$0.bytes]) }
    }

    mutating func clear() {
        used = 0
        items.removeAll(keepingCapacity: true)
        if block.count > Self.sizeMaximum {
            block.deallocate()
            block = .allocate(byteCount: Self.sizeMaximum, alignment: Self.alignment)
        }
    }
}
