/// A password, a key or a text with credentials in it: shown as `•••`, compared in constant time, wiped.
///
/// The bytes are held once, outside every array and string, and are overwritten when the last holder lets go.
/// That is best effort: what ``reveal()`` hands out, and what a caller had before, is the caller's to forget.
/// It cannot be interpolated into a text, so that it cannot reach a message or a log by accident.
package final class Secret: Sendable {
    // Written before `init` returns and again in `deinit`, when nobody else can hold the object; only read in
    // between.
    nonisolated(unsafe) private let storage: UnsafeMutableBufferPointer<UInt8>

    /// A secret with a copy of `bytes`.
    package init(bytes: some Collection<UInt8>) {
        storage = .allocate(capacity: bytes.count)
        _ = storage.initialize(fromContentsOf: bytes)
    }

    /// A secret with the UTF-8 bytes of `text`, unchanged.
    package convenience init(_ text: String) {
        self.init(bytes: text.utf8)
    }

    deinit {
        wipe(storage)
        storage.deallocate()
    }

    /// The number of bytes.
    package var count: Int { storage.count }

    /// Whether there are no bytes.
    package var isEmpty: Bool { storage.isEmpty }

    /// Lends the bytes for the duration of `body`, without a copy.
    package func withBytes<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(storage).span)
    }

    /// A copy of the bytes, which is not wiped.
    package func reveal() -> [UInt8] {
        Array(storage)
    }

    /// The bytes as text, which is not wiped; what is not UTF-8 is replaced.
    package func revealText() -> String {
        String(decoding: storage, as: UTF8.self)
    }
}

extension Secret: Equatable {
    /// Whether both hold the same bytes, found in a time that depends on their number alone.
    package static func == (left: Secret, right: Secret) -> Bool {
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in 0..<left.count {
            difference |= left.storage[index] ^ right.storage[index]
        }
        return difference == 0
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Three dots, whatever the secret is, so that not even its length shows.
    package var description: String { "•••" }
    package var debugDescription: String { description }
    /// A mirror without children, because `dump` would print them.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension DefaultStringInterpolation {
    @available(*, unavailable, message: "a secret does not belong into a text")
    package mutating func appendInterpolation(_ secret: Secret) {}
}

/// Overwrites the bytes of a secret.
///
/// Not inlined and not optimised, because memory that is about to be freed need not be written otherwise.
@inline(never) @_optimize(none)
private func wipe(_ bytes: UnsafeMutableBufferPointer<UInt8>) {
    for index in bytes.indices {
        bytes[index] = 0
    }
}
