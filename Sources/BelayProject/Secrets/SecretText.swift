/// Bytes as they come from a password file or command.
enum SecretText {
    /// The bytes without white space at either end and without a byte order mark, as restic takes them.
    ///
    /// White space is what Unicode calls so. UTF-16 with a byte order mark becomes UTF-8; what is neither
    /// stays as it is, because a password may be any bytes.
    static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        var rest = decoded(bytes)[...]
        while let length = spaces.first(where: { rest.starts(with: $0) })?.count {
            rest = rest.dropFirst(length)
        }
        while let length = spaces.first(where: {
            rest.count >= $0.count && rest.suffix($0.count).elementsEqual($0)
        })?.count {
            rest = rest.dropLast(length)
        }
        return Array(rest)
    }

    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        let isLittle = bytes.starts(with: [0xFF, 0xFE])
        guard isLittle || bytes.starts(with: [0xFE, 0xFF]), bytes.count.isMultiple(of: 2) else {
            return bytes
        }
        let units = stride(from: 2, to: bytes.count, by: 2).map { index in
            isLittle
                ? UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8
                : UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// The UTF-8 of every white space character of Unicode.
    private static let spaces: [[UInt8]] = {
        let scalars: [ClosedRange<UInt32>] = [
            0x09...0x0D, 0x20...0x20, 0x85...0x85, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A,
            0x2028...0x2029, 0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000,
        ]
        return scalars.flatMap { $0 }.compactMap(Unicode.Scalar.init).map { Array(String($0).utf8) }
    }()
}
