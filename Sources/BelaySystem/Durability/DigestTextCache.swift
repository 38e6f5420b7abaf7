package import BelayCore

/// Texts kept under digests in one file of a cache folder: a line each, and a checksum in the last line.
///
/// Made for what never changes under its digest. A file that is not whole counts as empty.
package struct DigestTextCache {
    private static let byteMaximum = 256 << 20

    private let folder: String?
    private let name: String
    private var texts: [Digest: [UInt8]] = [:]
    private var isChanged = false

    /// The cache in the file `name` of `folder`; without a folder nothing is kept.
    package init(folder: String?, name: String) {
        self.folder = folder
        self.name = name
        guard let folder, Paths.exists("\(folder)/\(name)"),
            // One that cannot be read is made again.
            let bytes = try? readFile(path: "\(folder)/\(name)", limit: Self.byteMaximum),
            let end = bytes.dropLast().lastIndex(of: 0x0A)
        else { return }
        let sum = bytes[...end].withUnsafeBytes { Checksum.of($0) }
        guard bytes[(end + 1)...].elementsEqual("\(sum)\n".utf8) else { return }
        for line in bytes[...end].split(separator: 0x0A) where line.count > 65 {
            guard let digest = Digest(hexadecimal: String(decoding: line.prefix(64), as: UTF8.self)) else {
                return
            }
            texts[digest] = Array(line.dropFirst(65))
        }
    }

    /// All that there are texts for.
    package var digests: some Collection<Digest> { texts.keys }

    package func text(of digest: Digest) -> [UInt8]? { texts[digest] }

    /// Adds a JSON text, in which a line end stands only between tokens.
    package mutating func add(_ digest: Digest, _ json: [UInt8]) {
        texts[digest] = json.filter { $0 != 0x0A }
        isChanged = true
    }

    /// Writes what was added.
    ///
    /// If `present` is given, what is not in it is dropped.
    package mutating func save(keeping present: Set<Digest>? = nil) throws(SystemError) {
        if let present {
            let count = texts.count
            texts = texts.filter { present.contains($0.key) }
            isChanged = isChanged || texts.count != count
        }
        guard let folder, isChanged else { return }
        isChanged = false
        var bytes: [UInt8] = []
        for (digest, text) in texts.sorted(by: { $0.key < $1.key }) {
            bytes.append(contentsOf: "\(digest) ".utf8)
            bytes.append(contentsOf: text)
            bytes.append(0x0A)
        }
        if bytes.isEmpty { bytes.append(0x0A) }
        let sum = bytes.withUnsafeBytes { Checksum.of($0) }
        bytes.append(contentsOf: "\(sum)\n".utf8)
        try Paths.makeFolders(folder)
        try AtomicFile.write(bytes, to: name, inFolder: folder, mode: 0o600, durability: .volatile)
    }
}
