import Testing

/// The regular files of an uncompressed ustar archive, held in memory.
struct TarArchive {
    private(set) var files: [String: [UInt8]] = [:]

    init(_ bytes: [UInt8]) throws {
        var position = 0
        while position + 512 <= bytes.count, bytes[position] != 0 {
            let header = bytes[position..<position + 512]
            let path = Self.text(header, 0, 100)
            let size = try #require(Int(Self.text(header, 124, 12), radix: 8))
            let kind = header[position + 156]
            position += 512
            if kind == 0x30 || kind == 0 { files[path] = Array(bytes[position..<position + size]) }
            position += (size + 511) / 512 * 512
        }
    }

    /// The files below a folder by their names.
    func folder(_ path: String) -> [(name: String, bytes: [UInt8])] {
        files.filter { $0.key.hasPrefix(path + "/") }
            .map { (String($0.key.split(separator: "/").last ?? ""), $0.value) }
            .sorted { $0.name < $1.name }
    }

    private static func text(_ header: ArraySlice<UInt8>, _ offset: Int, _ length: Int) -> String {
        let field = header.dropFirst(offset).prefix(length).prefix { $0 != 0 && $0 != 0x20 }
        return String(decoding: field, as: UTF8.self)
    }
}
