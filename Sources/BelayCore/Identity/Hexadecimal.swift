/// Lower case hexadecimal, as restic names files.
package enum Hexadecimal {
    @usableFromInline
    static let digits: [UInt8] = Array("0123456789abcdef".utf8)

    /// The two digits of each byte, lower case.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var characters: [UInt8] = []
        for byte in bytes {
            characters.append(digits[Int(byte >> 4)])
            characters.append(digits[Int(byte & 15)])
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// The bytes of an even number of hexadecimal digits, either case; `nil` if that is not what `text` is.
    package static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            guard let digit = value(of: character) else { return nil }
            if let upper = high {
                bytes.append(upper << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }

    /// The value of one hexadecimal digit, either case.
    @inlinable
    package static func value(of character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x61...0x66: character - 0x61 + 10
        case 0x41...0x46: character - 0x41 + 10
        default: nil
        }
    }
}

extension Digest {
    /// 64 lower case hexadecimal digits.
    package var hexadecimal: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            for (index, word) in [word0, word1, word2, word3].enumerated() {
                for digit in 0..<16 {
                    let nibble = Int(truncatingIfNeeded: word >> UInt64(60 - 4 * digit)) & 15
                    buffer[index * 16 + digit] = Hexadecimal.digits[nibble]
                }
            }
            return 64
        }
    }

    /// The digest written as exactly 64 lower case hexadecimal digits; `nil` for anything else.
    ///
    /// Upper case is refused: restic lists such a file but cannot open it.
    package init?(hexadecimal text: String) {
        var text = text
        let parsed: [UInt8]? = text.withUTF8 { characters in
            guard characters.count == 64 else { return nil }
            for character in characters where character >= 0x41 && character <= 0x46 { return nil }
            return Hexadecimal.bytes(characters)
        }
        guard let parsed else { return nil }
        self.init(parsed)
    }
}

extension Digest: CustomStringConvertible {
    package var description: String { hexadecimal }
}
