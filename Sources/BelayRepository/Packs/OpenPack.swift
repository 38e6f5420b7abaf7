import BelayCore
import BelayFormat
import Synchronization

/// A pack that several workers fill.
package final class OpenPack: Sendable {
    private let builder: Mutex<PackBuilder>

    init(capacity: Int) {
        builder = Mutex(PackBuilder(capacity: capacity))
    }

    /// A pack that is on its way: a box, since a value that waits in a queue is held by those who put it there
    /// as well, and would be copied when its header is appended.
    init(_ full: consuming PackBuilder) {
        builder = Mutex(full)
    }

    /// Appends a sealed blob; when the pack has reached `size`, puts `next` in its place and gives it.
    ///
    /// It is given before, without the blob, if it is nearly as large as that and would become much larger: its memory
    /// is used again, so that what a large blob took of it once would stay taken.
    func append(
        _ sealed: UnsafeRawBufferPointer,
        as blob: IndexedBlob,
        closingAt size: Int,
        next: () -> PackBuilder
    ) -> PackBuilder? {
        builder.withLock { builder in
            let length = builder.packLength
            let isEarly = length >= size / 4 * 3 && length + sealed.count > size / 16 * 17
            if !isEarly {
                builder.append(sealed, as: blob)
                guard builder.packLength >= size || !builder.hasRoom(for: size) else { return nil }
            }
            let full = builder
            builder = next()
            if isEarly { builder.append(sealed, as: blob) }
            return full
        }
    }

    /// Takes out what is there, which may be empty.
    func take() -> PackBuilder {
        builder.withLock { builder in
            let last = builder
            builder = PackBuilder()
            return last
        }
    }
}
