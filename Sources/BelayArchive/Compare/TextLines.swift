/// A text cut into its lines, each with the line feed that ends it.
struct TextLines {
    let bytes: [UInt8]
    private(set) var ranges: [Range<Int>] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var start = 0
        bytes.withUnsafeBufferPointer { bytes in
            for position in bytes.indices where bytes[position] == 0x0A {
                ranges.append(start..<(position + 1))
                start = position + 1
            }
        }
        if start < bytes.count { ranges.append(start..<bytes.count) }
    }

    var count: Int { ranges.count }

    subscript(_ number: Int) -> ArraySlice<UInt8> { bytes[ranges[number]] }

    /// A line as a key; hashed as a whole, which is much faster than byte by byte.
    private struct Key: Hashable {
        let line: ArraySlice<UInt8>

        func hash(into hasher: inout Hasher) {
            line.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    /// Numbers for the lines of two texts, equal for equal lines.
    static func numbers(_ left: TextLines, _ right: TextLines) -> ([Int32], [Int32]) {
        var known: [Key: Int32] = [:]
        func numbers(_ text: TextLines) -> [Int32] {
            text.ranges.map { range in
                let line = Key(line: text.bytes[range])
                if let number = known[line] { return number }
                let number = Int32(known.count)
                known[line] = number
                return number
            }
        }
        return (numbers(left), numbers(right))
    }
}
