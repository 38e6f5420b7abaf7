/// The CRC-64 that ends an RDB stream, by Jones: reflected, begun with 0.
struct RDBChecksum: Sendable {
    private(set) var value: UInt64 = 0

    /// Eight tables, so that eight bytes are taken at once.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var sum = UInt64(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0x95AC_9329_AC4B_C9B5 : sum >> 1 }
            tables[byte] = sum
        }
        for byte in 0..<256 {
            var sum = tables[byte]
            for step in 1..<8 {
                sum = tables[Int(sum & 0xFF)] ^ (sum >> 8)
                tables[step * 256 + byte] = sum
            }
        }
        return tables
    }()

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var sum = value
        Self.tables.withUnsafeBufferPointer { tables in
            var position = 0
            while position + 8 <= bytes.count {
                sum ^= UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                var next: UInt64 = 0
                for step in 0..<8 {
                    next ^=
                        tables[(7 - step) * 256 + Int(truncatingIfNeeded: (sum >> (8 * UInt64(step))) & 0xFF)]
                }
                sum = next
                position += 8
            }
            while position < bytes.count {
                sum = tables[Int((sum ^ UInt64(bytes[position])) & 0xFF)] ^ (sum >> 8)
                position += 1
            }
        }
        value = sum
    }
}
