/// Why the bytes of a zone file do not make a ``TimeZoneRules``.
package enum ZoneFileError: Error, Hashable, Sendable {
    /// The bytes do not begin as a zone file does.
    case notZoneFile
    /// The file says that it is longer than it is.
    case truncated
    /// Something in the file contradicts the format; the sentence says what.
    case damaged(String)
}

extension TimeZoneRules {
    /// The zone in the bytes of a TZif file, version 1 or later, as `/etc/localtime` is.
    ///
    /// Leap seconds in the file are not applied.
    package init(zoneFile bytes: [UInt8]) throws(ZoneFileError) {
        var reader = Reader(bytes: bytes)
        var header = try reader.header()
        var isWide = false
        if header.version >= 2 {
            // The first block repeats the second in 32 bits, for readers that know no other.
            try reader.skip(header.bodyLength(timeLength: 4))
            header = try reader.header()
            isWide = true
        }
        let body = try reader.body(header, isWide: isWide)
        let rule = isWide ? try reader.footer() : nil
        self.init(
            initialOffset: body.initialOffset,
            transitions: body.transitions,
            offsets: body.offsets,
            rule: rule
        )
    }
}

private struct Header {
    var version: Int
    var utcIndicatorCount: Int
    var standardIndicatorCount: Int
    var leapCount: Int
    var timeCount: Int
    var typeCount: Int
    var nameLength: Int

    /// Bytes that follow the header; counts have 32 bits, so nothing overflows.
    func bodyLength(timeLength: Int) -> Int {
        timeCount * (timeLength + 1) + typeCount * 6 + nameLength + leapCount * (timeLength + 4)
            + standardIndicatorCount + utcIndicatorCount
    }
}

private struct Body {
    var transitions: [Int64] = []
    var offsets: [Int32] = []
    var initialOffset: Int32 = 0
}

private struct Reader {
    var bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func skip(_ count: Int) throws(ZoneFileError) {
        guard count <= bytes.count - position else { throw .truncated }
        position += count
    }

    /// A big-endian number of up to eight bytes.
    mutating func number(_ length: Int) throws(ZoneFileError) -> UInt64 {
        let start = position
        try skip(length)
        return bytes[start..<position].reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func header() throws(ZoneFileError) -> Header {
        guard bytes.count - position >= 4, bytes[position..<position + 4].elementsEqual("TZif".utf8) else {
            throw .notZoneFile
        }
        position += 4
        let version = try number(1)
        try skip(15)
        var counts: [Int] = []
        for _ in 0..<6 { counts.append(Int(try number(4))) }
        return Header(
            // Version 1 is written as a zero byte, later ones as digits.
            version: version == 0 ? 1 : Int(version) - 0x30,
            utcIndicatorCount: counts[0],
            standardIndicatorCount: counts[1],
            leapCount: counts[2],
            timeCount: counts[3],
            typeCount: counts[4],
            nameLength: counts[5]
        )
    }

    mutating func body(_ header: Header, isWide: Bool) throws(ZoneFileError) -> Body {
        let timeLength = isWide ? 8 : 4
        let length = header.bodyLength(timeLength: timeLength)
        guard length <= bytes.count - position else { throw .truncated }
        let end = position + length
        guard header.typeCount > 0 else { throw .damaged("the file has no local time types") }

        var body = Body()
        for _ in 0..<header.timeCount {
            let word = try number(timeLength)
            let instant =
                isWide ? Int64(bitPattern: word) : Int64(Int32(truncatingIfNeeded: word))
            if let last = body.transitions.last, last >= instant {
                throw .damaged("transitions do not ascend")
            }
            body.transitions.append(instant)
        }
        let typesOfTransitions = bytes[position..<position + header.timeCount]
        position += header.timeCount
        var types: [Int32] = []
        for _ in 0..<header.typeCount {
            let offset = Int32(truncatingIfNeeded: try number(4))
            guard abs(Int64(offset)) <= Int64(TimeZoneRules.offsetMaximum) else {
                throw .damaged("an offset is longer than a day and two hours")
            }
            types.append(offset)
            try skip(2)
        }
        for type in typesOfTransitions {
            guard Int(type) < types.count else {
                throw .damaged("a transition leads to a type that is not there")
            }
            body.offsets.append(types[Int(type)])
        }
        body.initialOffset = types[0]
        position = end
        return body
    }

    /// The text between two line feeds at the end; an empty one means that nothing is known.
    mutating func footer() throws(ZoneFileError) -> PosixZone? {
        let lineFeed = UInt8(ascii: "\n")
        guard position < bytes.count, bytes[position] == lineFeed else { throw .truncated }
        guard let end = bytes[(position + 1)...].firstIndex(of: lineFeed) else { throw .truncated }
        let text = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        if text.isEmpty { return nil }
        guard let rule = PosixZone(text) else { throw .damaged("the rule at the end is not a POSIX zone") }
        return rule
    }
}
