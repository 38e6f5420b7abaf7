import BelayCore

/// One header block of a tar archive, as POSIX (ustar and pax) defines it.
struct TarHeader {
    /// What an entry is, as the letter in its header.
    enum Kind: UInt8 {
        case file = 0x30
        /// A further name of a file that came before.
        case hardLink = 0x31
        case symlink = 0x32
        case characterDevice = 0x33
        case blockDevice = 0x34
        case directory = 0x35
        case fifo = 0x36
        /// Records about the entry that follows.
        case extended = 0x78

        /// The letter for a kind of node; `nil` for what tar cannot hold.
        init?(_ kind: Node.Kind) {
            switch kind {
            case .file: self = .file
            case .directory: self = .directory
            case .symlink: self = .symlink
            case .characterDevice: self = .characterDevice
            case .blockDevice: self = .blockDevice
            case .fifo: self = .fifo
            case .socket: return nil
            }
        }
    }

    static let blockSize = 512

    var path: [UInt8]
    var kind: Kind
    var permissions: UInt32 = 0o644
    var userID: UInt64 = 0
    var groupID: UInt64 = 0
    var size: UInt64 = 0
    /// Seconds since 1970.
    var modified: UInt64 = 0
    var linkTarget: [UInt8] = []
    var user: [UInt8] = []
    var group: [UInt8] = []
    var deviceMajor: UInt64 = 0
    var deviceMinor: UInt64 = 0

    /// The header's 512 bytes; what does not fit its field is cut, and must stand in a pax record.
    var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ bytes: some Sequence<UInt8>, _ offset: Int, _ length: Int) {
            for (index, byte) in bytes.prefix(length).enumerated() { block[offset + index] = byte }
        }
        put(path, 0, Field.pathLength)
        put(Field.octal(UInt64(permissions), 8), 100, 8)
        put(Field.octal(userID, 8), 108, 8)
        put(Field.octal(groupID, 8), 116, 8)
        put(Field.octal(size, 12), 124, 12)
        put(Field.octal(modified, 12), 136, 12)
        block[156] = kind.rawValue
        put(linkTarget, 157, Field.pathLength)
        put("ustar\u{0}00".utf8, 257, 8)
        put(user, 265, Field.accountLength)
        put(group, 297, Field.accountLength)
        put(Field.octal(deviceMajor, 8), 329, 8)
        put(Field.octal(deviceMinor, 8), 337, 8)
        // The sum is taken with spaces in its own place.
        for position in 148..<156 { block[position] = 0x20 }
        let sum = block.reduce(UInt64(0)) { $0 + UInt64($1) }
        put(Field.octal(sum, 7), 148, 7)
        return block
    }

    /// The limits of the header's fields.
    enum Field {
        static let pathLength = 100
        static let accountLength = 31

        /// The largest number that fits `length` bytes with a zero byte behind the digits.
        static func maximum(_ length: Int) -> UInt64 { (1 << UInt64(3 * (length - 1))) - 1 }

        /// Octal digits that fill `length - 1` bytes; a number that does not fit becomes 0.
        static func octal(_ number: UInt64, _ length: Int) -> [UInt8] {
            let value = number <= maximum(length) ? number : 0
            return (0..<(length - 1)).reversed().map {
                0x30 + UInt8(truncatingIfNeeded: value >> UInt64(3 * $0) & 7)
            }
        }
    }
}
