extension Array where Element == UInt8 {
    /// Calls `body` with the bytes, and rethrows exactly its kind of error.
    ///
    /// The standard library's `withUnsafeBytes` loses the type of what is thrown.
    @inlinable
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBufferPointer { (buffer) throws(Failure) in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Calls `body` with the bytes for writing, and rethrows exactly its kind of error.
    @inlinable
    package mutating func withMutableBytes<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeMutableBufferPointer { (buffer) throws(Failure) in
            try body(UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Appends what `write` puts at the start of `capacity` raw bytes; it returns how many those are.
    ///
    /// Nothing is appended if `write` throws. No byte is initialised twice.
    @inlinable
    package mutating func append<Failure: Error>(
        capacity: Int,
        _ write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        try append(addingCapacity: capacity) { (span) throws(Failure) in
            try span.withUnsafeMutableBufferPointer { (buffer, count) throws(Failure) in
                let written = try write(UnsafeMutableRawBufferPointer(buffer))
                precondition(written >= 0 && written <= capacity, "more was written than there is room for")
                count = written
            }
        }
    }

    /// An array of what `write` puts at the start of `capacity` raw bytes; it returns how many those are.
    @inlinable
    package init<Failure: Error>(
        capacity: Int,
        writing write: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        self = []
        try append(capacity: capacity, write)
    }

    /// Appends raw bytes.
    @inlinable
    package mutating func append(raw bytes: UnsafeRawBufferPointer) {
        append(contentsOf: bytes.assumingMemoryBound(to: UInt8.self))
    }

    /// Appends the bytes of a literal.
    @inlinable
    package mutating func append(_ literal: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }
}
