import CZstd

/// What the header of a zstd frame tells, read before any of its content.
///
/// Layout: RFC 8878, section 3.1.1.
struct ZstdFrame {
    /// The length of the whole frame, in bytes.
    let length: Int
    /// The length of the content, zero for a skippable frame; `nil` if the header does not state it.
    let contentLength: Int?

    /// The largest window restic's decoder accepts.
    static let windowMaximum: UInt64 = 512 << 20
    static let windowMaximumLog: Int32 = 29

    /// The frames that `source` consists of, at least one, with nothing between or after.
    static func all(in source: UnsafeRawBufferPointer) throws(FormatError) -> [ZstdFrame] {
        var frames: [ZstdFrame] = []
        var position = 0
        repeat {
            let rest = UnsafeRawBufferPointer(rebasing: source[position...])
            let frame = try ZstdFrame(startOf: rest)
            frames.append(frame)
            position += frame.length
        } while position < source.count
        return frames
    }

    /// The name the library gives to an error.
    static func errorName(_ code: Int) -> String {
        String(cString: ZSTD_getErrorName(code))
    }

    private init(startOf source: UnsafeRawBufferPointer) throws(FormatError) {
        guard source.count >= 4 else { throw Self.malformed("it ends within a frame header") }
        let magic = UInt32(littleEndian: source.loadUnaligned(as: UInt32.self))
        let isSkippable = magic & 0xFFFF_FFF0 == 0x184D_2A50
        // Old formats that the library may still know are not part of the repository format.
        guard isSkippable || magic == 0xFD2F_B528 else {
            throw Self.malformed("no frame starts where one should")
        }
        let length = ZSTD_findFrameCompressedSize(source.baseAddress, source.count)
        guard ZSTD_isError(length) == 0 else { throw Self.malformed(Self.errorName(length)) }
        self.length = length
        if isSkippable {
            contentLength = 0
            return
        }
        contentLength = try Self.readHeader(UnsafeRawBufferPointer(rebasing: source[4..<length]))
    }

    /// Reads what follows the magic number, checks window and dictionary, and returns the content's length.
    private static func readHeader(_ header: UnsafeRawBufferPointer) throws(FormatError) -> Int? {
        guard let descriptor = header.first else { throw malformed("it ends within a frame header") }
        let isSingleSegment = descriptor & 0x20 != 0
        let dictionaryLength = [0, 1, 2, 4][Int(descriptor & 3)]
        let sizeLength = [isSingleSegment ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
        let dictionaryStart = isSingleSegment ? 1 : 2
        let sizeStart = dictionaryStart + dictionaryLength
        guard header.count >= sizeStart + sizeLength else { throw malformed("it ends within a frame header") }

        if number(header, at: dictionaryStart, count: dictionaryLength) != 0 {
            throw .unsupported(what: "zstd frame", detail: "it needs a dictionary")
        }
        var size: UInt64?
        if sizeLength > 0 {
            size = number(header, at: sizeStart, count: sizeLength) + (sizeLength == 2 ? 256 : 0)
        }
        var window = size ?? 0
        if !isSingleSegment {
            let base: UInt64 = 1 << (10 + UInt64(header[1] >> 3))
            window = base + base / 8 * UInt64(header[1] & 7)
        }
        guard window <= windowMaximum else {
            throw .unsupported(what: "zstd frame", detail: "its window exceeds 512 MiB")
        }
        guard let size else { return nil }
        guard let length = Int(exactly: size) else { throw malformed("its content length exceeds 63 bits") }
        return length
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, at offset: Int, count: Int) -> UInt64 {
        var value: UInt64 = 0
        for position in (offset..<offset + count).reversed() { value = value << 8 | UInt64(bytes[position]) }
        return value
    }

    static func malformed(_ detail: String) -> FormatError {
        .malformed(what: "zstd frame", detail: detail)
    }
}
