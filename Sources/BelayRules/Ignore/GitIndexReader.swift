/// Reads the parts of a `.git/index` in order (gitformat-index, "The Git index file has the following
/// format").
struct GitIndexReader {
    private let bytes: [UInt8]
    private let hashByteCount: Int
    /// Where the checksum at the end starts.
    private let end: Int
    private var position = 0
    private(set) var entryCount = 0
    /// Whether the entry that was read last stands for all that is below a directory, as in a sparse index.
    private(set) var isDirectory = false
    /// The hash of the index that this one changes, if it is a split one.
    private(set) var sharedIndex: [UInt8]?

    /// Bits of an entry's flags.
    private enum Flag {
        static let isExtended: UInt16 = 0x4000
        static let nameLength: UInt16 = 0x0FFF
    }

    init(_ bytes: [UInt8], hashByteCount: Int) {
        precondition(hashByteCount > 0, "an object has a name")
        self.bytes = bytes
        self.hashByteCount = hashByteCount
        end = max(0, bytes.count - hashByteCount)
    }

    /// Reads the header and returns the version.
    mutating func header() throws(GitIndexError) -> UInt32 {
        guard bytes.starts(with: [0x44, 0x49, 0x52, 0x43]) else { throw .notAnIndex }
        position = 4
        let version = try number()
        guard (2...4).contains(version) else { throw .unsupportedVersion(version) }
        entryCount = Int(try number())
        return version
    }

    /// Reads an entry and replaces `path`, that of the entry before it, by its own.
    ///
    /// In a split index the path is empty for an entry that only replaces one of the shared index.
    mutating func entry(_ index: Int, version: UInt32, path: inout [UInt8]) throws(GitIndexError) {
        let start = position
        // Two times, device, inode, mode, user, group and size come before the object's name.
        try skip(24)
        let mode = try number()
        try skip(12)
        try skip(hashByteCount)
        let flags = try shortNumber()
        if flags & Flag.isExtended != 0 {
            guard version >= 3 else { throw .malformedEntry(index) }
            try skip(2)
        }
        isDirectory = mode & 0o170000 == 0o040000

        var kept = 0
        if version == 4 {
            let dropped = try variableNumber(index)
            guard dropped <= path.count else { throw .malformedEntry(index) }
            kept = path.count - dropped
        }
        guard let terminator = bytes[position..<end].firstIndex(of: 0) else { throw .truncated }
        let length = kept + terminator - position
        guard length <= GitIndex.pathByteCountMaximum else { throw .tooLarge }
        let stated = Int(flags & Flag.nameLength)
        guard stated == min(length, Int(Flag.nameLength)) else { throw .malformedEntry(index) }
        path.removeSubrange(kept...)
        path.append(contentsOf: bytes[position..<terminator])
        position = terminator + 1

        if version < 4 {
            // One to eight NULs fill up to a multiple of eight.
            let size = (terminator - start + 8) & ~7
            position = start
            try skip(size)
        }
    }

    /// Passes over the extensions up to the checksum.
    ///
    /// - Throws: ``GitIndexError/unsupportedExtension(_:)`` for one without which the entries are not the
    ///   truth.
    mutating func extensions() throws(GitIndexError) {
        while position < end {
            guard end - position >= 8 else { throw .truncated }
            let name = String(decoding: bytes[position..<(position + 4)], as: UTF8.self)
            let isOptional = ASCII.isUpper(bytes[position])
            try skip(4)
            let length = Int(try number())
            let start = position
            try skip(length)
            switch name {
            case "link":
                guard length >= hashByteCount else { throw .truncated }
                let hash = bytes[start..<(start + hashByteCount)]
                // Which of the shared entries are gone is not looked at: too much counts as tracked then.
                if hash.contains(where: { $0 != 0 }) { sharedIndex = Array(hash) }
            case "sdir": break
            // An upper case letter in front says that an extension may be passed over.
            default: if !isOptional { throw .unsupportedExtension(name) }
            }
        }
        guard bytes.count - position == hashByteCount else { throw .truncated }
    }

    private mutating func skip(_ count: Int) throws(GitIndexError) {
        guard count <= end - position else { throw .truncated }
        position += count
    }

    private mutating func number() throws(GitIndexError) -> UInt32 {
        let high = try shortNumber()
        let low = try shortNumber()
        return UInt32(high) << 16 | UInt32(low)
    }

    private mutating func shortNumber() throws(GitIndexError) -> UInt16 {
        guard end - position >= 2 else { throw .truncated }
        defer { position += 2 }
        return UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1])
    }

    /// Seven bits a byte, most significant first, each continuation adding one so that no number has two
    /// forms.
    private mutating func variableNumber(_ index: Int) throws(GitIndexError) -> Int {
        var value = 0
        for _ in 0..<5 {
            guard position < end else { throw .truncated }
            let byte = bytes[position]
            position += 1
            value = value << 7 | Int(byte & 0x7F)
            if byte & 0x80 == 0 { return value }
            value += 1
        }
        throw .malformedEntry(index)
    }
}
