/// Strings as an RDB stream has them: plain, as a number, or compressed.
enum RDBString {
    /// A length at the start, its own size, and whether it is the kind of another encoding instead.
    ///
    /// `nil` if not all of it is there.
    static func length(
        _ bytes: ArraySlice<UInt8>
    ) throws -> (value: UInt64, size: Int, isEncoding: Bool)? {
        guard let first = bytes.first else { return nil }
        let size: Int
        switch (first >> 6, first) {
        case (0, _): return (UInt64(first & 0x3F), 1, false)
        case (3, _): return (UInt64(first & 0x3F), 1, true)
        case (1, _): size = 2
        case (_, 0x80): size = 5
        case (_, 0x81): size = 9
        default: throw RedisFailure("its RDB stream is damaged")
        }
        guard bytes.count >= size else { return nil }
        let rest = bytes.dropFirst().prefix(size - 1)
        let start = size == 2 ? UInt64(first & 0x3F) : 0
        return (rest.reduce(start) { $0 << 8 | UInt64($1) }, size, false)
    }

    /// The string at the start, and how many bytes it takes there.
    static func read(_ bytes: ArraySlice<UInt8>) throws -> (text: [UInt8], size: Int) {
        guard let head = try length(bytes) else { throw damaged }
        let rest = bytes.dropFirst(head.size)
        guard head.isEncoding else {
            guard head.value <= UInt64(rest.count) else { throw damaged }
            return (Array(rest.prefix(Int(head.value))), head.size + Int(head.value))
        }
        if head.value == 3 { return try readCompressed(rest, before: head.size) }
        let size = 1 << Int(head.value)
        guard head.value < 3, rest.count >= size else { throw damaged }
        let number = rest.prefix(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let shift = UInt64(64 - 8 * size)
        let signed = Int64(bitPattern: number << shift) >> Int64(shift)
        return (Array("\(signed)".utf8), head.size + size)
    }

    private static func readCompressed(
        _ bytes: ArraySlice<UInt8>,
        before: Int
    ) throws -> (text: [UInt8], size: Int) {
        guard let packed = try length(bytes), let plain = try length(bytes.dropFirst(packed.size)) else {
            throw damaged
        }
        let start = packed.size + plain.size
        let data = bytes.dropFirst(start)
        guard packed.value <= UInt64(data.count), plain.value < 1 << 32 else { throw damaged }
        let text = try expand(data.prefix(Int(packed.value)))
        guard UInt64(text.count) == plain.value else { throw damaged }
        return (text, before + start + Int(packed.value))
    }

    /// LZF: runs of bytes as they are, and references to what came before.
    private static func expand(_ bytes: ArraySlice<UInt8>) throws -> [UInt8] {
        var text: [UInt8] = []
        var rest = bytes
        while let control = rest.popFirst() {
            if control < 32 {
                let count = Int(control) + 1
                guard rest.count >= count else { throw damaged }
                text += rest.prefix(count)
                rest = rest.dropFirst(count)
                continue
            }
            var count = Int(control >> 5)
            if count == 7 {
                guard let more = rest.popFirst() else { throw damaged }
                count += Int(more)
            }
            guard let low = rest.popFirst() else { throw damaged }
            let back = Int(control & 0x1F) << 8 + Int(low) + 1
            guard back <= text.count else { throw damaged }
            // A reference may reach into what it makes itself.
            for _ in 0..<count + 2 { text.append(text[text.count - back]) }
        }
        return text
    }

    private static var damaged: RedisFailure { RedisFailure("its RDB stream is damaged") }
}
