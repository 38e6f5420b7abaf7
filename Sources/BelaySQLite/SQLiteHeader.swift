/// The first hundred bytes of a database file.
///
/// Layout: "Database File Format", section 1.3 (sqlite.org/fileformat2.html).
package struct SQLiteHeader: Hashable, Sendable {
    package static let length = 100
    private static let magic = Array("SQLite format 3\u{0}".utf8)

    /// Bytes, a power of two from 512 to 65536.
    package var pageSize: Int
    /// Whether changes go to a write-ahead log.
    package var usesLog: Bool
    /// Grows with every transaction that does not go to a write-ahead log.
    package var changeCounter: UInt32
    /// Number of pages; may be out of date.
    package var pageCount: UInt32

    /// `nil` if the bytes are no header of an SQLite database: another file, or an encrypted one.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.length, bytes.prefix(16).elementsEqual(Self.magic) else { return nil }
        func big32(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        let size = Int(bytes[16]) << 8 | Int(bytes[17])
        pageSize = size == 1 ? 65_536 : size
        guard pageSize >= 512, pageSize <= 65_536, pageSize & (pageSize - 1) == 0 else { return nil }
        usesLog = bytes[18] == 2 || bytes[19] == 2
        changeCounter = big32(24)
        pageCount = big32(28)
    }
}
