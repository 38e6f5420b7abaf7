/// The name of a directory entry: any bytes but `/` and NUL, compared as bytes.
///
/// Not a `String`: names need not be UTF-8, and two names that look alike are two files.
@frozen
package struct FileName: Hashable, Sendable {
    package let bytes: [UInt8]

    @inlinable
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The name spelled by the UTF-8 bytes of `text`.
    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// Whether a directory can have such an entry: not empty, not `.` or `..`, no `/`, no NUL.
    ///
    /// What fails this must never be written, and must be refused on reading before touching a disk.
    package var isValid: Bool {
        if bytes.isEmpty || bytes == [0x2E] || bytes == [0x2E, 0x2E] { return false }
        return !bytes.contains { $0 == 0x2F || $0 == 0 }
    }
}

extension FileName: Comparable {
    /// Orders by unsigned bytes, as the nodes of a tree are ordered.
    @inlinable
    package static func < (left: FileName, right: FileName) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension FileName: CustomStringConvertible, ExpressibleByStringLiteral {
    /// The name for people, with what is not UTF-8 replaced.
    package var description: String { String(decoding: bytes, as: UTF8.self) }

    package init(stringLiteral value: String) {
        self.init(value)
    }
}
